import { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { openApiSession, type Caller } from '../auth/api-sessions.ts';
import { loginByPassword } from '../auth/password-login.ts';
import { addressKey, createRateLimit } from '../auth/rate-limit.ts';
import type { ControllerContext } from '../context.ts';
import { isDisabled, type ApiSession, type Identity } from '../model/identities.ts';
import { fingerprintOf } from '../pki/certificates.ts';
import { repositories } from '../store/repositories.ts';
import { isAppError } from '@postern/shared/errors';
import { renderRows } from './crud.ts';
import { apiSessions, sessionMembers } from './entities/api-sessions.ts';
import { identities } from './entities/identities.ts';
import { remoteAddress } from './enroll-routes.ts';
import { detail, done, links } from './envelope.ts';
import { EdgeError, fieldError } from './errors.ts';
import type { EdgeRequest, EdgeRoutes } from './routes.ts';

const info = z.record(z.string().max(64), z.string().max(255)).optional();
const loginBody = z.object({
  username: z.string().max(256).optional(),
  password: z.string().max(256).optional(),
  configTypes: z.array(z.string().max(256)).max(100).default([]),
  envInfo: info,
  sdkInfo: info,
});
type LoginBody = z.output<typeof loginBody>;
interface Proven {
  identity: Identity;
  authenticatorId: string;
}

/** Log-in, the caller's own session and identity (specs/edge-api.md §3.1, §3.4). */
export function addSessionRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const limit = createRateLimit(ctx.config.auth.attemptsPerMinute, ctx.clock);

  const prove = async (request: EdgeRequest<LoginBody>): Promise<Proven | undefined> => {
    switch (request.query('method')) {
      case 'password': {
        const { username, password } = request.body;
        if (!username) throw fieldError('username', 'is required');
        if (!password) throw fieldError('password', 'is required');
        return loginByPassword(ctx, username, password);
      }
      case 'cert':
        return loginByCertificate(ctx, request);
      case 'ext-jwt':
        return loginByExternalJwt(ctx, request);
      default:
        throw new EdgeError('INVALID_AUTH_METHOD');
    }
  };

  routes.add(
    { method: 'post', path: '/authenticate', access: 'anyone', summary: 'Log in', body: loginBody },
    async (request) => {
      const ipAddress = remoteAddress(request);
      if (!limit.take(addressKey(ipAddress))) throw new EdgeError('RATE_LIMITED');
      const proven = await prove(request);
      if (!proven) throw new EdgeError('INVALID_AUTH');
      const { identity, authenticatorId } = proven;
      const { configTypes, envInfo, sdkInfo } = request.body;
      if (envInfo || sdkInfo) {
        await ctx.store.write((tx) =>
          repositories.identities.update(tx, identity.id, {
            ...(envInfo && { envInfo }),
            ...(sdkInfo && { sdkInfo }),
          }),
        );
      }
      const opened = await openApiSession(ctx, {
        identityId: identity.id,
        authenticatorId,
        ipAddress,
        configTypes,
      });
      const data = currentSession(ctx, { identity, session: opened.session }, opened.token);
      return { ...detail(data), headers: { 'zt-session': opened.token } };
    },
  );

  const own = '/current-api-session';
  routes.add(
    { method: 'get', path: own, access: 'session', summary: 'The session of this request' },
    (request) => {
      const token = request.context.req.header('zt-session') ?? '';
      return Promise.resolve(detail(currentSession(ctx, request.caller, token)));
    },
  );
  routes.add(
    { method: 'delete', path: own, access: 'session', summary: 'Log out' },
    async (request) => {
      await ctx.store.write((tx) => repositories.apiSessions.remove(tx, request.caller.session.id));
      return done();
    },
  );
  routes.add(
    {
      method: 'get',
      path: `${own}/service-updates`,
      access: 'session',
      summary: 'When services last changed',
    },
    async () => {
      const last = await ctx.store.db
        .selectFrom('changeLog')
        .select('createdAt')
        .orderBy('index', 'desc')
        .limit(1)
        .executeTakeFirst();
      return detail({ lastChangeAt: last?.createdAt ?? new Date(0).toISOString() });
    },
  );
  routes.add(
    { method: 'get', path: '/current-identity', access: 'session', summary: 'Who is logged in' },
    async (request) => {
      const { identity } = request.caller;
      const [data] = await renderRows(identities, [identity], {
        ctx,
        db: ctx.store.db,
        nowMs: ctx.clock(),
        identity,
        request,
      });
      return detail(data);
    },
  );
}

function currentSession(
  { clock }: ControllerContext,
  { identity, session }: Caller,
  token: string,
) {
  const { tokenHash: _, ...shown }: ApiSession = session;
  const leftMs = Date.parse(session.expiresAt) - clock();
  return {
    ...shown,
    ...sessionMembers(session, identity),
    token,
    expirationSeconds: Math.max(0, Math.floor(leftMs / 1000)),
    _links: links(apiSessions.plural, session.id),
  };
}

/** By the leaf whose key the TLS handshake proved, registered as an authenticator; never by another of its chain. */
async function loginByCertificate(
  { store, clock }: ControllerContext,
  request: EdgeRequest,
): Promise<Proven | undefined> {
  const { socket } = request.context.env.incoming;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const leaf = socket.getPeerX509Certificate();
  if (!leaf) return undefined;
  const fingerprint = fingerprintOf(new Uint8Array(leaf.raw));
  const [authenticator] = await repositories.authenticators.find(store.db, {
    fingerprint,
    method: 'cert',
  });
  const identity =
    authenticator && (await repositories.identities.get(store.db, authenticator.identityId));
  if (!identity || isDisabled(identity, clock())) return undefined;
  const policy = await repositories.authPolicies.get(store.db, identity.authPolicyId);
  return policy?.primary.cert.allowed ? { identity, authenticatorId: authenticator.id } : undefined;
}

async function loginByExternalJwt(
  { auth, logger }: ControllerContext,
  request: EdgeRequest,
): Promise<Proven | undefined> {
  const [, token] = /^Bearer (.+)$/i.exec(request.context.req.header('authorization') ?? '') ?? [];
  if (token === undefined) return undefined;
  try {
    const jwt = await auth.verifyExternalJwt(token);
    const identity = await auth.findIdentityForExternalJwt(jwt);
    return identity && { identity, authenticatorId: `extJwtId:${jwt.signer.id}` };
  } catch (error) {
    if (!isAppError(error)) throw error;
    logger.info('auth.external-jwt-refused', { code: error.code });
    return undefined;
  }
}
