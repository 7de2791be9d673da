/** Ends service sessions as soon as a committed change takes away the access they stand for. */
import { ELSEWHERE } from '@postern/shared/policy';
import type { Change, EntityKind } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import { latestOnly } from '../control/latest-job.ts';
import { endServiceSessions } from './end-sessions.ts';

/** Sessions looked at in one turn of the event loop. */
const CHUNK = 1000;

/** Changes that decide nobody's access. */
const INDIFFERENT: ReadonlySet<EntityKind> = new Set<EntityKind>([
  'terminator',
  'signingKey',
  'revocation',
]);

export interface AccessEnforcement {
  /** Looks at all sessions now. */
  check(): Promise<void>;
  close(): void;
}

export function startAccessEnforcement(
  ctx: Pick<ControllerContext, 'store' | 'policy' | 'clock' | 'logger'>,
): AccessEnforcement {
  const { store, policy, clock, logger } = ctx;
  let closed = false;

  const check = async (): Promise<void> => {
    let after = '';
    while (!closed) {
      const rows = await store.db
        .selectFrom('sessions')
        .select(['id', 'apiSessionId', 'identityId', 'serviceId', 'type'])
        .where('id', '>', after)
        .orderBy('id')
        .limit(CHUNK)
        .execute();
      const lost = rows.filter(({ apiSessionId, identityId, serviceId, type }) => {
        const from = { sessionId: apiSessionId, address: ELSEWHERE, nowMs: clock() };
        return type === 'Dial'
          ? !policy.mayDial(identityId, serviceId, from)
          : !policy.mayBind(identityId, serviceId, from);
      });
      if (lost.length > 0) await store.write((tx) => endServiceSessions(tx, lost, clock()));
      const last = rows.at(-1);
      if (rows.length < CHUNK || !last) return;
      after = last.id;
    }
  };
  const request = latestOnly<undefined>(check, (error) => {
    logger.error('sessions.enforcementFailed', { error });
  });
  const routers = new Map<string, string>();
  /** A router that only came online or reports other links changes nobody's access. */
  const isDecisive = (change: Change): boolean => {
    if (change.kind !== 'router') return !INDIFFERENT.has(change.kind);
    if (change.op === 'delete') return true;
    const { id, disabled, roleAttributes } = change.value;
    const state = JSON.stringify([disabled, roleAttributes]);
    const isNews = routers.get(id) !== state;
    routers.set(id, state);
    return isNews;
  };
  const unsubscribe = store.changes.subscribe(({ changes }) => {
    // Every change is looked at, since routers are remembered on the way.
    if (changes.map(isDecisive).includes(true)) request(undefined);
  });
  return {
    check,
    close: () => {
      closed = true;
      unsubscribe();
    },
  };
}
