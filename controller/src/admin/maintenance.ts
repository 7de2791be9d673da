import type { ControllerContext } from '../context.ts';
import { endApiSessions } from '../sessions/end-sessions.ts';
import { sweepRevocations } from '../sessions/revoke.ts';
import { repositories } from '../store/repositories.ts';

const INTERVAL_MS = 10_000;

/** Ends lockouts, sessions and revocations whose time has come, every 10 s. Returns the stop function. */
export function startMaintenance({
  store,
  clock,
  logger,
}: Pick<ControllerContext, 'store' | 'clock' | 'logger'>): () => void {
  const timer = setInterval(() => {
    runMaintenance({ store, clock }).catch((error: unknown) =>
      logger.error('maintenance.failed', { error }),
    );
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

async function runMaintenance({
  store,
  clock,
}: Pick<ControllerContext, 'store' | 'clock'>): Promise<void> {
  const now = new Date(clock()).toISOString();
  const due = await store.db
    .selectFrom('identities')
    .select('id')
    .where('disabledUntil', '<=', now)
    .execute();
  const expired = await store.db
    .selectFrom('apiSessions')
    .select('id')
    .where('expiresAt', '<=', now)
    .execute();
  const forgotten = await store.db
    .selectFrom('revocations')
    .select('id')
    .where('expiresAt', '<=', now)
    .limit(1)
    .execute();
  if (due.length + expired.length + forgotten.length === 0) return;
  await store.write(async (tx) => {
    for (const { id } of due)
      await repositories.identities.update(tx, id, { disabledAt: null, disabledUntil: null });
    await endApiSessions(tx, expired, clock());
    await sweepRevocations(tx, clock());
  });
}
