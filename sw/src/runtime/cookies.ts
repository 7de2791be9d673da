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

export type CookieView = ReturnType<typeof createCookieView>;

/** Answers for one document; `initial` is what the jar held when the document was sent. */
export function createCookieView(
  initial: VisibleCookie[],
  link: WorkerLink,
  pathname: () => string,
) {
  let cookies = initial;
  const listeners = new Set<(before: VisibleCookie[], after: VisibleCookie[]) => void>();
  const replace = (after: VisibleCookie[]): void => {
    const before = cookies;
    cookies = after;
    for (const listener of listeners) listener(before, after);
  };
  link.listen((message) => {
    if (message.type !== 'postern.cookies') return;
    replace(message.cookies);
    link.send({ type: 'postern.cookies-seen', version: message.version });
  });
  const visible = (): VisibleCookie[] => {
    const nowMs = Date.now();
    return cookies
      .filter(
        ({ path, expiresAtMs }) =>
          pathMatches(pathname(), path) && (expiresAtMs === null || expiresAtMs > nowMs),
      )
      .sort((a, b) => b.path.length - a.path.length);
  };
  return {
    /** The cookies that this document may see, in the order of {@link read}. */
    visible,
    /** Calls with each change, whoever made it. */
    onChange: (listener: (before: VisibleCookie[], after: VisibleCookie[]) => void): void =>
      void listeners.add(listener),
    /** Longest path first, as RFC 6265bis §5.8.3 orders them; the jar keeps creation order. */
    read: (): string => serializeCookies(visible()),
    write(value: string): void {
      replace(applyAssignment(cookies, value, pathname()));
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
  const { name, value, secure, partitioned, sameSite, expiresAtMs } = parsed;
  const path = parsed.path ?? defaultPath(pathname);
  const index = cookies.findIndex((cookie) => cookie.name === name && cookie.path === path);
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs)
    return cookies.filter((_, other) => other !== index);
  const cookie: VisibleCookie = {
    ...{ name, value, path, secure, partitioned },
    sameSite: sameSite === 'default' ? 'lax' : sameSite,
    expiresAtMs: expiresAtMs ?? null,
  };
  return index === -1 ? [...cookies, cookie] : cookies.with(index, cookie);
}
