/**
 * The cookies of one user at one app (RFC 6265bis §5.7, §5.8.3), without I/O. All are host-only: a
 * `Domain` that covers the app's host is clamped to it, any other refused. So no cookie reaches another
 * app, and no public suffix list is needed: of suffixes, those of one label are refused as in browsers,
 * longer ones (`co.uk`) are clamped too.
 */
import { z } from 'zod';
import { fromByteString, toByteString } from './byte-string.ts';
import { isAcceptable, isSecureOrigin } from './acceptance.ts';
import { defaultPath, pathMatches } from './matching.ts';
import { serializeCookies } from './serialize.ts';
import { parseSetCookie, type ParsedSetCookie } from './set-cookie.ts';

/** Cookies kept; see {@link CookieJar} for which one goes. */
export const MAX_COOKIES = 180;

// A function: what runs at import would bring all of zod into the page runtime, which wants other things here.
const storedCookieSchema = () =>
  z.strictObject({
    name: z.string().max(4096),
    value: z.string().max(6144),
    path: z.string().max(1024),
    secure: z.boolean(),
    httpOnly: z.boolean(),
    partitioned: z.boolean().default(false),
    sameSite: z.enum(['strict', 'lax', 'none', 'default']),
    /** `null`: until the session ends. */
    expiresAtMs: z.number().nullable(),
    createdAtMs: z.number(),
    lastUsedAtMs: z.number(),
  });
type StoredCookie = z.infer<ReturnType<typeof storedCookieSchema>>;

/** Where a request comes from; decides over SameSite. */
export interface CookieContext {
  /** Initiated by a page of the same site (or typed by the user). */
  readonly sameSite: boolean;
  /** A top-level navigation. */
  readonly navigation: boolean;
  readonly method: string;
}

export interface CookieJarOptions {
  /** The app's origin, for example `https://wiki.example.com`. */
  readonly origin: string;
  readonly nowMs: () => number;
}

/** A cookie as script may see it. */
export interface VisibleCookie {
  name: string;
  value: string;
  path: string;
  secure: boolean;
  sameSite: 'strict' | 'lax' | 'none';
  partitioned: boolean;
  /** `null`: until the session ends. */
  expiresAtMs: number | null;
}

/** How long a cookie that says nothing of `SameSite` goes along with unsafe navigations from elsewhere. */
const LAX_UNSAFE_MS = 120_000;

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** At most {@link MAX_COOKIES}: beyond, insecure ones go first, then those not used for longest. */
export class CookieJar {
  readonly #host: string;
  readonly #isSecure: boolean;
  readonly #nowMs: () => number;
  /** By name and path: what RFC 6265bis calls the same cookie, for one domain. Oldest first. */
  readonly #cookies = new Map<string, StoredCookie>();

  constructor({ origin, nowMs }: CookieJarOptions) {
    const url = new URL(origin);
    this.#host = url.hostname;
    this.#isSecure = isSecureOrigin(url);
    this.#nowMs = nowMs;
  }

