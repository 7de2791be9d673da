import { z } from 'zod';
import { endApiSessions, endApiSessionsOf, REVOCATION_MS } from '../../sessions/end-sessions.ts';
import { revoke } from '../../sessions/revoke.ts';
import { endSignInSessions } from '../../sign-in/sessions.ts';
import type { SignInDatabase } from '../../sign-in/tables.ts';
import { repositories } from '../../store/repositories.ts';
import type { WriteTx } from '../../store/store.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { notFound } from '../errors.ts';
import { tags } from './fields.ts';

/**
 * What has ended before its tokens expired (specs/edge-api.md §4.7): one token, one session, or all
 * sessions an identity has now. There is no withdrawing it.
 */
export const revocations: EntityDefinition = defineEntity({
  plural: 'revocations',
  repository: repositories.revocations,
  actions: ['create', 'read'],
  symbols: { constants: { isSystem: false } },
  shown: {},
  input: z.object({
    id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be an id: letters, digits, `.`, `_`, `-`'),
    type: z.enum(['JTI', 'IDENTITY', 'API_SESSION']),
    tags,
  }),
  async check({ id, type }, { db }) {
    if (type === 'IDENTITY' && !(await repositories.identities.get(db, id))) throw notFound();
  },
  async create({ id, type, tags: given }, { tx, nowMs }) {
    if (type === 'API_SESSION') await endApiSessions(tx, [{ id }], nowMs);
    if (type === 'IDENTITY') await endApiSessionsOf(tx, { identityId: id }, nowMs);
    if (type !== 'JTI') await endSignIns(tx, type === 'IDENTITY' ? 'identityId' : 'id', id, nowMs);
    return revoke(tx, { id, type, tags: given, nowMs, lifeMs: REVOCATION_MS });
  },
});

async function endSignIns(
  tx: WriteTx,
  column: 'id' | 'identityId',
  value: string,
  nowMs: number,
): Promise<void> {
  const sessions = await tx.db
    .withTables<SignInDatabase>()
    .selectFrom('signInSessions')
    .select('id')
    .where(column, '=', value)
    .execute();
  await endSignInSessions(tx, sessions, { nowMs, lifeMs: REVOCATION_MS });
}
