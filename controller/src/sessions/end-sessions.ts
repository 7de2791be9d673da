/**
 * Ending API sessions and service sessions: everything that hangs on them goes in the same
 * transaction, and routers and connectors are told, so that circuits of theirs close at once.
 */
import type { ApiSession } from '../model/identities.ts';
import type { ServiceSession } from '../model/sessions.ts';
import { repositories } from '../store/repositories.ts';
import type { WriteTx } from '../store/store.ts';
import { revoke } from './revoke.ts';

const HOUR_MS = 3_600_000;
/** Longest life of the token of a service session. */
export const SERVICE_TOKEN_SECONDS = 12 * 3600;
/** Longest life of an API session of `POST /authenticate`, however much it is used; its token's as well. */
export const API_SESSION_SECONDS = 12 * 3600;
/** The longest a token of an API session can be accepted: its life and the longest outage time (a day). */
export const REVOCATION_MS = SERVICE_TOKEN_SECONDS * 1000 + 24 * HOUR_MS;

/** Ends API sessions with their service sessions and certificates. */
export async function endApiSessions(
  tx: WriteTx,
  ended: readonly Pick<ApiSession, 'id'>[],
  nowMs: number,
): Promise<void> {
  for (const { id } of ended) {
    // Service sessions and certificates go by foreign key; the API session's id stands in their tokens.
    if (!(await repositories.apiSessions.remove(tx, id))) continue;
    await revoke(tx, { id, type: 'API_SESSION', nowMs, lifeMs: REVOCATION_MS });
  }
}

/** Ends the API sessions of an identity, or those opened with one authenticator. */
export async function endApiSessionsOf(
  tx: WriteTx,
  owner: Partial<Pick<ApiSession, 'identityId' | 'authenticatorId'>>,
  nowMs: number,
): Promise<void> {
  await endApiSessions(tx, await repositories.apiSessions.find(tx.db, owner), nowMs);
}

/** Ends service sessions; the API session they belong to goes on. */
export async function endServiceSessions(
  tx: WriteTx,
  ended: readonly Pick<ServiceSession, 'id'>[],
  nowMs: number,
): Promise<void> {
  for (const { id } of ended) {
    if (!(await repositories.sessions.remove(tx, id))) continue;
    await revoke(tx, { id, type: 'API_SESSION', nowMs, lifeMs: REVOCATION_MS });
  }
}
