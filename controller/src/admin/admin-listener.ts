/** The HTTPS listener of the Edge APIs and the console: our own PKI, client certificates asked for but not required. */
import { createServer, type Server } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import { BUILT_CONSOLE } from '../console/console-files.ts';
import { CONSOLE_BASE, createConsole } from '../console/serve-console.ts';
import type { ControllerContext } from '../context.ts';
import { FABRIC_BASE, MANAGEMENT_BASE } from '../edge-api/common-routes.ts';
import { createClientApi, createManagementApi } from '../edge-api/index.ts';
import { createDatabaseOperations } from '../fabric-api/database-routes.ts';
import { createFabricApi } from '../fabric-api/index.ts';
import type { TokenServices } from '../grants/token-services.ts';
import { createEdgeOidcApp } from '../oidc/edge/edge-oidc-app.ts';
import type { Pki } from '../pki/pki.ts';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * TLS 1.2 because existing SDKs speak it; the certificate follows the PKI's renewals. No authorities
 * are named: clients may show certificates of any, and `auth/client-certificate.ts` judges them.
 */
export function createAdminServer(pki: Pki): Server {
  const secureContext = () => ({
    key: pki.server().keyPem,
    cert: pki.server().certChainPem,
    minVersion: 'TLSv1.2' as const,
  });
  const server = createServer({
    ...secureContext(),
    requestCert: true,
    rejectUnauthorized: false,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    maxHeaderSize: 16_384,
  });
  pki.events.on('renewed', () => server.setSecureContext(secureContext()));
  return server;
}

/** Dispatches to the Management and fabric APIs and the console under their bases, and to the Client API else. */
export function createAdminHandler(ctx: ControllerContext, tokens: TokenServices) {
  const client = createClientApi(ctx, 'admin', tokens);
  const oidc = createEdgeOidcApp(ctx, tokens);
  const database = createDatabaseOperations(ctx);
  const { enabled, dir = BUILT_CONSOLE } = ctx.config.console;
  const console = createConsole({ folder: enabled ? dir : undefined, logger: ctx.logger });
  const apis = [
    [MANAGEMENT_BASE, createManagementApi(ctx, database, tokens)],
    [FABRIC_BASE, createFabricApi(ctx, database)],
  ] as const;
  return getRequestListener((request, env) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith('/oidc/') || pathname === '/.well-known/openid-configuration')
      return oidc.fetch(request, env);
    if (pathname === CONSOLE_BASE || pathname.startsWith(`${CONSOLE_BASE}/`))
      return console(request);
    const [, api = client] =
      apis.find(([base]) => pathname === base || pathname.startsWith(`${base}/`)) ?? [];
    return api.app.fetch(request, env);
  });
}
