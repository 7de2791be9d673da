/**
 * The cookies of one user at one app (RFC 6265bis), without I/O. Domains are clamped to the app's own
 * host: one origin per app, so a cookie for a parent domain stays with the app that set it.
 */
import { z } from 'zod';
import { defaultPath, domainMatches, isIpAddress, pathMatches } from './matching.ts';
import { parseSetCookie, type ParsedSetCookie, type SameSite } from './set-cookie.ts';

export const MAX_COOKIES_PER_DOMAIN = 50;
export const MAX_COOKIES = 180;

const storedCookieSchema = z.strictObject({
  name: z.string().max(4096),
  value: z.string().max(4096),
  /** The app's host, or a parent domain of it. */
  domain: z.string().max(1024),
  hostOnly: z.boolean(),
  path: z.string().max(1024),
  secure: z.boolean(),
  httpOnly: z.boolean(),
  sameSite: z.enum(['strict', 'lax', 'none']),
  /** `null`: until the session ends. */
  expiresAtMs: z.number().nullable(),
  createdAtMs: z.number(),
  lastUsedAtMs: z.number(),
});
export type StoredCookie = z.infer<typeof storedCookieSchema>;
const storedCookiesSchema = z.array(storedCookieSchema).max(MAX_COOKIES);

/** Where a request comes from; decides over SameSite. */
export interface CookieContext {
  /** Initiated by a page of the same site (or typed by the user). */
  readonly sameSite: boolean;
  /** A top-level navigation. */
  readonly navigation: boolean;
  readonly method: string;
}

export interface CookieJarOptions {
  /** Host of the app's origin, for example `wiki.example.com`. */
  readonly host: string;
  /** Counts as secure: `https:`, and the loopback names that browsers trust. */
  readonly secureOrigin: boolean;
  /** True for `com`, `co.uk`, `github.io`: no cookie may be set for such a domain. */
  readonly isPublicSuffix: (domain: string) => boolean;
  readonly nowMs: () => number;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export class CookieJar {
  readonly #options: CookieJarOptions;
  /** By name, domain and path: what RFC 6265bis calls the same cookie. Oldest first. */
  readonly #cookies = new Map<string, StoredCookie>();

  constructor(options: CookieJarOptions) {
    this.#options = options;
  }

  /** Takes one `Set-Cookie` value of a response to `url`; false if it is refused. */
  setFromResponse(header: string, url: URL, context: CookieContext): boolean {
    const parsed = parseSetCookie(header, this.#options.nowMs());
    if (!parsed) return false;
    const crossSite = !context.sameSite && !context.navigation;
    if (crossSite && parsed.sameSite !== 'none') return false;
    return this.#store(parsed, url, true);
  }

  /** `document.cookie = header`: neither sets nor replaces an HttpOnly cookie. */
  setFromScript(header: string, url: URL): boolean {
    const parsed = parseSetCookie(header, this.#options.nowMs());
    if (!parsed || parsed.httpOnly) return false;
    return this.#store(parsed, url, false);
  }

  /** Value of the `cookie` field for a request, or `undefined` if there is none. */
  cookieHeaderFor(url: URL, context: CookieContext): string | undefined {
    const cookies = this.#matching(url).filter((cookie) =>
      sameSiteAllows(cookie.sameSite, context),
    );
    return cookies.length === 0 ? undefined : this.#serialise(cookies);
  }

  /** What `document.cookie` reads at `url`. */
  scriptVisible(url: URL): string {
    return this.#serialise(this.#matching(url).filter((cookie) => !cookie.httpOnly));
  }

  /** Forgets everything. */
  clear(): void {
    this.#cookies.clear();
  }

  /** What to persist. Values of HttpOnly cookies are as the connector sealed them. */
  toJSON(): StoredCookie[] {
    this.#dropExpired();
    return [...this.#cookies.values()].map((cookie) => ({ ...cookie }));
  }

  /** A jar from {@link CookieJar.toJSON}; throws a ZodError for data of another shape. */
  static restore(stored: unknown, options: CookieJarOptions): CookieJar {
    const jar = new CookieJar(options);
    for (const cookie of storedCookiesSchema.parse(stored)) {
      if (domainMatches(options.host, cookie.domain)) jar.#cookies.set(identityOf(cookie), cookie);
    }
    return jar;
  }

  #store(parsed: ParsedSetCookie, url: URL, fromHttp: boolean): boolean {
    const { secureOrigin, nowMs } = this.#options;
    const domain = this.#acceptedDomain(parsed.domain);
    if (domain === undefined) return false;
    const { secure, httpOnly, sameSite, name, value } = parsed;
    if (secure && !secureOrigin) return false;
    if (sameSite === 'none' && !secure) return false;
    if (!prefixAllows(parsed)) return false;
    const path = parsed.path ?? defaultPath(url.pathname);
    const hostOnly = parsed.domain === undefined;
    const cookie: StoredCookie = {
      ...{ name, value, domain, hostOnly, path, secure, httpOnly, sameSite },
      expiresAtMs: parsed.expiresAtMs ?? null,
      createdAtMs: nowMs(),
      lastUsedAtMs: nowMs(),
    };
    const key = identityOf(cookie);
    const previous = this.#cookies.get(key);
    if (previous?.httpOnly && !fromHttp) return false;
    if (previous) cookie.createdAtMs = previous.createdAtMs;
    this.#cookies.set(key, cookie);
    this.#dropExpired();
    this.#evict(domain);
    return true;
  }

  /** The domain to store under, `undefined` if the attribute names a foreign one. */
  #acceptedDomain(attribute: string | undefined): string | undefined {
    const { host, isPublicSuffix } = this.#options;
    if (attribute === undefined || attribute === host) return host;
    if (isIpAddress(host) || !domainMatches(host, attribute)) return undefined;
    return isPublicSuffix(attribute) ? undefined : attribute;
  }

  /** Longer paths first, then older cookies: RFC 6265bis §5.8.3. */
  #matching(url: URL): StoredCookie[] {
    const { host, secureOrigin, nowMs } = this.#options;
    if (url.hostname !== host) return [];
    this.#dropExpired();
    const now = nowMs();
    return [...this.#cookies.values()]
      .filter(
        (cookie) => pathMatches(url.pathname, cookie.path) && (!cookie.secure || secureOrigin),
      )
      .sort((a, b) => b.path.length - a.path.length || a.createdAtMs - b.createdAtMs)
      .map((cookie) => {
        cookie.lastUsedAtMs = now;
        return cookie;
      });
  }

  #serialise(cookies: readonly StoredCookie[]): string {
    return cookies.map(({ name, value }) => (name === '' ? value : `${name}=${value}`)).join('; ');
  }

