/** Edge API sessions: a random token, kept as SHA-256, extended by use. */
import { createHash, randomUUID } from 'node:crypto';
import type { ControllerContext } from '../context.ts';
import { isDisabled, type ApiSession, type Identity } from '../model/identities.ts';
import { newEntity } from '../model/defaults.ts';
import { repositories } from '../store/repositories.ts';

/** Use extends a session, written at most this often. */
const TOUCH_INTERVAL_MS = 60_000;

export interface Caller {
  readonly identity: Identity;
  readonly session: ApiSession;
}

type SessionContext = Pick<ControllerContext, 'store' | 'clock' | 'config'>;

/** SHA-256, hex: the only form in which tokens are stored and looked up. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Opens a session; the token is returned once and never stored. */
export async function openApiSession(
  { store, clock, config }: SessionContext,
  values: Pick<ApiSession, 'identityId' | 'authenticatorId' | 'ipAddress' | 'configTypes'>,
): Promise<{ session: ApiSession; token: string }> {
  const token = randomUUID();
  const nowMs = clock();
  const entity = newEntity(nowMs);
  const session = await store.write((tx) =>
    repositories.apiSessions.insert(tx, {
      ...entity,
      tags: {},
      kind: 'legacy',
      mfaPassedAt: null,
      ...values,
      tokenHash: hashToken(token),
      lastActivityAt: entity.createdAt,
      expiresAt: new Date(nowMs + config.auth.apiSessionMinutes * 60_000).toISOString(),
    }),
  );
  return { session, token };
}

/** The caller behind a token; `undefined` for an unknown or expired one and for a disabled identity. */
export async function findCaller(
  context: SessionContext,
  token: string,
): Promise<Caller | undefined> {
  const { store, clock, config } = context;
  const nowMs = clock();
  const [session] = await repositories.apiSessions.find(store.db, { tokenHash: hashToken(token) });
  if (!session || Date.parse(session.expiresAt) <= nowMs) return undefined;
  const identity = await repositories.identities.get(store.db, session.identityId);
  if (!identity || isDisabled(identity, nowMs)) return undefined;
  if (nowMs - Date.parse(session.lastActivityAt) < TOUCH_INTERVAL_MS) return { identity, session };
  const extended = await store.write((tx) =>
    repositories.apiSessions.update(tx, session.id, {
      lastActivityAt: new Date(nowMs).toISOString(),
      expiresAt: new Date(nowMs + config.auth.apiSessionMinutes * 60_000).toISOString(),
    }),
  );
  return extended && { identity, session: extended };
}
