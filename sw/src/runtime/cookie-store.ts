/**
 * `cookieStore` (Cookie Store API) over the same view as `document.cookie`. The browser's object stays and
 * its methods are answered here; where there is none, as in web workers, there is none.
 */
import { pathMatches, type VisibleCookie } from '@postern/shared/cookies';
import type { CookieView } from './cookies.ts';
import { intercept } from './native-look.ts';

/** What `get` and `getAll` give: Firefox only the first two members. */
interface CookieListItem {
  name: string;
  value: string;
  domain?: null;
  path?: string;
  expires?: number | null;
  secure?: boolean;
  sameSite?: string;
  partitioned?: boolean;
}

interface StoreRealm {
  CookieStore?: { prototype: object };
  CookieChangeEvent?: new (type: string, init: object) => Event;
  cookieStore?: EventTarget;
}

export interface CookieStoreOptions {
  cookies: CookieView;
  location: Location;
  /** Whether list items tell more than name and value. */
  isDetailed: boolean;
}

export function interceptCookieStore(realm: StoreRealm, options: CookieStoreOptions): void {
  const { CookieStore, CookieChangeEvent, cookieStore } = realm;
  if (!CookieStore || !CookieChangeEvent || !cookieStore) return;
  const { cookies, location, isDetailed } = options;
  const methods: Record<string, (...args: unknown[]) => unknown> = {
    get: (given) => find(given, true)[0] ?? null,
    getAll: (given) => find(given, false),
    set: (given, value) => cookies.write(assignment(given, value)),
    delete: (given) => cookies.write(removal(given)),
  };
  const needed: Partial<Record<string, number>> = { set: 1, delete: 1 };
  for (const [name, run] of Object.entries(methods)) {
    intercept(CookieStore.prototype as Record<string, unknown>, name, (_native, self, args) =>
      self === cookieStore && args.length >= (needed[name] ?? 0)
        ? Promise.resolve().then(() => run(...args))
        : Promise.reject(new TypeError('Illegal invocation')),
    );
  }
  // Data, so that frames that take it over get this one.
  Object.defineProperty(realm, 'cookieStore', { configurable: true, value: cookieStore });

  cookies.onChange((before, after) => {
    const seen = (list: VisibleCookie[]): VisibleCookie[] =>
      list.filter(({ path }) => pathMatches(location.pathname, path));
    const changed = without(seen(after), before, isSame).map(toItem);
    const deleted = without(seen(before), after, isSameCookie).map(
      ({ name, value, ...rest }): CookieListItem => {
        const { value: _, ...item } = toItem({ name, value, ...rest });
        return item as CookieListItem;
      },
    );
    if (changed.length + deleted.length === 0) return;
    queueMicrotask(() =>
      cookieStore.dispatchEvent(new CookieChangeEvent('change', { changed, deleted })),
    );
  });

  function find(given: unknown, isNeeded: boolean): CookieListItem[] {
    const isObject = typeof given === 'object' && given !== null;
    const { name, url } = (isObject ? given : { name: given }) as { name?: unknown; url?: unknown };
    if (isNeeded && name === undefined && url === undefined) {
      throw new TypeError('CookieStoreGetOptions must not be empty');
    }
    if (url !== undefined) {
      // In a document only its own URL may be asked for (Cookie Store API §7.2).
      const wanted = new URL(url as string, location.href);
      const own = new URL(location.href);
      wanted.hash = own.hash = '';
      if (wanted.href !== own.href) throw new TypeError('URL must match the document URL');
    }
    return cookies
      .visible()
      .filter((cookie) => name === undefined || cookie.name === text(name))
      .map(toItem);
  }

  function toItem(cookie: VisibleCookie): CookieListItem {
    const { name, value, path, secure, sameSite, partitioned, expiresAtMs: expires } = cookie;
    if (!isDetailed) return { name, value };
    return { domain: null, expires, name, partitioned, path, sameSite, secure, value };
  }

  /** Cookie Store API §7.3 "set a cookie", as a `Set-Cookie` value. */
  function assignment(given: unknown, plain: unknown): string {
    const isObject = typeof given === 'object' && given !== null;
    const options = (isObject ? given : { name: given, value: plain }) as Record<string, unknown>;
    const { expires, domain, path = '/', sameSite = 'strict', partitioned } = options;
    const name = text(options['name']);
    const value = text(options['value']);
    if (/[;=\x00-\x08\x0a-\x1f\x7f]/.test(name) || /[;\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw new TypeError('Cookie name or value holds a character that is not allowed');
    }
    if (
      name === '' &&
      (value === '' || value.includes('=') || /^__(?:host|secure|http)/i.test(value))
    ) {
      throw new TypeError('Cookie name cannot be empty for this value');
    }
    if (new TextEncoder().encode(name + value).length > 4096)
      throw new TypeError('Cookie is too long');
    if (/^__(?:host-)?http-/i.test(name)) throw new TypeError('Only a server may set this prefix');
    const folder = text(path);
    if (!folder.startsWith('/')) throw new TypeError('Cookie path must start with "/"');
    if (/^__host-/i.test(name) && (domain != null || folder !== '/')) {
      throw new TypeError('__Host- cookies have no domain, and the path "/"');
    }
    const host = domain == null ? undefined : text(domain).toLowerCase();
    const isOwn =
      host === undefined || host === location.hostname || location.hostname.endsWith(`.${host}`);
    if (host?.startsWith('.') === true || !isOwn) {
      throw new TypeError('Cookie domain must be that of the document');
    }
    const until = expires == null ? '' : `; Expires=${new Date(Number(expires)).toUTCString()}`;
    return `${name}=${value}; Path=${folder}; Secure; SameSite=${text(sameSite)}${until}${host === undefined ? '' : `; Domain=${host}`}${partitioned === true ? '; Partitioned' : ''}`;
  }

  function removal(given: unknown): string {
    const isObject = typeof given === 'object' && given !== null;
    const options = isObject ? given : { name: given };
    // An empty name is refused with an empty value only.
    return assignment({ ...options, value: 'x', expires: 0 }, undefined);
  }
}

/** As Web IDL converts strings; without white space around. */
function text(value: unknown): string {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-template-expression -- converts
  return `${value as string}`.replace(/^[ \t]+|[ \t]+$/g, '');
}

type Compare = (a: VisibleCookie, b: VisibleCookie) => boolean;

const isSameCookie: Compare = (a, b) => a.name === b.name && a.path === b.path;
const isSame: Compare = (a, b) =>
  isSameCookie(a, b) && a.value === b.value && a.expiresAtMs === b.expiresAtMs;

function without(list: VisibleCookie[], other: VisibleCookie[], compare: Compare): VisibleCookie[] {
  return list.filter((cookie) => !other.some((known) => compare(cookie, known)));
}
