/**
 * A person's own devices and sessions, for the login origin: `GET /sessions` lists them,
 * `POST /sessions/:id/end` ends one. Proved by the session token and the device key.
 */
import type { OwnSessions } from '@postern/shared/schemas';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { createRateLimit } from '../auth/rate-limit.ts';
import type { ControllerContext } from '../context.ts';
import type { ApiSession } from '../model/identities.ts';
import { endApiSessions } from '../sessions/end-sessions.ts';
import type { ProofVerifier } from '../sign-in/dpop.ts';
import type { SignInSession, SignInSessions } from '../sign-in/sessions.ts';
import { repositories } from '../store/repositories.ts';
import type { PublicEnv } from './env.ts';
import { problem } from './problem.ts';
import { dpopToken, proveRequest, tooMany } from './proof.ts';

/** Sessions shown; who has more sees the latest. */
const MAX_SHOWN = 1000;
const REQUESTS_PER_MINUTE = 60;
const idSchema = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);

type OwnSession = OwnSessions['sessions'][number];

export function addOwnSessionRoutes(
  api: Hono<PublicEnv>,
  ctx: ControllerContext,
  { proofs, sessions }: { proofs: ProofVerifier; sessions: SignInSessions },
): void {
  const { store, clock } = ctx;
  const limit = createRateLimit(REQUESTS_PER_MINUTE, clock);
  const enter = async (c: Context<PublicEnv>): Promise<SignInSession> => {
    const token = dpopToken(c);
    const thumbprint = await proveRequest(ctx, proofs, c, token);
    if (!limit.take(thumbprint)) throw tooMany();
    return sessions.check(token, thumbprint);
  };
  const programsOf = async (identityId: string): Promise<ApiSession[]> =>
    (await repositories.apiSessions.find(store.db, { identityId })).filter(
      ({ expiresAt }) => Date.parse(expiresAt) > clock(),
    );

  api.get('/sessions', async (c) => {
    const current = await enter(c);
    const { identityId } = current;
    const shown = [
      ...(await sessions.ofIdentity(identityId)).map((one) => showBrowser(one, current)),
      ...(await programsOf(identityId)).map(showProgram),
    ];
    const own: OwnSessions = { sessions: shown.sort(latestFirst).slice(0, MAX_SHOWN) };
    return c.json(own);
  });

  api.post('/sessions/:id/end', async (c) => {
    const { identityId } = await enter(c);
    const id = idSchema.parse(c.req.param('id'));
    if (await sessions.endOne(identityId, id)) return c.body(null, 204);
    const ended = await store.write(async (tx) => {
      const session = await repositories.apiSessions.get(tx.db, id);
      if (session?.identityId !== identityId) return false;
      await endApiSessions(tx, [session], clock());
      return true;
    });
    // Somebody else's session is as good as none.
    return ended ? c.body(null, 204) : problem(c, 404, 'ERR_SESSION_NOT_FOUND');
  });
}

function showBrowser(session: SignInSession, current: SignInSession): OwnSession {
  return {
    id: session.id,
    kind: 'browser',
    current: session.id === current.id,
    createdAt: new Date(session.createdAtMs).toISOString(),
    lastUsedAt: new Date(session.lastUsedAtMs ?? session.createdAtMs).toISOString(),
    expiresAt: new Date(session.expiresAtMs).toISOString(),
    userAgent: session.userAgent,
    address: session.address,
  };
}

function showProgram(session: ApiSession): OwnSession {
  return {
    id: session.id,
    kind: 'program',
    current: false,
    createdAt: session.createdAt,
    lastUsedAt: session.lastActivityAt,
    expiresAt: session.expiresAt,
    userAgent: null,
    address: session.ipAddress,
  };
}

const latestFirst = (a: OwnSession, b: OwnSession): number =>
  Date.parse(b.lastUsedAt) - Date.parse(a.lastUsedAt) || (a.id < b.id ? -1 : 1);
