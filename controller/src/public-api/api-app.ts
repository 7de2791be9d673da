/** `/postern/v1`: what the gateway, service workers and the login page ask the controller. */
import {
  extJwtLoginSchema,
  passwordLoginSchema,
  type DialGrantResponse,
  type Interaction,
  type LoginResult,
} from '@postern/shared/schemas';
import { AppError } from '@postern/shared/errors';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { ControllerContext } from '../context.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import type { ProofVerifier } from '../sign-in/dpop.ts';
import { addressKey, createRateLimit } from '../auth/rate-limit.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import { etagOf, lookupApplication } from './applications.ts';
import type { DialGrants } from './dial-grants.ts';
import type { PublicEnv } from './env.ts';
import { exactOriginCors, onlyPagesOf, requestContext, securityHeaders } from './middleware.ts';
import type { Origins } from './origins.ts';
import { problem, problemOnError, problemOnNotFound } from './problem.ts';

const API_PATH = '/postern/v1';
const MAX_BODY_BYTES = 16 * 1024;
const DIALS_PER_MINUTE = 20 * 60;
const uidSchema = z.string().regex(/^[A-Za-z0-9_-]{16,128}$/);
const hostSchema = z.string().regex(/^[a-z0-9.-]{1,253}(:\d{1,5})?$/);

export interface ApiParts {
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly proofs: ProofVerifier;
  readonly signIn: SignIn;
  readonly dialGrants: DialGrants;
  readonly origins: Origins;
}

type Ctx = Context<PublicEnv>;

export function createApiApp(ctx: ControllerContext, parts: ApiParts): Hono<PublicEnv> {
  const { issuer, keys, proofs, signIn, dialGrants, origins } = parts;
  const apiUrl = ctx.endpoints.public + API_PATH;
  const loginLimit = createRateLimit(ctx.config.auth.attemptsPerMinute, ctx.clock);
  const dialLimit = createRateLimit(DIALS_PER_MINUTE, ctx.clock);

  /** The key that proved this very request, by what the client sees as its URL. */
  const prove = (c: Ctx, token?: string): Promise<string> =>
    proofs.verify({
      proof: c.req.header('dpop'),
      method: c.req.method,
      url: ctx.endpoints.public + c.req.path,
      ...(token === undefined ? {} : { token }),
    });
  const limitLogins = (c: Ctx): void => {
    if (!loginLimit.take(addressKey(c.env.incoming.socket.remoteAddress ?? ''))) throw tooMany();
  };
  const uidOf = (c: Ctx): string => uidSchema.parse(c.req.param('uid'));

  const app = new Hono<PublicEnv>();
  app.onError(problemOnError(ctx.logger));
  app.notFound(problemOnNotFound);
  app.use(requestContext(), securityHeaders());

  app.get('/healthz', (c) => c.json({ status: 'ok' }));

  const api = new Hono<PublicEnv>();
  // An application's page, hostile or not, takes no part in signing in and out.
  for (const path of ['/interactions/*', '/session/*']) {
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
    const body = JSON.stringify(application);
    const headers = { etag: etagOf(body), 'cache-control': 'no-cache' };
    if (c.req.header('if-none-match') === headers.etag) return c.body(null, 304, headers);
    return c.body(body, 200, { ...headers, 'content-type': 'application/json' });
  });

  api.get('/jwks', (c) =>
    c.json({ keys: [...keys.all('assertion'), ...keys.all('grant')].map(({ jwk }) => jwk) }, 200, {
      'cache-control': 'public, max-age=300',
    }),
  );

  api.post('/dial-grants', async (c) => {
    const token = dpopToken(c);
    const thumbprint = await prove(c, token);
    if (!dialLimit.take(thumbprint)) throw tooMany();
    return c.json((await dialGrants.issue(token, thumbprint)) satisfies DialGrantResponse);
  });

  api.get('/interactions/:uid', async (c) => {
    await prove(c);
    return c.json((await signIn.describe(uidOf(c))) satisfies Interaction);
  });
  api.post('/interactions/:uid/ext-jwt', async (c) => {
    limitLogins(c);
    const thumbprint = await prove(c);
    const login = extJwtLoginSchema.parse(await c.req.json());
    return c.json((await signIn.byExternalJwt(uidOf(c), thumbprint, login)) satisfies LoginResult);
  });
  api.post('/interactions/:uid/password', async (c) => {
    limitLogins(c);
    const thumbprint = await prove(c);
    const login = passwordLoginSchema.parse(await c.req.json());
    return c.json((await signIn.byPassword(uidOf(c), thumbprint, login)) satisfies LoginResult);
  });
  api.post('/interactions/:uid/session', async (c) => {
    const token = dpopToken(c);
    const thumbprint = await prove(c, token);
    return c.json((await signIn.bySession(uidOf(c), thumbprint, token)) satisfies LoginResult);
  });
  api.post('/session/end', async (c) => {
    const token = dpopToken(c);
    await signIn.end(await prove(c, token), token);
    return c.body(null, 204);
  });

  app.route(API_PATH, api);
  return app;
}

/** `Authorization: DPoP <token>` (RFC 9449 §7.1). */
function dpopToken(c: Ctx): string {
  const token = /^DPoP ([A-Za-z0-9._~+/=-]{16,8192})$/i.exec(
    c.req.header('authorization') ?? '',
  )?.[1];
  if (token === undefined) {
    throw new AppError('ERR_TOKEN_INVALID', 'no DPoP token', { status: 401 });
  }
  return token;
}

function tooMany(): AppError {
  return new AppError('ERR_RATE_LIMITED', 'too many requests', { status: 429, retryable: true });
}
