/**
 * `document.cookie` over the worker's jar: reads are answered from a copy that the worker keeps up to
 * date, writes are shown at once and sent on. HttpOnly cookies never come here.
 */
import {
  defaultPath,
  fromByteString,
  isAcceptable,
  isSecureOrigin,
  parseSetCookie,
  pathMatches,
  serializeCookies,
  toByteString,
  type VisibleCookie,
} from '@postern/shared/cookies';
import type { WorkerLink } from './worker-link.ts';

/** Writes kept until the jar decides; a page that writes more in one go shows the last of them. */
const MAX_UNDECIDED = 256;

/** Of the page; may change its path. */
export type PageLocation = Pick<Location, 'hostname' | 'pathname' | 'protocol'>;

export type CookieView = ReturnType<typeof createCookieView>;

/**
 * Answers for one document; `initial` is what the jar held when the document was sent.
 * @param sendAhead sends a numbered write in a request
 */
export function createCookieView(
  initial: VisibleCookie[],
  link: Pick<WorkerLink, 'send' | 'listen'>,
  location: PageLocation,
  sendAhead: (number: number, value: string) => void = () => undefined,
) {
  let cookies = initial;
  let writes = 0;
  /** Writes that the jar has not yet decided on, shown over what it says. */
  let undecided: { number: number; value: string }[] = [];
  const listeners = new Set<(before: VisibleCookie[], after: VisibleCookie[]) => void>();
  const replace = (after: VisibleCookie[]): void => {
    const before = cookies;
    cookies = after;
    for (const listener of listeners) listener(before, after);
  };
  link.listen((message) => {
    if (message.type !== 'postern.cookies') return;
    undecided = undecided.filter(({ number }) => number > message.written);
    replace(
      undecided.reduce(
        (shown, { value }) => applyAssignment(shown, value, location),
        message.cookies,
      ),
    );
    link.send({ type: 'postern.cookies-seen', version: message.version });
  });
  const visible = (): VisibleCookie[] => {
    const nowMs = Date.now();
    return cookies
      .filter(
        ({ path, expiresAtMs }) =>
          pathMatches(location.pathname, path) && (expiresAtMs === null || expiresAtMs > nowMs),
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
      replace(applyAssignment(cookies, value, location));
      undecided = [...undecided, { number: ++writes, value }].slice(-MAX_UNDECIDED);
      // A message may be overtaken by the page's next request, a request by none: what comes first counts.
      sendAhead(writes, value);
      link.send({ type: 'postern.cookie', number: writes, value });
    },
  };
}

/** A first guess at what the jar will make of an assignment; the jar's answer replaces it. */
export function applyAssignment(
  cookies: VisibleCookie[],
  assignment: string,
  { hostname, pathname, protocol }: PageLocation,
): VisibleCookie[] {
  const nowMs = Date.now();
  const parsed = parseSetCookie(toByteString(assignment), nowMs);
  if (parsed === undefined || parsed.httpOnly) return cookies;
  const name = fromByteString(parsed.name);
  const value = fromByteString(parsed.value);
  const { secure, partitioned, sameSite, expiresAtMs } = parsed;
  const path = parsed.path ?? defaultPath(pathname);
  const isSecure = isSecureOrigin({ hostname, protocol });
  if (!isAcceptable(parsed, path, { host: hostname, isSecure }, false)) return cookies;
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
