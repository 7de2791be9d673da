import type { Authenticator } from '../model/identities.ts';
import { endApiSessionsOf, REVOCATION_MS } from '../sessions/end-sessions.ts';
import type { WriteTx } from '../store/store.ts';
import { endSignInSessions } from './sessions.ts';
import type { SignInDatabase } from './tables.ts';

/**
 * Ends what an authenticator opened that is changed or taken away: its API sessions and, of a password,
 * the sign-ins of browsers. Whoever else knew it is out.
 */
export async function endSessionsByAuthenticator(
  tx: WriteTx,
  { id, identityId, method }: Pick<Authenticator, 'id' | 'identityId' | 'method'>,
  nowMs: number,
): Promise<void> {
  await endApiSessionsOf(tx, { authenticatorId: id }, nowMs);
  if (method === 'updb') await endPasswordSignIns(tx, identityId, nowMs);
}

/** Ends the sign-ins of browsers by password. */
export async function endPasswordSignIns(
  tx: WriteTx,
  identityId: string,
  nowMs: number,
): Promise<void> {
  const sessions = await tx.db
    .withTables<SignInDatabase>()
    .selectFrom('signInSessions')
    .select('id')
    .where('identityId', '=', identityId)
    .where('method', '=', 'password')
    .execute();
  await endSignInSessions(tx, sessions, { nowMs, lifeMs: REVOCATION_MS });
}
