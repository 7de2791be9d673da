/**
 * Cookies that other applications set in requests of our pages: a jar for each of them, apart from the one
 * that its own pages have, as browsers partition cookies of third parties. Every value is sealed by
 * the other application's connector, so script of ours can read none.
 */
import { CookieJar, type CookieContext } from '@postern/shared/cookies';
import { z } from 'zod';
import type { Store } from '../storage/store.ts';

/** Applications whose cookies are kept; the one not used for longest goes first. */
const MAX_JARS = 32;

const storedSchema = z.array(z.tuple([z.string().max(512), z.unknown()])).max(MAX_JARS);
const recordName = 'thirdPartyCookies';

export interface ThirdPartyCookiesOptions {
  store: Store;
  nowMs: () => number;
}

export class ThirdPartyCookies {
  readonly #options: ThirdPartyCookiesOptions;
  #loading: Promise<Map<string, CookieJar>> | undefined;

  constructor(options: ThirdPartyCookiesOptions) {
    this.#options = options;
  }

  async header(url: URL, method: string): Promise<string | undefined> {
    const jar = (await this.#jars()).get(url.origin);
    return jar?.cookieHeaderFor(url, crossSite(method));
  }

  async store(url: URL, method: string, values: readonly string[]): Promise<void> {
    if (values.length === 0) return;
    const jars = await this.#jars();
    const jar = jars.get(url.origin) ?? this.#restore(url.origin, []);
    for (const value of values) jar.setFromResponse(value, url, crossSite(method));
    jars.delete(url.origin);
    jars.set(url.origin, jar);
    const [oldest] = jars.keys();
    if (jars.size > MAX_JARS && oldest !== undefined) jars.delete(oldest);
    const all = [...jars].map(([origin, one]) => [origin, one.toJSON()]);
    await this.#options.store.put(recordName, all);
  }

  async clear(): Promise<void> {
    this.#loading = Promise.resolve(new Map());
    await this.#options.store.delete(recordName);
  }

  #jars(): Promise<Map<string, CookieJar>> {
    this.#loading ??= this.#options.store.get(recordName).then((value) => {
      const { data = [] } = storedSchema.safeParse(value);
      const usable = data.filter(([origin]) => URL.canParse(origin));
      return new Map(usable.map(([origin, jar]) => [origin, this.#restore(origin, jar)]));
    });
    return this.#loading;
  }

  #restore(origin: string, stored: unknown): CookieJar {
    return CookieJar.restore(stored, { origin, nowMs: this.#options.nowMs });
  }
}

const crossSite = (method: string): CookieContext => ({
  sameSite: false,
  navigation: false,
  method,
});
