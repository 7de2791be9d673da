/**
 * The public listener's application: OIDC provider, `/postern/v1`, the Client API and `/healthz`. The
 * Management API is not among its routes, whatever the path.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createSharedReplayCache } from '../cluster/shared-replay-cache.ts';
import type { ControllerContext, PublicApp } from '../context.ts';
import { CLIENT_BASES, createClientApi } from '../edge-api/index.ts';
import type { TokenServices } from '../grants/token-services.ts';
import { mountOidc } from '../oidc/mount.ts';
import { createPortalSignIns } from '../portal/portal-sign-in.ts';
import { createProofVerifier } from '../sign-in/dpop.ts';
import { createOwnPasskeys } from '../sign-in/own-passkeys.ts';
import { createPasskeys } from '../sign-in/passkeys.ts';
import { createSecondFactors } from '../sign-in/second-factor.ts';
import { checkSession, createSignIn } from '../sign-in/sign-in.ts';
import { createApiApp } from './api-app.ts';
import { createDialGrants } from './dial-grants.ts';
import { createOrigins } from './origins.ts';

/** Roots of what the Client API serves here; at its root it would hide the rest. */
const CLIENT_PATHS = [...CLIENT_BASES, '/version', '/.well-known/est'];

export function createPublicApp(ctx: ControllerContext, tokens: TokenServices): PublicApp {
  const { issuer, keys, sessions, grants, payloads } = tokens;
  const origins = createOrigins(ctx);
  const passkeys = createPasskeys(ctx, payloads);
  const secondFactors = createSecondFactors(ctx, payloads, passkeys);
  const portalSignIns = createPortalSignIns(ctx, payloads);
  const oidc = mountOidc(ctx, { issuer, keys, sessions, payloads, secondFactors });
  const api = createApiApp(ctx, {
    issuer,
    keys,
    origins,
    proofs: createProofVerifier(ctx.clock, createSharedReplayCache(ctx)),
    sessions,
    portalSignIns,
    signIn: createSignIn(
      ctx,
      { sessions, passkeys, secondFactors, portalSignIns },
      () => oidc.provider,
    ),
    ownPasskeys: createOwnPasskeys(ctx, sessions, passkeys),
    dialGrants: createDialGrants(ctx, {
      keys,
      sessions,
      grants,
      checkSession: (session, application) =>
        checkSession(ctx, secondFactors, session, application),
    }),
  });
  const isSecure = ctx.endpoints.public.startsWith('https:');
  const handleApi = getRequestListener(api.fetch);
  const handleClientApi = getRequestListener(createClientApi(ctx, 'public', tokens).app.fetch);

  const handleOidc = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { origin } = request.headers;
    // The provider would answer any origin's preflight; a page that is none of ours gets nothing.
    if (origin !== undefined && !(await origins.isAllowed(origin))) {
      refuse(response, 403, 'ERR_ORIGIN_NOT_ALLOWED');
    } else oidc.handle(request, response);
  };

  return {
    handle: (request, response) => {
      if (isSecure) response.setHeader('strict-transport-security', 'max-age=31536000');
      const target = request.url ?? '';
      const path = target.split('?', 1)[0] ?? '';
      // Origin form only (RFC 9112 §3.2.1): no second host can hide in the target.
      if (!target.startsWith('/') || target.startsWith('//')) {
        refuse(response, 400, 'ERR_REQUEST_INVALID');
      } else if (!origins.isOurHost(request.headers.host)) {
        refuse(response, 421, 'ERR_HOST_UNKNOWN');
      } else if (oidc.owns(path)) {
        handleOidc(request, response).catch((error: unknown) => {
          ctx.logger.error('oidc.failed', { error });
          if (!response.headersSent) refuse(response, 500, 'ERR_INTERNAL');
        });
      } else if (CLIENT_PATHS.some((root) => path === root || path.startsWith(`${root}/`))) {
        void handleClientApi(request, response);
      } else void handleApi(request, response);
    },
    close: () => Promise.resolve(),
  };
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
    .end(JSON.stringify({ title: 'Request refused', status, code }));
}
