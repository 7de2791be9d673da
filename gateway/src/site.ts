import type { GatewaySettings } from './config.ts';
import { type BrandLogo, LOGO_PATH, LOGO_TYPES, type Branding } from '@postern/shared/branding';
import type { BrandingLookup } from './branding-lookup.ts';
import { LOGO_CSP } from './csp.ts';
import type { PageName } from './pages.ts';
import type { Reply, Responder } from './responses.ts';
import { ASSETS_PATH, type SiteFiles } from './site-files.ts';

/** What both kinds of origin are made from. */
export interface SiteDeps {
  files: SiteFiles;
  settings: GatewaySettings;
  responder: Responder;
  /** One of the gateway's own pages. */
  page(request: Request, name: PageName, branding?: Branding): Promise<Response>;
  branding: BrandingLookup;
}

/** True for a browser fetching the script of some service worker (Service Workers §"Handle Fetch"). */
export function isServiceWorkerScript(request: Request): boolean {
  return request.headers.has('service-worker');
}

/** Refuses every worker script but ours: a page's own would replace our worker. */
export function refuseServiceWorker(request: Request, responder: Responder): Response {
  return responder.problem(
    request,
    403,
    'ERR_GATEWAY_SERVICE_WORKER',
    'Only /postern-sw.js may be a service worker of an application',
  );
}

/** Sends a file that is only ever read. */
export function sendFile(request: Request, responder: Responder, reply: Reply): Response {
  if (request.method === 'GET' || request.method === 'HEAD') return responder.send(request, reply);
  return responder.send(request, {
    status: 405,
    body: '',
    type: 'text/plain; charset=utf-8',
    headers: { allow: 'GET, HEAD' },
  });
}

/** Answers a path below `/.postern/assets/`, from the manifest's exact names. */
export async function sendAsset(
  request: Request,
  path: string,
  { files, responder }: SiteDeps,
): Promise<Response | undefined> {
  if (!path.startsWith(ASSETS_PATH)) return undefined;
  const reply = await files.asset(path);
  if (reply !== undefined) return sendFile(request, responder, reply);
  return responder.problem(request, 404, 'ERR_GATEWAY_NOT_FOUND', 'There is no such file');
}

const logoName = /^([0-9a-f]{64})\.(png|svg)$/;

/**
 * Answers a path below `/.postern/branding/`: a logo by the SHA-256 of its bytes. For images in pages only: opened
 * by itself, an SVG would be a document.
 */
export async function sendLogo(
  request: Request,
  path: string,
  { branding, responder }: SiteDeps,
): Promise<Response | undefined> {
  if (!path.startsWith(LOGO_PATH)) return undefined;
  const [, sha256, extension] = logoName.exec(path.slice(LOGO_PATH.length)) ?? [];
  const isImage = (request.headers.get('sec-fetch-dest') ?? 'image') === 'image';
  const logo = sha256 !== undefined && isImage ? await branding.logo(sha256) : undefined;
  if (logo === undefined || !isNamed(logo.mediaType, extension)) {
    return responder.problem(request, 404, 'ERR_GATEWAY_NOT_FOUND', 'There is no such image');
  }
  return sendFile(request, responder, {
    body: logo.bytes,
    type: logo.mediaType,
    cacheControl: 'public, max-age=31536000, immutable',
    etag: `"${sha256 ?? ''}"`,
    csp: LOGO_CSP,
  });
}

const isNamed = (mediaType: BrandLogo['mediaType'], extension: string | undefined): boolean =>
  LOGO_TYPES[mediaType] === extension;

export function distinct(urls: readonly string[]): string[] {
  return [...new Set(urls.map((url) => new URL(url).origin))];
}
