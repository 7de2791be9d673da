import { createHash } from 'node:crypto';
import type { ControllerContext } from '../context.ts';
import { createReplayCache, type ReplayCache } from '../sign-in/replay-cache.ts';
import type { ClusterDatabase } from './tables.ts';

/**
 * Proofs seen, remembered by all controllers together: a proof used at one is refused at the others.
 * One controller alone remembers them in memory.
 */
export function createSharedReplayCache({
  store,
  clock,
}: Pick<ControllerContext, 'store' | 'clock'>): ReplayCache {
  if (!store.peers) return createReplayCache(clock);
  const db = store.db.withTables<ClusterDatabase>();
  return {
    // A single statement, outside the write lock: that decides as well who was first.
    add: async (key, expiresAtMs) => {
      const proofHash = createHash('sha256').update(key).digest('base64url');
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('seenProofs')
        .values({ proofHash, expiresAtMs })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
  };
}

/** Deletes proofs that would be refused as too old anyway. */
export async function sweepProofs({
  store,
  clock,
}: Pick<ControllerContext, 'store' | 'clock'>): Promise<void> {
  if (!store.peers) return;
  await store.db
    .withTables<ClusterDatabase>()
    .deleteFrom('seenProofs')
    .where('expiresAtMs', '<=', clock())
    .execute();
}
