/**
 * `document.cookie` over the worker's jar: reads are answered from a copy that the worker keeps up to
 * date, writes are shown at once and sent on. HttpOnly cookies never come here.
 */
import type { VisibleCookie } from '../messages/page.ts';
import type { WorkerLink } from './worker-link.ts';

/** Answers for one document; `cookies` is what the jar held when the document was sent. */
export function createCookieView(
  initial: VisibleCookie[],
  link: WorkerLink,
  pathname: () => string,
) {
  let cookies = initial;
  link.listen((message) => {
    if (message.type !== 'postern.cookies') return;
    cookies = message.cookies;
    link.send({ type: 'postern.cookies-seen', version: message.version });
  });
  return {
    /** Longest path first, as RFC 6265bis §5.8.3 orders them; the jar keeps creation order. */
    read: (): string =>
      cookies
        .filter(({ path }) => pathMatches(pathname(), path))
        .sort((a, b) => b.path.length - a.path.length)
        .map(({ name, value }) => (name === '' ? value : `${name}=${value}`))
        .join('; '),
    write(value: string): void {
      cookies = applyAssignment(cookies, value, pathname());
      link.send({ type: 'postern.cookie', value });
    },
  };
}

/** A first guess at what the jar will make of an assignment; the jar's answer replaces it. */
export function applyAssignment(
  cookies: VisibleCookie[],
  assignment: string,
  pathname: string,
): VisibleCookie[] {
  const [pair = '', ...attributes] = assignment.split(';');
  const at = pair.indexOf('=');
  const name = at === -1 ? '' : pair.slice(0, at).trim();
  const value = pair.slice(at + 1).trim();
  const attribute = (wanted: string): string | undefined =>
    attributes
      .map((text) => text.split('='))
      .findLast(([key = '']) => key.trim().toLowerCase() === wanted)
      ?.slice(1)
      .join('=')
      .trim();
  if ((name === '' && value === '') || attribute('httponly') !== undefined) return cookies;
  const givenPath = attribute('path');
  const path = givenPath?.startsWith('/') === true ? givenPath : defaultPath(pathname);
  const index = cookies.findIndex((cookie) => cookie.name === name && cookie.path === path);
  if (isExpired(attribute('max-age'), attribute('expires'))) {
    return cookies.filter((_, other) => other !== index);
  }
  const cookie = { name, value, path };
  return index === -1 ? [...cookies, cookie] : cookies.with(index, cookie);
}

function isExpired(maxAge: string | undefined, expires: string | undefined): boolean {
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  return expires !== undefined && Date.parse(expires) <= Date.now();
}

/** RFC 6265bis §5.1.4. */
function defaultPath(pathname: string): string {
  return pathname.slice(0, Math.max(pathname.lastIndexOf('/'), 0)) || '/';
}

/** RFC 6265bis §5.1.4. */
function pathMatches(pathname: string, path: string): boolean {
  return (
    pathname === path ||
    (pathname.startsWith(path) && (path.endsWith('/') || pathname[path.length] === '/'))
  );
}
