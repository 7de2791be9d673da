/** Edge API sessions, and who is behind the tokens of a request. */
import { createHash, randomUUID } from 'node:crypto';
import type { ControllerContext } from '../context.ts';
import type { AuthPolicy } from '../model/auth-policies.ts';
import { newEntity } from '../model/defaults.ts';
import { isDisabled, type ApiSession, type Identity } from '../model/identities.ts';
import { repositories } from '../store/repositories.ts';
import { API_SESSION_SECONDS } from '../sessions/end-sessions.ts';
import { outstandingQueries, type AuthQuery } from './auth-queries.ts';

/** Use extends a session, written at most this often. */
const TOUCH_INTERVAL_MS = 60_000;

export interface Caller {
  readonly identity: Identity;
  readonly session: ApiSession;
  readonly policy: AuthPolicy;
  /** What is still to prove; none: fully authenticated. */
  readonly authQueries: readonly AuthQuery[];
}

/** Tokens of one request. */
export interface Credentials {
  /** `zt-session`; when present, bearer tokens count only as second JWTs. */
  readonly ztSession: string | undefined;
  /** Bearer tokens of `Authorization`, at most {@link MAX_BEARERS}. */
  readonly bearers: readonly string[];
}

export const MAX_BEARERS = 3;

/** Why nobody is logged in, as `WWW-Authenticate` says it. */
export interface Challenge {
  readonly realm: 'zt-session' | 'openziti-oidc';
  readonly error: 'missing' | 'invalid' | 'expired';
}

type SessionContext = Pick<ControllerContext, 'store' | 'clock' | 'config' | 'auth'>;

/** SHA-256, hex: the only form in which tokens are stored and looked up. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Opens a session; the token is returned once and never stored. An `oidc` one is reached by its id alone. */
export async function openApiSession(
  { store, clock, config }: Pick<ControllerContext, 'store' | 'clock' | 'config'>,
  values: Pick<ApiSession, 'identityId' | 'authenticatorId' | 'ipAddress' | 'configTypes'> &
    Partial<Pick<ApiSession, 'kind' | 'mfaPassedAt' | 'expiresAt'>>,
  makeToken: (session: { sessionId: string; identityId: string }) => Promise<string> = () =>
    Promise.resolve(randomUUID()),
): Promise<{ session: ApiSession; token: string }> {
  const nowMs = clock();
  const entity = newEntity(nowMs);
  const token = await makeToken({ sessionId: entity.id, identityId: values.identityId });
  const session = await store.write((tx) =>
    repositories.apiSessions.insert(tx, {
      ...entity,
      tags: {},
      kind: 'legacy',
      mfaPassedAt: null,
      expiresAt: new Date(nowMs + config.auth.apiSessionMinutes * 60_000).toISOString(),
      ...values,
      tokenHash: hashToken(token),
      lastActivityAt: entity.createdAt,
    }),
  );
  return { session, token };
}

/** The caller of a request, or why there is none: unknown or expired token, disabled identity. */
export async function resolveCaller(
  ctx: SessionContext,
  credentials: Credentials,
): Promise<Caller | Challenge> {
  const { ztSession, bearers } = credentials;
  if (ztSession !== undefined) {
    const [session] = await repositories.apiSessions.find(ctx.store.db, {
      tokenHash: hashToken(ztSession),
      kind: 'legacy',
    });
    return (await callerOf(ctx, session, bearers)) ?? { realm: 'zt-session', error: 'invalid' };
  }
  let error: Challenge['error'] = bearers.length === 0 ? 'missing' : 'invalid';
  for (const [at, token] of bearers.entries()) {
    const verdict = await ctx.auth.verifySessionToken(token);
    if (verdict.status === 'expired') error = 'expired';
    if (verdict.status !== 'valid') continue;
    const { z_asid: id, sub } = verdict.claims;
    const session = await repositories.apiSessions.get(ctx.store.db, id);
    const isOurs = session?.kind === 'oidc' && session.identityId === sub;
    const caller = await callerOf(
      ctx,
      isOurs ? session : undefined,
      bearers.filter((_, other) => other !== at),
    );
    if (caller) return caller;
  }
  return { realm: bearers.length === 0 ? 'zt-session' : 'openziti-oidc', error };
}

export function isCaller(resolved: Caller | Challenge): resolved is Caller {
  return 'session' in resolved;
}

async function callerOf(
  ctx: SessionContext,
  session: ApiSession | undefined,
  bearers: readonly string[],
): Promise<Caller | undefined> {
  const nowMs = ctx.clock();
  if (!session || Date.parse(session.expiresAt) <= nowMs) return undefined;
  const identity = await repositories.identities.get(ctx.store.db, session.identityId);
  if (!identity || isDisabled(identity, nowMs)) return undefined;
  const policy = await repositories.authPolicies.get(ctx.store.db, identity.authPolicyId);
  if (!policy) return undefined;
  const touched = await touch(ctx, session);
  if (!touched) return undefined;
  const authQueries = await outstandingQueries(ctx, identity, policy, touched, bearers);
  return { identity, session: touched, policy, authQueries };
}

/** Use keeps a session alive; an `oidc` one lives as long as its refresh token. */
async function touch(
  { store, clock, config }: SessionContext,
  session: ApiSession,
): Promise<ApiSession | undefined> {
  const nowMs = clock();
  if (nowMs - Date.parse(session.lastActivityAt) < TOUCH_INTERVAL_MS) return session;
  return store.write((tx) =>
    repositories.apiSessions.update(tx, session.id, {
      lastActivityAt: new Date(nowMs).toISOString(),
      ...(session.kind === 'legacy' && {
        expiresAt: new Date(
          Math.min(
            nowMs + config.auth.apiSessionMinutes * 60_000,
            Date.parse(session.createdAt) + API_SESSION_SECONDS * 1000,
          ),
        ).toISOString(),
      }),
    }),
  );
}