  /** Takes one `Set-Cookie` value of a response to `url`; false if it is refused. */
  setFromResponse(header: string, url: URL, context: CookieContext): boolean {
    const parsed = parseSetCookie(header, this.#nowMs());
    if (!parsed) return false;
    const crossSite = !context.sameSite && !context.navigation;
    if (crossSite && parsed.sameSite !== 'none') return false;
    return this.#store(parsed, url, true);
  }

  /** `document.cookie = header`: neither sets nor replaces an HttpOnly cookie. */
  setFromScript(header: string, url: URL): boolean {
    const parsed = parseSetCookie(toByteString(header), this.#nowMs());
    if (!parsed || parsed.httpOnly) return false;
    return this.#store(parsed, url, false);
  }

  /** Value of the `cookie` field for a request, or `undefined` if there is none. */
  cookieHeaderFor(url: URL, context: CookieContext): string | undefined {
    const cookies = this.#matching(url).filter((cookie) =>
      sameSiteAllows(cookie, context, this.#nowMs()),
    );
    return cookies.length === 0 ? undefined : serializeCookies(cookies);
  }

  /** What script may see, of any path, older ones first. */
  visible(): VisibleCookie[] {
    this.#dropExpired();
    return [...this.#cookies.values()]
      .filter(({ httpOnly }) => !httpOnly)
      .map(({ name, value, path, secure, sameSite, partitioned, expiresAtMs }) => ({
        ...{ path, secure, partitioned, expiresAtMs },
        name: fromByteString(name),
        value: fromByteString(value),
        sameSite: sameSite === 'default' ? 'lax' : sameSite,
      }));
  }

  /** What to persist. Values of HttpOnly cookies are as the connector sealed them. */
  toJSON(): StoredCookie[] {
    this.#dropExpired();
    return [...this.#cookies.values()].map((cookie) => ({ ...cookie }));
  }

  /** A jar from {@link CookieJar.toJSON}; from data of any other shape, an empty one. */
  static restore(stored: unknown, options: CookieJarOptions): CookieJar {
    const jar = new CookieJar(options);
    const { data = [] } = z.array(storedCookieSchema()).max(MAX_COOKIES).safeParse(stored);
    for (const cookie of data) jar.#cookies.set(identityOf(cookie), cookie);
    return jar;
  }

  #store(parsed: ParsedSetCookie, url: URL, fromHttp: boolean): boolean {
    const { secure, httpOnly, sameSite, partitioned, name, value } = parsed;
    const path = parsed.path ?? defaultPath(url.pathname);
    const site = { host: this.#host, isSecure: this.#isSecure };
    if (!isAcceptable(parsed, path, site, fromHttp)) return false;
    const now = this.#nowMs();
    const cookie: StoredCookie = {
      ...{ name, value, path, secure, httpOnly, sameSite, partitioned },
      expiresAtMs: parsed.expiresAtMs ?? null,
      createdAtMs: now,
      lastUsedAtMs: now,
    };
    const key = identityOf(cookie);
    const previous = this.#cookies.get(key);
    if (previous?.httpOnly && !fromHttp) return false;
    if (previous) cookie.createdAtMs = previous.createdAtMs;
    this.#cookies.set(key, cookie);
    this.#dropExpired();
    this.#evict();
    return true;
  }

  /** Longer paths first, then older cookies: RFC 6265bis §5.8.3. */
  #matching(url: URL): StoredCookie[] {
    if (url.hostname !== this.#host) return [];
    this.#dropExpired();
    const now = this.#nowMs();
    return [...this.#cookies.values()]
      .filter(
        (cookie) => pathMatches(url.pathname, cookie.path) && (!cookie.secure || this.#isSecure),
      )
      .sort((a, b) => b.path.length - a.path.length || a.createdAtMs - b.createdAtMs)
      .map((cookie) => {
        cookie.lastUsedAtMs = now;
        return cookie;
      });
  }

  #dropExpired(): void {
    const now = this.#nowMs();
    for (const [key, { expiresAtMs }] of this.#cookies) {
      if (expiresAtMs !== null && expiresAtMs <= now) this.#cookies.delete(key);
    }
  }

  #evict(): void {
    const surplus = this.#cookies.size - MAX_COOKIES;
    if (surplus <= 0) return;
    const worstFirst = [...this.#cookies].sort(
      ([, a], [, b]) => Number(a.secure) - Number(b.secure) || a.lastUsedAtMs - b.lastUsedAtMs,
    );
    for (const [key] of worstFirst.slice(0, surplus)) this.#cookies.delete(key);
  }
}

function sameSiteAllows(
  { sameSite, createdAtMs }: StoredCookie,
  context: CookieContext,
  nowMs: number,
): boolean {
  if (context.sameSite || sameSite === 'none') return true;
  if (sameSite === 'strict' || !context.navigation) return false;
  if (SAFE_METHODS.has(context.method.toUpperCase())) return true;
  // Sign-in by a form from an identity provider needs the cookie that was set right before.
  return sameSite === 'default' && nowMs - createdAtMs < LAX_UNSAFE_MS;
}

function identityOf({ name, path }: StoredCookie): string {
  return JSON.stringify([name, path]);
}
