/**
 * The application's cookies: one jar per application, kept in storage, shown to pages as far as
 * script may see them. Values of HttpOnly cookies come sealed by the connector and stay so here.
 */
import { CookieJar, type CookieContext, type VisibleCookie } from '@postern/shared/cookies';
import type { WorkerMessage } from '../../messages/page.ts';
import type { Store } from '../storage/store.ts';

/** How long a response waits for its page to take over the cookies it set. */
export const PAGE_WAIT_MS = 100;

/** Pages whose writes are counted. */
const MAX_WRITERS = 1024;
/** A `document.cookie` of the longest kind, percent-encoded. */
const MAX_HEADER_LENGTH = 32_768;

export interface PageWrite {
  number: number;
  value: string;
}

export interface CookieSyncOptions {
  store: Store;
  origin: string;
  /** The pages of this origin. */
  pages: () => Promise<readonly { id: string; postMessage(message: WorkerMessage): void }[]>;
  nowMs: () => number;
}

export class CookieSync {
  readonly #options: CookieSyncOptions;
  readonly #waiting = new Map<string, () => void>();
  #loading: Promise<CookieJar> | undefined;
  /** Number of the last write of each page that the jar has decided on. */
  readonly #writes = new Map<string, number>();
  #version = 0;

  constructor(options: CookieSyncOptions) {
    this.#options = options;
  }

  /** `Cookie` for a request, or `undefined` for none. */
  async header(url: URL, context: CookieContext): Promise<string | undefined> {
    return (await this.#jar()).cookieHeaderFor(url, context);
  }

  /** Cookies script may see, of any path: pages choose by their own. */
  async visible(): Promise<VisibleCookie[]> {
    return (await this.#jar()).visible();
  }

  /**
   * Keeps what a response set. Pages learn of it, the one that asked before its response: its script
   * may read `document.cookie` as soon as it has the answer.
   */
  async storeFromResponse(
    url: URL,
    values: readonly string[],
    context: CookieContext,
    clientId: string,
  ): Promise<void> {
    const jar = await this.#jar();
    const before = this.#fingerprint(jar);
    for (const value of values) jar.setFromResponse(value, url, context);
    await this.#changed(jar, before, clientId);
  }

  /**
   * Keeps what a page at `url` assigned to `document.cookie`. A write comes twice, in a request and in a
   * message, both in the order of their numbers: what comes first counts.
   */
  async storeFromPage(clientId: string, url: URL, { number, value }: PageWrite): Promise<void> {
    const jar = await this.#jar();
    if (number <= (this.#writes.get(clientId) ?? 0)) return;
    // The one that wrote last is forgotten last.
    this.#writes.delete(clientId);
    this.#writes.set(clientId, number);
    for (const [oldest] of this.#writes) {
      if (this.#writes.size > MAX_WRITERS) this.#writes.delete(oldest);
      else break;
    }
    const before = this.#fingerprint(jar);
    jar.setFromScript(value, url);
    const saved = this.#options.store.put('cookies', jar.toJSON());
    // The page shows its write until it hears what the jar made of it: also when that is nothing.
    const isChanged = this.#fingerprint(jar) !== before;
    await this.#tellPages(jar, isChanged ? undefined : clientId);
    await saved;
  }

  /** The same, from a request: `<number> <value>`, the value as `encodeURIComponent` writes it. */
  storeFromRequest(clientId: string, url: URL, header: string): void {
    const [number = '', value = ''] = header.split(' ');
    if (header.length > MAX_HEADER_LENGTH || !/^[1-9]\d{0,14}$/.test(number)) return;
    try {
      void this.storeFromPage(clientId, url, {
        number: Number(number),
        value: decodeURIComponent(value),
      });
    } catch {
      // Not what the runtime sends.
    }
  }

  /** A page says which version it shows. */
  seen(clientId: string, version: number): void {
    if (version >= this.#version) this.#waiting.get(clientId)?.();
  }

  /** Forgets all cookies, also on open pages. */
  async clear(): Promise<void> {
    const jar = new CookieJar(this.#options);
    this.#loading = Promise.resolve(jar);
    await this.#options.store.delete('cookies');
    await this.#tellPages(jar);
  }

  async #changed(jar: CookieJar, before: string, clientId: string): Promise<void> {
    // Storage need not be waited for: a worker killed right now loses what the page just got.
    const saved = this.#options.store.put('cookies', jar.toJSON());
    if (this.#fingerprint(jar) === before) return saved;
    await this.#tellPages(jar);
    await Promise.all([saved, this.#untilSeen(clientId)]);
  }

  /** Tells every page, or the one of `only`. */
  async #tellPages(jar: CookieJar, only?: string): Promise<void> {
    const version = ++this.#version;
    const pages = await this.#options.pages();
    // Of one moment: what is shown, and which writes are in it.
    const cookies = jar.visible();
    for (const page of pages) {
      if (only !== undefined && page.id !== only) continue;
      const written = this.#writes.get(page.id) ?? 0;
      page.postMessage({ type: 'postern.cookies', version, written, cookies });
    }
  }

  async #untilSeen(clientId: string): Promise<void> {
    if (clientId === '') return;
    // A page inside a synchronous request cannot answer: it must not wait for itself.
    await new Promise<void>((resolve) => {
      this.#waiting.set(clientId, resolve);
      setTimeout(resolve, PAGE_WAIT_MS);
    });
    this.#waiting.delete(clientId);
  }

  #fingerprint(jar: CookieJar): string {
    return JSON.stringify(jar.visible());
  }

  #jar(): Promise<CookieJar> {
    this.#loading ??= this.#options.store
      .get('cookies')
      .then((value) => CookieJar.restore(value, this.#options));
    return this.#loading;
  }
}
