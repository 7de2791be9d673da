/** Revocations: what routers and connectors are told has ended although its tokens have not expired. */
import type { Revocation } from '../model/sessions.ts';
import { repositories } from '../store/repositories.ts';
import type { WriteTx } from '../store/store.ts';

/** Records a revocation and has it pushed; the same id replaces an earlier one. */
export async function revoke(
  tx: WriteTx,
  {
    id,
    type,
    tags = {},
    nowMs,
    lifeMs,
  }: Pick<Revocation, 'id' | 'type'> & {
    tags?: Revocation['tags'];
    nowMs: number;
    /** How long tokens it is about may still be accepted by somebody. */
    lifeMs: number;
  },
): Promise<Revocation> {
  const now = new Date(nowMs).toISOString();
  const values = { type, tags, updatedAt: now, expiresAt: new Date(nowMs + lifeMs).toISOString() };
  return (
    (await repositories.revocations.update(tx, id, values)) ??
    repositories.revocations.insert(tx, { id, createdAt: now, ...values })
  );
}

/** Forgets revocations about tokens that have all expired by now. */
export async function sweepRevocations(tx: WriteTx, nowMs: number): Promise<void> {
  const over = await tx.db
    .selectFrom('revocations')
    .select('id')
    .where('expiresAt', '<=', new Date(nowMs).toISOString())
    .execute();
  for (const { id } of over) await repositories.revocations.remove(tx, id);
}
