/** `/postern/v1`: what the gateway, service workers and the login page ask the controller. */
import {
  crossOriginGrantRequestSchema,
  declaredPostureSchema,
  type CrossOriginGrantResponse,
  type DialGrantResponse,
  type OriginDigests,
} from '@postern/shared/schemas';
import { isAppError } from '@postern/shared/errors';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { effectiveBranding, NETWORK } from '../branding/effective-branding.ts';
import { findLogo } from '../branding/find-logo.ts';
import type { ControllerContext } from '../context.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { ProofVerifier } from '../sign-in/dpop.ts';
import { createRateLimit } from '../auth/rate-limit.ts';
import type { OwnPasskeysService } from '../sign-in/own-passkeys.ts';
import type { PortalSignIns } from '../portal/portal-sign-in.ts';
import type { SignInSessions } from '../sign-in/sessions.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import { etagOf, lookupApplication, originDigests } from './applications.ts';
import type { DialGrants } from './dial-grants.ts';
import type { PublicEnv } from './env.ts';
import { exactOriginCors, onlyPagesOf, requestContext, securityHeaders } from './middleware.ts';
import type { Origins } from './origins.ts';
import { problem, problemOnError, problemOnNotFound } from './problem.ts';
import { dpopToken, proveRequest, tooMany } from './proof.ts';
import { addOwnSessionRoutes } from './own-session-routes.ts';
import { addPortalRoutes } from './portal-routes.ts';
import { addSignInRoutes } from './sign-in-routes.ts';

const API_PATH = '/postern/v1';
const MAX_BODY_BYTES = 16 * 1024;
const DIALS_PER_MINUTE = 20 * 60;
const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const hostSchema = z.string().regex(/^[a-z0-9.-]{1,253}(:\d{1,5})?$/);

export interface ApiParts {
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly proofs: ProofVerifier;
  readonly signIn: SignIn;
  readonly ownPasskeys: OwnPasskeysService;
  readonly sessions: SignInSessions;
  readonly dialGrants: DialGrants;
  readonly portalSignIns: PortalSignIns;
  readonly origins: Origins;
}

type Ctx = Context<PublicEnv>;

export function createApiApp(ctx: ControllerContext, parts: ApiParts): Hono<PublicEnv> {
  const { issuer, keys, proofs, signIn, ownPasskeys, sessions, dialGrants, origins } = parts;
  const apiUrl = ctx.endpoints.public + API_PATH;
  const dialLimit = createRateLimit(DIALS_PER_MINUTE, ctx.clock);

  const app = new Hono<PublicEnv>();
  const answerProblem = problemOnError(ctx.logger);
  app.onError((error, c) => {
    noteRefusedSignIn(ctx, c, error);
    return answerProblem(error, c);
  });
  app.notFound(problemOnNotFound);
  app.use(requestContext(), securityHeaders());

  app.get('/healthz', (c) => c.json({ status: 'ok' }));

  const api = new Hono<PublicEnv>();
  // An application's page, hostile or not, takes no part in signing in and out.
  for (const path of ['/interactions/*', '/session/*', '/sessions/*', '/portal/*']) {
    api.use(path, onlyPagesOf(ctx.config.loginOrigin));
  }
  api.use(exactOriginCors(origins));
  api.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c: Ctx) => problem(c, 413, 'ERR_REQUEST_TOO_LARGE'),
    }),
  );

  api.get('/applications/lookup', async (c) => {
    const host = hostSchema.parse(c.req.query('host')?.toLowerCase());
    const application = await lookupApplication(ctx, issuer, apiUrl, host);
    if (!application) return problem(c, 404, 'ERR_APPLICATION_NOT_FOUND');
    return validated(c, application);
  });

  api.get('/branding', async (c) =>
    validated(c, (await effectiveBranding(ctx.store.db, NETWORK)) ?? {}),
  );
  api.get('/branding/logos/:sha256', async (c) => {
    const logo = await findLogo(ctx.store.db, sha256Schema.parse(c.req.param('sha256')));
    if (!logo) return problem(c, 404, 'ERR_LOGO_NOT_FOUND');
    return c.body(logo.bytes, 200, {
      'content-type': logo.mediaType,
      'cache-control': 'public, max-age=31536000, immutable',
    });
  });

  api.get('/applications/origins/:prefix{[0-9a-f]{2}}', async (c) =>
    c.json(
      { digests: await originDigests(ctx, c.req.param('prefix')) } satisfies OriginDigests,
      200,
      { 'cache-control': 'private, max-age=60' },
    ),
  );

  api.get('/jwks', (c) =>
    c.json({ keys: [...keys.all('assertion'), ...keys.all('grant')].map(({ jwk }) => jwk) }, 200, {
      'cache-control': 'public, max-age=300',
    }),
  );

  api.post('/dial-grants', async (c) => {
    const token = dpopToken(c);
    const thumbprint = await proveRequest(ctx, proofs, c, token);
    if (!dialLimit.take(thumbprint)) throw tooMany();
    const text = await c.req.text();
    const declared = declaredPostureSchema.parse(text === '' ? {} : JSON.parse(text));
    const address = c.env.incoming.socket.remoteAddress ?? '';
    const issued = await dialGrants.issue(token, thumbprint, { address, declared });
    return c.json(issued satisfies DialGrantResponse);
  });

  api.post('/cross-origin-grants', async (c) => {
    const token = dpopToken(c);
    const thumbprint = await proveRequest(ctx, proofs, c, token);
    if (!dialLimit.take(thumbprint)) throw tooMany();
    const { origin, ...declared } = crossOriginGrantRequestSchema.parse(
      JSON.parse(await c.req.text()),
    );
    const address = c.env.incoming.socket.remoteAddress ?? '';
    const from = { address, declared };
    const issued = await dialGrants.issueCrossOrigin(token, thumbprint, from, origin);
    return c.json(issued satisfies CrossOriginGrantResponse);
  });

  addSignInRoutes(api, ctx, { proofs, signIn, ownPasskeys, sessions });
  addOwnSessionRoutes(api, ctx, { proofs, sessions });
  addPortalRoutes(api, ctx, { proofs, sessions, portalSignIns: parts.portalSignIns });

  app.route(API_PATH, api);
  return app;
}

/** JSON that is asked for again and again, with its validator. */
function validated(c: Ctx, value: object): Response {
  const body = JSON.stringify(value);
  const headers = { etag: etagOf(body), 'cache-control': 'no-cache' };
  if (c.req.header('if-none-match') === headers.etag) return c.body(null, 304, headers);
  return c.body(body, 200, { ...headers, 'content-type': 'application/json' });
}

/** Records proofs of identity that were not accepted. */
function noteRefusedSignIn({ audit }: ControllerContext, c: Ctx, error: Error): void {
  const isProof = c.req.method === 'POST' && c.req.path.startsWith(`${API_PATH}/interactions/`);
  if (!isProof || !isAppError(error)) return;
  const address = c.env.incoming.socket.remoteAddress ?? '';
  audit.decisions.note({
    actor: { kind: 'anonymous', id: '', sessionId: '', address },
    action: 'authenticate',
    outcome: 'refused',
    reason: error.code,
    entityKind: 'signInSessions',
  });
}
