/**
 * Origins that may be applications of the same gateway, by their names alone. A service worker decides at
 * once whether it answers a request, before it can ask anybody, and requests to the rest of the Internet must
 * not pass it: so only hosts beside or below its own come into question.
 */

/** True for an origin beside `own`: same scheme and port, a name of the same parent domain. */
export function isSibling(own: URL, other: URL): boolean {
  if (own.protocol !== other.protocol || own.port !== other.port) return false;
  if (own.hostname === other.hostname) return false;
  const parent = parentDomain(own.hostname);
  if (parent === undefined) return false;
  return other.hostname === parent || other.hostname.endsWith(`.${parent}`);
}

/** CSP source expressions for all {@link isSibling} of `own`. */
export function siblingSources(own: URL): string[] {
  const parent = parentDomain(own.hostname);
  if (parent === undefined) return [];
  const port = own.port === '' ? '' : `:${own.port}`;
  return [`${own.protocol}//${parent}${port}`, `${own.protocol}//*.${parent}${port}`];
}

/** `wiki.example.com` and `example.com` are in `example.com`, `wiki.localhost` in `localhost`. */
function parentDomain(hostname: string): string | undefined {
  if (/^[\d.]+$|^\[/.test(hostname)) return undefined;
  const labels = hostname.split('.');
  const isWhole = labels.length < 3 && labels.at(-1) !== 'localhost';
  if (labels.length === 1) return hostname === 'localhost' ? hostname : undefined;
  return isWhole ? hostname : labels.slice(1).join('.');
}
