/**
 * What the loader document and the service worker say to each other.
 *
 * The loader posts a {@link LoaderRequest} to the active worker together with one end of a
 * `MessageChannel`; the worker answers exactly once, on that port, with a {@link LoaderReply}.
 * Any page of the origin can post these messages, so they are a public API: both sides parse what
 * they receive and no reply holds a secret. Parsed by hand, because the loader has no room for a
 * schema library.
 */

/** Asks the worker to make ready for opening `url`, an absolute URL of the worker's own origin. */
export interface PrepareRequest {
  type: 'postern.prepare';
  url: string;
}

export type LoaderRequest = PrepareRequest;

export type LoaderReply =
  /** A session exists: load `url` again and the worker answers it. */
  | { kind: 'ready' }
  /** Nobody is signed in: go to `authorizeUrl` (on the issuer's origin); the worker kept `url`. */
  | { kind: 'sign-in'; authorizeUrl: string }
  /** `code` is `ERR_<AREA>_<WHAT>`, mostly one of `@postern/shared/errors` reasons. */
  | { kind: 'error'; code: string };

/**
 * Every Cache Storage cache and IndexedDB database of the worker and the page runtime has a name
 * that begins so. The kill switch deletes these and leaves the application's own storage alone.
 */
export const STORAGE_PREFIX = 'postern';

/** Longest URL taken from a message, in UTF-16 units. */
const MAX_URL_LENGTH = 16_384;

const codePattern = /^ERR_[A-Z0-9_]{1,60}$/;

/** The request, or `undefined` for anything else. The caller still checks the URL's origin. */
export function parseLoaderRequest(value: unknown): LoaderRequest | undefined {
  if (!isRecord(value) || value['type'] !== 'postern.prepare') return undefined;
  const url = httpUrl(value['url']);
  return url === undefined ? undefined : { type: 'postern.prepare', url };
}

/** The reply, or `undefined` for anything else. */
export function parseLoaderReply(value: unknown): LoaderReply | undefined {
  if (!isRecord(value)) return undefined;
  switch (value['kind']) {
    case 'ready':
      return { kind: 'ready' };
    case 'sign-in': {
      const authorizeUrl = httpUrl(value['authorizeUrl']);
      return authorizeUrl === undefined ? undefined : { kind: 'sign-in', authorizeUrl };
    }
    case 'error': {
      const code = value['code'];
      return typeof code === 'string' && codePattern.test(code)
        ? { kind: 'error', code }
        : undefined;
    }
    default:
      return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** An absolute `http:` or `https:` URL: a `javascript:` one must never reach `location`. */
function httpUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_URL_LENGTH || !URL.canParse(value))
    return undefined;
  const { protocol, href } = new URL(value);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}
