/**
 * `document.cookie` over the worker's jar: reads are answered from a copy that the worker keeps up to
 * date, writes are shown at once and sent on. HttpOnly cookies never come here.
 */
import {
  defaultPath,
  parseSetCookie,
  pathMatches,
  serializeCookies,
  type VisibleCookie,
} from '@postern/shared/cookies';
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
      serializeCookies(
        cookies
          .filter(({ path }) => pathMatches(pathname(), path))
          .sort((a, b) => b.path.length - a.path.length),
      ),
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
  const nowMs = Date.now();
  const parsed = parseSetCookie(assignment, nowMs);
  if (parsed === undefined || parsed.httpOnly) return cookies;
  const { name, value, expiresAtMs = Infinity } = parsed;
  const path = parsed.path ?? defaultPath(pathname);
  const index = cookies.findIndex((cookie) => cookie.name === name && cookie.path === path);
  if (expiresAtMs <= nowMs) return cookies.filter((_, other) => other !== index);
  const cookie = { name, value, path };
  return index === -1 ? [...cookies, cookie] : cookies.with(index, cookie);
}
