import { z } from 'zod';
import type { ControllerContext } from '../context.ts';
import { detail, type EdgeReply } from './envelope.ts';
import { addDescriptionRoutes } from './description-routes.ts';
import { contentOf, detailOf } from './responses.ts';
import type { EdgeRoutes } from './routes.ts';

/** As OpenZiti clients read it: they want 1.0.0 or newer before they use today's paths. */
const VERSION = 'v1.0.0';

/** Every capability that OpenZiti's clients know by name. */
const CAPABILITIES = ['OIDC_AUTH', 'OIDC_AUTH_WITH_CSR', 'HA_CONTROLLER'];

const apiSchema = z.record(
  z.string(),
  z.strictObject({ path: z.string(), apiBaseUrls: z.array(z.string()) }),
);
const versionSchema = z
  .strictObject({
    version: z.string(),
    revision: z.string(),
    buildDate: z.string(),
    runtimeVersion: z.string(),
    apiVersions: z.record(z.string(), apiSchema),
    capabilities: z.array(z.string()),
  })
  .meta({ id: 'Version' });

export const MANAGEMENT_BASE = '/edge/management/v1';
export const CLIENT_BASE = '/edge/client/v1';
export const FABRIC_BASE = '/fabric/v1';

/** Under which prefixes the Client API answers. */
export const CLIENT_BASES: readonly string[] = [CLIENT_BASE, '/edge/v1'];

/** The listeners that serve Edge APIs: `admin` both of them, `public` the Client API alone. */
export type EdgeListener = 'admin' | 'public';

/** What both APIs answer without a session: version, CA certificates, their own description. */
export function addCommonRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  { title, base, listener }: { title: string; base: string; listener: EdgeListener },
): void {
  const version = (): Promise<EdgeReply> => Promise.resolve(detail(versionDocument(ctx, listener)));
  for (const path of ['/version', '/']) {
    routes.add(
      {
        method: 'get',
        path,
        access: 'anyone',
        summary: 'Version and paths of the APIs',
        operationId: path === '/' ? 'listRoot' : 'listVersion',
        tag: 'version',
        response: detailOf(versionSchema),
      },
      version,
    );
  }
  routes.add(
    {
      method: 'get',
      path: '/.well-known/est/cacerts',
      access: 'anyone',
      summary: 'CA certificates, PKCS#7 (RFC 7030 §4.1.3)',
      operationId: 'listWellKnownCas',
      response: contentOf('application/pkcs7-mime', 'Base64 of a certs-only PKCS#7'),
    },
    () =>
      Promise.resolve(
        new Response(ctx.pki.cacertsPkcs7, {
          headers: {
            'content-type': 'application/pkcs7-mime',
            'content-transfer-encoding': 'base64',
          },
        }),
      ),
  );
  routes.add(
    {
      method: 'get',
      path: '/enumerated-capabilities',
      access: 'anyone',
      summary: 'Names of capabilities that `/version` may list',
      operationId: 'listEnumeratedCapabilities',
      response: detailOf(z.array(z.string())),
    },
    () => Promise.resolve(detail(CAPABILITIES)),
  );
  addDescriptionRoutes(routes, { title, base });
}

/** Tells of what the asked listener serves, so that nobody learns of `admin` from `public`. */
function versionDocument({ endpoints }: ControllerContext, listener: EdgeListener) {
  const api = (path: string) => ({ v1: { path, apiBaseUrls: [endpoints[listener] + path] } });
  return {
    version: VERSION,
    revision: 'unknown',
    buildDate: '1970-01-01T00:00:00Z',
    runtimeVersion: process.version,
    apiVersions: {
      edge: api(CLIENT_BASE),
      'edge-client': api(CLIENT_BASE),
      ...(listener === 'admin' && {
        'edge-management': api(MANAGEMENT_BASE),
        fabric: api(FABRIC_BASE),
      }),
    },
    capabilities: [],
  };
}
