/**
 * A cookie jar (RFC 6265bis §5.6.7, §5.8.3) for one origin. All cookies are host-only: a `Domain` that
 * covers the application's host is clamped to that host, any other is refused, so that no public
 * suffix list is needed and no cookie ever reaches another application.
 */
import { z } from 'zod';
import type { VisibleCookie } from '../../messages/page.ts';
import type { CookieContext } from '../fetch/app-requests.ts';
import { parseSetCookie, type ParsedCookie } from './set-cookie.ts';

/** Cookies kept; the least recently used goes first. */
export const MAX_COOKIES = 180;

const storedSchema = z.strictObject({
  name: z.string(),
  value: z.string(),
  path: z.string(),
  expiresAtMs: z.number().or(z.undefined()),
  secure: z.boolean(),
  httpOnly: z.boolean(),
  sameSite: z.enum(['strict', 'lax', 'none']).or(z.undefined()),
  createdAtMs: z.number(),
});
const jarSchema = z.array(storedSchema).max(MAX_COOKIES);
type Stored = z.infer<typeof storedSchema>;

export interface Jar {
  /** Value of `Cookie`; empty for none. */
  header(url: URL, context: CookieContext, nowMs: number): string;
  /** Keeps a `Set-Cookie` field of a response to a request for `url`. */
  storeFromResponse(value: string, url: URL, context: CookieContext, nowMs: number): void;
  /** Keeps an assignment to `document.cookie` of a page at `url`. */
  storeFromPage(value: string, url: URL, nowMs: number): void;
  /** What script may see, in the order it is shown. */
  visible(nowMs: number): VisibleCookie[];
  /** For storage; read again by {@link createJar}. */
  serialize(): unknown;
}

/** A jar with what was serialized; anything else gives an empty one. */
export function createJar(serialized: unknown, origin: string): Jar {
  const { hostname, protocol } = new URL(origin);
  const isTrustworthy = protocol === 'https:' || /(?:^|\.)localhost$|^127\.0\.0\.1$/.test(hostname);
  const parsed = jarSchema.safeParse(serialized);
  let cookies: Stored[] = parsed.success ? parsed.data : [];

  return { header, storeFromResponse, storeFromPage, visible, serialize: () => cookies };

  function header(url: URL, context: CookieContext, nowMs: number): string {
    return live(nowMs)
      .filter((cookie) => pathMatches(url.pathname, cookie.path) && maySend(cookie, context))
      .map(({ name, value }) => (name === '' ? value : `${name}=${value}`))
      .join('; ');
  }

  function storeFromResponse(text: string, url: URL, context: CookieContext, nowMs: number): void {
    const cookie = parseSetCookie(text, nowMs);
    const isRestricted = cookie?.sameSite === 'strict' || cookie?.sameSite === 'lax';
    const isThirdParty = !context.isSameSite && !context.isSafeTopLevelNavigation;
    if (cookie !== undefined && !(isRestricted && isThirdParty)) store(cookie, url, nowMs, true);
  }

  function storeFromPage(text: string, url: URL, nowMs: number): void {
    const cookie = parseSetCookie(text, nowMs);
    if (cookie !== undefined && !cookie.httpOnly) store(cookie, url, nowMs, false);
  }

  function store(cookie: ParsedCookie, url: URL, nowMs: number, fromHttp: boolean): void {
    const path = cookie.path ?? defaultPath(url.pathname);
    if (!isAcceptable(cookie, path)) return;
    const { name, value, expiresAtMs, secure, httpOnly, sameSite } = cookie;
    const old = cookies.find((known) => known.name === name && known.path === path);
    // §5.6.7 step 22: script neither sees nor replaces an HttpOnly cookie.
    if (old?.httpOnly === true && !fromHttp) return;
    const createdAtMs = old?.createdAtMs ?? nowMs;
    const added = { name, value, path, expiresAtMs, secure, httpOnly, sameSite, createdAtMs };
    const index = old === undefined ? cookies.length : cookies.indexOf(old);
    // An expired one takes its place only to be left out by the next line.
    cookies = order(cookies.toSpliced(index, 1, added));
    cookies = live(nowMs);
    if (cookies.length > MAX_COOKIES) {
      const oldest = cookies.reduce((a, b) => (b.createdAtMs < a.createdAtMs ? b : a));
      cookies = cookies.filter((known) => known !== oldest);
    }
  }

  function isAcceptable(
    { name, value, domain, secure, sameSite }: ParsedCookie,
    path: string,
  ): boolean {
    if (domain !== undefined && domain !== hostname && !hostname.endsWith(`.${domain}`))
      return false;
    if (secure && !isTrustworthy) return false;
    if (sameSite === 'none' && !secure) return false;
    // §4.1.3, also for a nameless cookie whose value looks like a prefixed name.
    const shown = (name === '' ? value : name).toLowerCase();
    if (shown.startsWith('__secure-')) return secure && name !== '';
    if (shown.startsWith('__host-'))
      return secure && name !== '' && domain === undefined && path === '/';
    return true;
  }

  function maySend({ secure, sameSite }: Stored, context: CookieContext): boolean {
    if (secure && !isTrustworthy) return false;
    if (context.isSameSite || sameSite === 'none') return true;
    return sameSite !== 'strict' && context.isSafeTopLevelNavigation;
  }

  function visible(nowMs: number): VisibleCookie[] {
    return live(nowMs)
      .filter(({ httpOnly }) => !httpOnly)
      .map(({ name, value, path }) => ({ name, value, path }));
  }

  function live(nowMs: number): Stored[] {
    return cookies.filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs);
  }
}

/** §5.8.3: longer paths first, then older cookies. */
function order(cookies: Stored[]): Stored[] {
  return cookies.sort((a, b) => b.path.length - a.path.length || a.createdAtMs - b.createdAtMs);
}

/** §5.1.4. */
export function defaultPath(pathname: string): string {
  return pathname.slice(0, Math.max(pathname.lastIndexOf('/'), 0)) || '/';
}

/** §5.1.4. */
export function pathMatches(pathname: string, path: string): boolean {
  return (
    pathname === path ||
    (pathname.startsWith(path) && (path.endsWith('/') || pathname[path.length] === '/'))
  );
}
