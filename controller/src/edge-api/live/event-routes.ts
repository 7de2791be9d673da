/** `GET /events` as server-sent events (WHATWG HTML §9.2); `event-socket.ts` is the WebSocket form. */
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import type { LiveEvent } from '../../live/live-event.ts';
import { credentialsOf } from '../authorize.ts';
import { contentOf } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';
import {
  CHECK_MS,
  createReaderLimit,
  cutReason,
  eventJson,
  EVENTS_ACCESS,
  KEEP_ALIVE_MS,
  mayRead,
  parseKinds,
  STALL_MS,
} from './event-readers.ts';

export const EVENTS_PATH = '/events';

export function addEventRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const limit = createReaderLimit();
  routes.add(
    {
      method: 'get',
      path: EVENTS_PATH,
      access: EVENTS_ACCESS,
      summary: 'Changes and events as they happen: server-sent events, or a WebSocket on upgrade',
      operationId: 'watchEvents',
      query: {
        kinds: {
          schema: z.string().max(256),
          description: 'Only these kinds, with commas between: `entity,circuit`',
        },
        after: {
          schema: z.string().regex(/^[0-9a-f]{8}-\d{1,15}$/, 'is no id of an event'),
          description: 'Go on after this event; the header `Last-Event-ID` does the same',
        },
      },
      response: contentOf('text/event-stream', 'Events; one named `cut` says why the stream ends'),
    },
    (request) => {
      const kinds = parseKinds(request.query('kinds'));
      const after = request.context.req.header('last-event-id') ?? request.query('after');
      const credentials = credentialsOf(request.context);
      const leave = limit.enter();
      const stop = new AbortController();
      const events = ctx.liveEvents.log.read({ after, kinds, signal: stop.signal });
      return Promise.resolve(
        new Response(
          eventStream(events, {
            end: () => {
              stop.abort();
              leave();
            },
            isAllowed: () => mayRead(ctx, credentials),
          }),
          {
            headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
          },
        ),
      );
    },
  );
}

interface StreamOptions {
  /** Called once, however the stream ends. */
  end: () => void;
  isAllowed: () => Promise<boolean>;
}

/** Pulls events as the reader takes them. A reader that takes none, or may no longer, is cut off. */
function eventStream(
  events: AsyncGenerator<LiveEvent>,
  { end, isAllowed }: StreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let timer: NodeJS.Timeout | undefined;
  let isPulling = false;
  let waitingSinceMs = performance.now();
  let ended = false;
  const finish = (): void => {
    ended = true;
    clearInterval(timer);
    end();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string): void => controller.enqueue(encoder.encode(text));
        const cut = (error: unknown): void => {
          if (ended) return;
          finish();
          write(`event: cut\ndata: ${JSON.stringify(cutReason(error))}\n\n`);
          controller.close();
        };
        write(': events\n\n');
        let quietMs = 0;
        timer = setInterval(() => {
          quietMs += CHECK_MS;
          if (isPulling && quietMs >= KEEP_ALIVE_MS) {
            quietMs = 0;
            write(': here\n\n');
          }
          if (!isPulling && performance.now() - waitingSinceMs > STALL_MS) {
            finish();
            controller.error(new AppError('ERR_EVENTS_SLOW', 'the reader takes nothing'));
            return;
          }
          isAllowed()
            .then((allowed) => {
              if (!allowed) cut(new AppError('ERR_SESSION_ENDED', 'the session ended'));
            })
            .catch(cut);
        }, CHECK_MS);
        timer.unref();
      },
      async pull(controller) {
        isPulling = true;
        try {
          const next = await events.next();
          if (ended) return;
          if (next.done === true) {
            finish();
            controller.close();
            return;
          }
          const { id, type } = next.value;
          const text = `id: ${id}\nevent: ${type}\ndata: ${eventJson(next.value)}\n\n`;
          controller.enqueue(encoder.encode(text));
        } catch (error) {
          if (ended) return;
          finish();
          const reason = JSON.stringify(cutReason(error));
          controller.enqueue(encoder.encode(`event: cut\ndata: ${reason}\n\n`));
          controller.close();
        } finally {
          isPulling = false;
          waitingSinceMs = performance.now();
        }
      },
      cancel: finish,
    },
    { highWaterMark: 1 },
  );
}
