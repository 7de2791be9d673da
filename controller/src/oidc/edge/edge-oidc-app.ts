/**
 * `/oidc` of the admin listener: the authorization server of OpenZiti's SDKs and tools
 * (specs/edge-api.md §3.7). Code flow with PKCE S256 for two public clients; a program, not a page,
 * posts the proofs. Browsers have a provider of their own on the public listener.
 */
import type { HttpBindings } from '@hono/node-server';
import { isAppError } from '@postern/shared/errors';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { peerCertificateOf } from '../../auth/client-certificate.ts';
import { addressKey, createRateLimit } from '../../auth/rate-limit.ts';
import { sessionIssuer } from '../../auth/session-token.ts';
import type { ControllerContext } from '../../context.ts';
import { remoteAddress } from '../../edge-api/allowances.ts';
import { credentialsOf } from '../../edge-api/authorize.ts';
import type { TokenServices } from '../../grants/token-services.ts';
import { authorizeParameters, createAuthRequests } from './auth-requests.ts';
import { createEdgeLogin, type LoginMethod, type LoginOutcome } from './login.ts';
import { fieldsOf, oauthError, TOKEN_EXCHANGE, type OidcContext } from './oauth-http.ts';
import { addTokenRoutes } from './token-routes.ts';
import { createEdgeTokens } from './session-tokens.ts';

const MAX_BODY_BYTES = 16 * 1024;

const METHODS: Readonly<Record<string, LoginMethod>> = {
  password: 'password',
  username: 'password',
  cert: 'cert',
  'ext-jwt': 'ext-jwt',
};
const loginFields = z.object({
  id: z.string().min(16).max(128),
  username: z.string().max(256).optional(),
  password: z.string().max(256).optional(),
  code: z.string().max(10).optional(),
});

export function createEdgeOidcApp(
  ctx: ControllerContext,
  { keys, payloads }: Pick<TokenServices, 'keys' | 'payloads'>,
): Hono<{ Bindings: HttpBindings }> {
  const issuer = sessionIssuer(ctx.endpoints.admin);
  const requests = createAuthRequests(payloads);
  const login = createEdgeLogin(ctx, requests);
  const limit = createRateLimit(ctx.config.auth.attemptsPerMinute, ctx.clock);

  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(async (c, next) => {
    c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
    await next();
  });
  app.use(
    bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => oauthError(c, 'invalid_request', 413) }),
  );
  app.onError((error, c) => {
    if (isAppError(error) && error.code === 'ERR_OIDC_REQUEST_UNKNOWN')
      return oauthError(c, 'invalid_request', 400);
    if (error instanceof z.ZodError || error instanceof SyntaxError)
      return oauthError(c, 'invalid_request', 400);
    ctx.logger.error('edge-oidc.failed', { error, path: c.req.path });
    return oauthError(c, 'server_error', 500);
  });

  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    jwks_uri: `${issuer}/keys`,
    scopes_supported: ['openid', 'offline_access'],
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token', TOKEN_EXCHANGE],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
  };
  for (const path of [
    '/.well-known/openid-configuration',
    '/oidc/.well-known/openid-configuration',
  ]) {
    app.get(path, (c) => c.json(metadata));
  }
  app.get('/oidc/keys', (c) => c.json({ keys: keys.all('session').map(({ jwk }) => jwk) }));

  // C posts its parameters in the query, Go gets them: both are taken from wherever they stand.
  app.on(['GET', 'POST'], '/oidc/authorize', async (c) => {
    const parsed = authorizeParameters.safeParse(await fieldsOf(c));
    // Never redirected: an unproven redirect URI is nowhere to send an error to.
    if (!parsed.success) return oauthError(c, 'invalid_request', 400);
    if (!limit.take(addressKey(remoteAddress(c)))) return tooMany(c);
    const id = await requests.begin(parsed.data);
    c.header('auth-request-id', id);
    return c.redirect(`/oidc/login/username?authRequestID=${id}`, 302);
  });
  app.get('/oidc/authorize/callback', async (c) => {
    const { request, code } = await requests.finish(c.req.query('id') ?? '');
    const { redirect_uri, state } = request.parameters;
    const query = new URLSearchParams({ ...(state !== undefined && { state }) });
    // Last: C takes everything behind `code=` as the code.
    query.set('code', code);
    return c.redirect(`${redirect_uri}?${query.toString()}`, 302);
  });

  const answer = (c: OidcContext, id: string, outcome: LoginOutcome): Response => {
    if (!outcome) return refused(c);
    if (outcome.length === 0) return c.redirect(`/oidc/authorize/callback?id=${id}`, 302);
    if (outcome.some(({ typeId }) => typeId === 'MFA')) c.header('totp-required', 'true');
    return c.json({ authQueries: outcome });
  };
  const limited = async (
    c: OidcContext,
    act: (fields: z.output<typeof loginFields>) => Promise<Response>,
  ): Promise<Response> => {
    if (!limit.take(addressKey(remoteAddress(c)))) return tooMany(c);
    return act(loginFields.parse(await fieldsOf(c)));
  };
  const bearersOf = (c: OidcContext) => credentialsOf(c).bearers;

  app.get('/oidc/login/auth-queries', async (c) => {
    const outcome = await login.queries(c.req.query('id') ?? '', bearersOf(c));
    return outcome ? c.json({ authQueries: outcome }) : refused(c);
  });
  // Clients that follow the redirect of `authorize` want a page and its header.
  app.get('/oidc/login/:method', (c) => {
    c.header('auth-request-id', c.req.query('authRequestID') ?? '');
    return c.text('Programs log in here: post the proof with the id of this request.\n');
  });
  app.post('/oidc/login/totp', (c) =>
    limited(c, async ({ id, code = '' }) =>
      answer(c, id, await login.totp(id, code, bearersOf(c))),
    ),
  );
  app.post('/oidc/login/totp/enroll', (c) =>
    limited(c, async ({ id }) => {
      const secrets = await login.enroll(id);
      if (!secrets) return refused(c);
      const { provisioningUrl, recoveryCodes } = secrets;
      return c.json({ isVerified: false, provisioningUrl, recoveryCodes }, 201);
    }),
  );
  app.delete('/oidc/login/totp/enroll', (c) =>
    limited(c, async ({ id }) => ((await login.cancelEnrolment(id)) ? c.json({}) : refused(c))),
  );
  app.post('/oidc/login/totp/enroll/verify', (c) =>
    limited(c, async ({ id, code = '' }) =>
      answer(c, id, await login.verifyEnrolment(id, code, bearersOf(c))),
    ),
  );
  app.post('/oidc/login/:method', (c) =>
    limited(c, async ({ id, username, password }) => {
      const method = METHODS[c.req.param('method')];
      if (!method) return c.notFound();
      const peer = peerCertificateOf(c.env.incoming.socket);
      const address = remoteAddress(c);
      const input = { username, password, bearers: bearersOf(c), peer, address };
      return answer(c, id, await login.prove(id, method, input));
    }),
  );

  addTokenRoutes(app, { requests, tokens: createEdgeTokens(ctx, keys, payloads) });
  return app;
}

function tooMany(c: OidcContext): Response {
  c.header('retry-after', '60');
  return oauthError(c, 'temporarily_unavailable', 429);
}

function refused(c: OidcContext): Response {
  return c.json(
    { error: { code: 'INVALID_AUTH', message: 'The authentication request failed' } },
    401,
  );
}
