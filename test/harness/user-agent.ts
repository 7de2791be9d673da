/** A browser without a screen: redirects one by one, cookies by host and path, an `Origin` when a page fetches. */
interface Cookie {
  host: string;
  path: string;
  name: string;
  value: string;
}

export class UserAgent {
  readonly #fetch: typeof fetch;
  #cookies: Cookie[] = [];

  /** @param send Default: the global `fetch`, which does not know the names `*.localhost`. */
  constructor(send: typeof fetch = fetch) {
    this.#fetch = send;
  }

  /** One request; redirects are not followed. */
  async fetch(url: string | URL, init: RequestInit & { withCookies?: boolean } = {}) {
    const { withCookies = false, ...rest } = init;
    const target = new URL(url);
    const headers = new Headers(rest.headers);
    if (withCookies) {
      const cookie = this.#cookies
        .filter(({ host, path }) => host === target.host && target.pathname.startsWith(path))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ');
      if (cookie !== '') headers.set('cookie', cookie);
    }
    const response = await this.#fetch(target, { ...rest, headers, redirect: 'manual' });
    if (withCookies) this.#store(target, response.headers.getSetCookie());
    return response;
  }

  /** Navigates and follows redirects until `stop` says that a page of ours would load. */
  async navigate(url: string | URL, stop: (url: URL) => boolean): Promise<Visit> {
    let next = new URL(url);
    for (let hop = 0; hop < 10; hop += 1) {
      if (stop(next)) return { url: next, response: undefined };
      const response = await this.fetch(next, {
        withCookies: true,
        headers: { accept: 'text/html' },
      });
      const location = response.headers.get('location');
      if (location === null) return { url: next, response };
      next = new URL(location, next);
    }
    throw new Error('too many redirects');
  }

  forgetCookies(): void {
    this.#cookies = [];
  }

  #store(url: URL, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const path =
        attributes.find((part) => part.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
      this.#cookies = this.#cookies.filter(
        (cookie) => cookie.host !== url.host || cookie.path !== path || cookie.name !== name,
      );
      const expired = attributes.some((part) => /^expires=Thu, 01 Jan 1970/i.test(part));
      if (!expired && value !== '') this.#cookies.push({ host: url.host, path, name, value });
    }
  }
}

export interface Visit {
  readonly url: URL;
  /** Absent when the navigation was stopped before the request. */
  readonly response: Response | undefined;
}
