/** Which cookies a site may set at all; apart from the jar, for pages, which have no room for its schemas. */
import { domainMatches } from './matching.ts';
import type { ParsedSetCookie } from './set-cookie.ts';

/** The loopback names that browsers trust count as secure. */
export function isSecureOrigin({
  protocol,
  hostname,
}: Pick<URL, 'protocol' | 'hostname'>): boolean {
  return protocol === 'https:' || /(?:^|\.)localhost$|^127\.0\.0\.1$/.test(hostname);
}

/** What a site may set at all (RFC 6265bis §5.7, steps 8 to 19), whatever it has already. */
export function isAcceptable(
  parsed: ParsedSetCookie,
  path: string,
  { host, isSecure }: { host: string; isSecure: boolean },
  fromHttp: boolean,
): boolean {
  const { domain, secure, sameSite, partitioned } = parsed;
  const isOwn =
    domain === undefined ||
    domain === host ||
    (domain.includes('.') && domainMatches(host, domain));
  if (!isOwn || (secure && !isSecure)) return false;
  if ((sameSite === 'none' || partitioned) && !secure) return false;
  return prefixAllows(parsed, path, fromHttp);
}

/** RFC 6265bis §4.1.3; a nameless cookie must not pretend to have a prefix. */
function prefixAllows(parsed: ParsedSetCookie, path: string, fromHttp: boolean): boolean {
  const { name, value, secure, httpOnly, domain } = parsed;
  const text = (name === '' ? value : name).toLowerCase();
  const isHost = text.startsWith('__host-');
  const isHttp = text.startsWith('__http-') || text.startsWith('__host-http-');
  if (!isHost && !isHttp && !text.startsWith('__secure-')) return true;
  if (name === '' || !secure || (isHttp && !(httpOnly && fromHttp))) return false;
  return !isHost || (domain === undefined && path === '/');
}