  #dropExpired(): void {
    const now = this.#options.nowMs();
    for (const [key, { expiresAtMs }] of this.#cookies) {
      if (expiresAtMs !== null && expiresAtMs <= now) this.#cookies.delete(key);
    }
  }

  #evict(domain: string): void {
    const ofDomain = [...this.#cookies].filter(([, cookie]) => cookie.domain === domain);
    removeLeastUsed(this.#cookies, ofDomain, MAX_COOKIES_PER_DOMAIN);
    removeLeastUsed(this.#cookies, [...this.#cookies], MAX_COOKIES);
  }
}

/** Non-secure cookies go first, then those not used for longest: RFC 6265bis §5.7. */
function removeLeastUsed(
  cookies: Map<string, StoredCookie>,
  candidates: [string, StoredCookie][],
  limit: number,
): void {
  const surplus = candidates.length - limit;
  if (surplus <= 0) return;
  candidates.sort(
    ([, a], [, b]) => Number(a.secure) - Number(b.secure) || a.lastUsedAtMs - b.lastUsedAtMs,
  );
  for (const [key] of candidates.slice(0, surplus)) cookies.delete(key);
}

function sameSiteAllows(sameSite: SameSite, context: CookieContext): boolean {
  if (context.sameSite || sameSite === 'none') return true;
  return sameSite === 'lax' && context.navigation && SAFE_METHODS.has(context.method.toUpperCase());
}

/** RFC 6265bis §4.1.3; a nameless cookie must not pretend to have a prefix. */
function prefixAllows({ name, value, secure, domain, path }: ParsedSetCookie): boolean {
  const text = (name === '' ? value : name).toLowerCase();
  const isHost = text.startsWith('__host-');
  if (!isHost && !text.startsWith('__secure-')) return true;
  if (name === '' || !secure) return false;
  return !isHost || (domain === undefined && path === '/');
}

function identityOf({ name, domain, path, hostOnly }: StoredCookie): string {
  return JSON.stringify([name, domain, path, hostOnly]);
}
