/** A browser without a screen: redirects one by one, cookies by origin, an `Origin` when a page fetches. */
import { CookieJar } from '../../shared/src/cookies/index.ts';

/** As for an address that the user typed. */
const context = { sameSite: true, navigation: true, method: 'GET' };

export class UserAgent {
  readonly #fetch: typeof fetch;
  readonly #jars = new Map<string, CookieJar>();

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
      const cookie = this.#jar(target).cookieHeaderFor(target, context);
      if (cookie !== undefined) headers.set('cookie', cookie);
    }
    const response = await this.#fetch(target, { ...rest, headers, redirect: 'manual' });
    if (withCookies) {
      for (const line of response.headers.getSetCookie()) {
        this.#jar(target).setFromResponse(line, target, context);
      }
    }
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
    this.#jars.clear();
  }

  #jar({ origin }: URL): CookieJar {
    let jar = this.#jars.get(origin);
    if (!jar) this.#jars.set(origin, (jar = new CookieJar({ origin, nowMs: () => Date.now() })));
    return jar;
  }
}

export interface Visit {
  readonly url: URL;
  /** Absent when the navigation was stopped before the request. */
  readonly response: Response | undefined;
}
