/** The HTTPS listener of the Edge APIs: our own PKI, client certificates asked for but not required. */
import { createServer, type Server } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import type { ControllerContext } from '../context.ts';
import { MANAGEMENT_BASE } from '../edge-api/common-routes.ts';
import { createClientApi, createManagementApi } from '../edge-api/index.ts';
import type { TokenServices } from '../grants/token-services.ts';
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
  });
  const server = createServer({
    ...secureContext(),
    minVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: false,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    maxHeaderSize: 16_384,
  });
  pki.events.on('renewed', () => server.setSecureContext(secureContext()));
  return server;
}

/** Dispatches to the Management API under its base and to the Client API everywhere else. */
export function createAdminHandler(ctx: ControllerContext, tokens: Pick<TokenServices, 'grants'>) {
  const management = createManagementApi(ctx);
  const client = createClientApi(ctx, 'admin', tokens);
  return getRequestListener((request, env) => {
    const { pathname } = new URL(request.url);
    const isManagement = pathname === MANAGEMENT_BASE || pathname.startsWith(`${MANAGEMENT_BASE}/`);
    return (isManagement ? management : client).app.fetch(request, env);
  });
}
