/** What the two forms of the event stream have in common: who may read, what, and for how long. */
import { isAppError } from '@postern/shared/errors';
import { isCaller, resolveCaller, type Credentials } from '../../auth/api-sessions.ts';
import type { ControllerContext } from '../../context.ts';
import type { ReadOptions } from '../../live/event-log.ts';
import { liveKinds, type LiveEvent } from '../../live/live-event.ts';
import { EdgeError, fieldError } from '../errors.ts';
import { mayAccess, type Access } from '../permissions.ts';

export const EVENTS_ACCESS: Access = 'ops.read';
/** Streams at once of each form, of all callers together. */
export const MAX_READERS = 100;
/** How often a reader is looked at: whether the session lives, whether it reads. */
export const CHECK_MS = 2000;
/** Silence after which a comment or ping keeps the connection alive. */
export const KEEP_ALIVE_MS = 15_000;
/** A reader that takes nothing for so long, with events waiting, is cut off. */
export const STALL_MS = 30_000;

/** Counts readers. */
export interface ReaderLimit {
  /** @throws EdgeError RATE_LIMITED when there are too many */
  enter(): () => void;
}

export function createReaderLimit(max: number = MAX_READERS): ReaderLimit {
  let readers = 0;
  return {
    enter: () => {
      if (readers >= max) throw new EdgeError('RATE_LIMITED', 'too many readers of events');
      readers += 1;
      let left = false;
      return () => {
        if (!left) readers -= 1;
        left = true;
      };
    },
  };
}

/** Whether whoever presented these credentials may still read. */
export async function mayRead(ctx: ControllerContext, credentials: Credentials): Promise<boolean> {
  const caller = await resolveCaller(ctx, credentials);
  return (
    isCaller(caller) && caller.authQueries.length === 0 && mayAccess(caller.identity, EVENTS_ACCESS)
  );
}

/** `kinds=entity,circuit`. @throws EdgeError COULD_NOT_VALIDATE for a kind that there is not */
export function parseKinds(text: string | undefined): ReadOptions['kinds'] {
  if (text === undefined || text === '') return undefined;
  const kinds = text.split(',').map((kind) => kind.trim());
  const unknown = kinds.find((kind) => !(liveKinds as readonly string[]).includes(kind));
  if (unknown !== undefined)
    throw fieldError('kinds', `is none of ${liveKinds.join(', ')}`, unknown.slice(0, 64));
  return new Set(kinds);
}

/** The JSON of an event. */
export function eventJson({ time, type, data }: LiveEvent): string {
  return JSON.stringify({ time, type, ...data });
}

/** Why a stream ended, for its reader: a code and a text. */
export function cutReason(error: unknown): { code: string; message: string } {
  return isAppError(error)
    ? { code: error.code, message: error.message }
    : { code: 'ERR_INTERNAL', message: 'the stream failed' };
}
