import { toOpaqueToken } from '@postern/shared/grants';
import { z } from 'zod';
import { openApiSession, type Caller } from '../../auth/api-sessions.ts';
import { outstandingQueries } from '../../auth/auth-queries.ts';
import type { Proven } from '../../auth/authentication.ts';
import { loginByCertificate } from '../../auth/certificate-login.ts';
import { peerCertificateOf } from '../../auth/client-certificate.ts';
import { loginByExternalJwt } from '../../auth/external-jwt-login.ts';
import { checkMfa } from '../../auth/mfa.ts';
import type { ControllerContext } from '../../context.ts';
import type { TokenServices } from '../../grants/token-services.ts';
import { repositories } from '../../store/repositories.ts';
import { remoteAddress } from '../allowances.ts';
import { credentialsOf } from '../authorize.ts';
import { detail, done } from '../envelope.ts';
import { EdgeError, fieldError } from '../errors.ts';
import { doneResponse, detailOf } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';
import { currentSession, currentSessionSchema } from '../session-routes.ts';

const info = z.record(z.string().max(64), z.string().max(255)).optional();
const loginBody = z.object({
  username: z.string().max(256).optional(),
  password: z.string().max(256).optional(),
  configTypes: z.array(z.string().max(256)).max(100).default([]),
  envInfo: info,
  sdkInfo: info,
});
type LoginBody = z.output<typeof loginBody>;

/** `POST /authenticate` and its second step (specs/edge-api.md §3.1, §3.2). */
export function addAuthenticateRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  { grants }: Pick<TokenServices, 'grants'>,
): void {
  routes.add(
    {
      method: 'post',
      path: '/authenticate',
      access: 'anyone',
      summary: 'Log in',
      query: {
        method: {
          schema: z.enum(['password', 'cert', 'ext-jwt']).or(z.string().max(32)),
          description: 'How: `password`, `cert` or `ext-jwt`',
        },
      },
      rate: 'login',
      body: loginBody,
      response: detailOf(currentSessionSchema),
      errors: ['INVALID_AUTH', 'INVALID_AUTH_METHOD', 'RATE_LIMITED'],
    },
    async (request) => {
      const proven = await prove(ctx, request);
      if (!proven) throw new EdgeError('INVALID_AUTH');
      const { caller, token } = await open(ctx, grants, proven, request);
      return { ...detail(currentSession(ctx, caller, token)), headers: { 'zt-session': token } };
    },
  );
  routes.add(
    {
      method: 'post',
      path: '/authenticate/mfa',
      access: 'partial-session',
      summary: 'Prove the second factor by a code of the authenticator app, or a recovery code',
      rate: 'login',
      body: z.object({ code: z.string().min(4).max(10) }),
      response: doneResponse,
      errors: ['MFA_INVALID_TOKEN', 'RATE_LIMITED'],
    },
    async (request) => {
      const { identity, session } = request.caller;
      await checkMfa(ctx, identity.id, request.body.code);
      await passMfa(ctx, session.id);
      return done();
    },
  );
}

/** Notes that a session proved its second factor, now. */
export async function passMfa(
  { store, clock, posture }: Pick<ControllerContext, 'store' | 'clock' | 'posture'>,
  sessionId: string,
): Promise<void> {
  const mfaPassedAtMs = clock();
  const mfaPassedAt = new Date(mfaPassedAtMs).toISOString();
  const session = await store.write((tx) =>
    repositories.apiSessions.update(tx, sessionId, { mfaPassedAt }),
  );
  if (session)
    await posture.report({ sessionId, identityId: session.identityId }, { mfaPassedAtMs });
}

async function prove(
  ctx: ControllerContext,
  request: EdgeRequest<LoginBody>,
): Promise<Proven | undefined> {
  switch (request.query('method')) {
    case 'password': {
      const { username, password } = request.body;
      if (!username) throw fieldError('username', 'is required');
      if (!password) throw fieldError('password', 'is required');
      return ctx.auth.verifyPassword(username, password);
    }
    case 'cert':
      return loginByCertificate(ctx, peerCertificateOf(request.context.env.incoming.socket));
    case 'ext-jwt':
      return loginByExternalJwt(ctx, credentialsOf(request.context).bearers);
    default:
      throw new EdgeError('INVALID_AUTH_METHOD');
  }
}

async function open(
  ctx: ControllerContext,
  grants: TokenServices['grants'],
  { identity, authenticatorId }: Proven,
  request: EdgeRequest<LoginBody>,
): Promise<{ caller: Caller; token: string }> {
  const policy = await repositories.authPolicies.get(ctx.store.db, identity.authPolicyId);
  if (!policy) throw new EdgeError('INVALID_AUTH');
  const { configTypes, envInfo, sdkInfo } = request.body;
  if (envInfo || sdkInfo) {
    await ctx.store.write((tx) =>
      repositories.identities.update(tx, identity.id, {
        ...(envInfo && { envInfo }),
        ...(sdkInfo && { sdkInfo }),
      }),
    );
  }
  const { session, token } = await openApiSession(
    ctx,
    {
      identityId: identity.id,
      authenticatorId,
      ipAddress: remoteAddress(request.context),
      configTypes,
    },
    async (opened) => toOpaqueToken((await grants.sessionToken(opened)).token),
  );
  const { bearers } = credentialsOf(request.context);
  const authQueries = await outstandingQueries(ctx, identity, policy, session, bearers);
  return { caller: { identity, session, policy, authQueries }, token };
}
