import { siblingSources } from '@postern/shared/origins';

/** Content security policies. Everything starts from `default-src 'none'`. */

/** For responses that never run anything: JSON, assets, refusals. */
export const INERT_CSP = policy({});

/** What a document of the build may run: its hashed files, and inline elements by hash. */
interface DocumentSources {
  /** Absolute URL of the assets folder, ending in a slash. */
  assetsUrl: string;
  scriptHashes: readonly string[];
  styleHashes: readonly string[];
}

/** The gateway's own pages: no script at all, one inline style, the operator's logo. */
export function pageCsp(styleHash: string): string {
  return policy({ 'style-src': [styleHash], 'img-src': ["'self'"] });
}

/** A logo opened by itself is a document of nobody's origin, in which nothing runs. */
export const LOGO_CSP = `${INERT_CSP}; sandbox`;

/** The loader: runs its script, registers one worker and shows a logo, nothing else. */
export function loaderCsp(
  document: DocumentSources & { logosUrl: string },
  serviceWorkerUrl: string,
): string {
  return policy({
    ...documentSources(document),
    'img-src': [document.logosUrl],
    'worker-src': [serviceWorkerUrl],
  });
}

/** The login origin: talks to itself, the controller and the identity providers. */
export function loginCsp(document: DocumentSources, connectOrigins: readonly string[]): string {
  return policy({
    ...documentSources(document),
    'connect-src': ["'self'", ...connectOrigins],
    'img-src': ["'self'"],
    'require-trusted-types-for': ["'script'"],
    'trusted-types': ["'none'"],
  });
}

/**
 * The service worker runs under the policy of its own script. `wasm-unsafe-eval` is for libsodium.
 * Routers are not known here, so any WebSocket may be opened: a router is proven by the handshake,
 * not by its address. Requests of pages to origins beside theirs pass the worker, which leaves to the
 * network what is no application's.
 */
export function serviceWorkerCsp(origin: string, controllerOrigins: readonly string[]): string {
  const own = new URL(origin);
  return policy({
    'script-src': ["'wasm-unsafe-eval'"],
    'connect-src': [
      "'self'",
      ...siblingSources(own),
      ...controllerOrigins,
      own.protocol === 'https:' ? 'wss:' : 'ws:',
    ],
  });
}

/** A CSP hash source (CSP Level 3 §2.3.1) for an inline element's text. */
export async function hashSource(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

function documentSources({ assetsUrl, scriptHashes, styleHashes }: DocumentSources) {
  return {
    'script-src': [assetsUrl, ...scriptHashes],
    'style-src': [assetsUrl, ...styleHashes],
  };
}

function policy(directives: Readonly<Record<string, readonly string[]>>): string {
  const all = {
    'default-src': ["'none'"],
    ...directives,
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  return Object.entries(all)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');
}
