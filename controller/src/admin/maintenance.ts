import type { ControllerContext } from '../context.ts';
import { repositories } from '../store/repositories.ts';

const INTERVAL_MS = 10_000;

/** Ends lockouts and removes sessions whose time has come, every 10 s. Returns the stop function. */
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
  if (due.length === 0 && expired.length === 0) return;
  await store.write(async (tx) => {
    for (const { id } of due)
      await repositories.identities.update(tx, id, { disabledAt: null, disabledUntil: null });
    for (const { id } of expired) await repositories.apiSessions.remove(tx, id);
  });
}
