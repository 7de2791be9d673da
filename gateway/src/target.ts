/** Longest request URL, in UTF-16 units. */
const MAX_URL_LENGTH = 8192;

/** What a request is for: parsed once, and the only thing decisions are made on. */
interface Target {
  /** Lower-case host with port, without a default port; as in `URL.host`. */
  host: string;
  /** Path as sent, dot segments resolved, percent-encoding untouched. */
  path: string;
}

/** A name or IPv4 address and an optional port. User info, spaces, IPv6 and anything else is refused. */
const hostPattern = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?$/i;

/**
 * Reads host and path. `undefined` for a URL or host that is malformed, and for a `Host` header that
 * contradicts an absolute-form target (RFC 9112 §3.2.2).
 *
 * @param scheme of the origins served, `http:` or `https:`; decides which port is the default one
 */
export function parseTarget(request: Request, scheme: string): Target | undefined {
  const { url } = request;
  if (url.length > MAX_URL_LENGTH || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  const header = request.headers.get('host') ?? parsed.host;
  if (!hostPattern.test(header)) return undefined;
  const origin = `${scheme}//${header}`;
  if (!URL.canParse(origin)) return undefined;
  const { host, hostname } = new URL(origin);
  return hostname === parsed.hostname ? { host, path: parsed.pathname } : undefined;
}

const documentDestinations = new Set(['document', 'iframe', 'frame', 'fencedframe']);
const navigationMethods = new Set(['GET', 'HEAD', 'POST']);

/**
 * True when the answer becomes a document. Browsers say so by `Sec-Fetch-Dest` (Fetch Metadata §2.1);
 * where it is missing, `Accept` is the best there is.
 */
export function isNavigation(request: Request): boolean {
  if (!navigationMethods.has(request.method)) return false;
  const destination = request.headers.get('sec-fetch-dest');
  if (destination !== null) return documentDestinations.has(destination);
  return (request.headers.get('accept') ?? '').includes('text/html');
}
