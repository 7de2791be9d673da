/**
 * Where cached responses lie: bodies and their facts in one Cache of our own, which responses are
 * there in a record beside it. Script of the application's origin can read and write both, as it can
 * the worker's other storage: they hold nothing but that application's own responses, without its
 * cookies, and are deleted when somebody signs out or somebody else signs in.
 */
import type { CachePolicyObject } from 'http-cache-semantics';
import { z } from 'zod';
import { STORAGE_PREFIX } from '../../messages/loader.ts';
import type { Store } from '../storage/store.ts';

export const HTTP_CACHE_NAME = `${STORAGE_PREFIX}-http`;
/** Bounds of all entries; the least recently used ones go first. */
export const MAX_CACHE_BYTES = 64 * 1024 * 1024;
const MAX_CACHE_ENTRIES = 2_000;
/** How long a change of the record may wait for further ones, in ms. */
const SAVE_DELAY_MS = 1_000;
const FACTS_FIELD = 'postern-facts';

const factsSchema = z.object({
  policy: z.record(z.string(), z.unknown()),
  variant: z.string(),
  status: z.int().min(100).max(599),
  fields: z.array(z.tuple([z.string(), z.string()])),
});
const indexSchema = z
  .array(z.tuple([z.string(), z.int().min(0), z.number()]))
  .max(MAX_CACHE_ENTRIES);

/** What is kept beside a body. */
export interface EntryFacts {
  policy: CachePolicyObject;
  /** Digest of the request fields that `Vary` names. */
  variant: string;
  status: number;
  fields: [string, string][];
}

export interface StoredEntry extends EntryFacts {
  body: Blob;
}

export interface EntryStoreOptions {
  store: Store;
  caches: Pick<CacheStorage, 'open' | 'delete'>;
  origin: string;
  nowMs: () => number;
}

export class EntryStore {
  readonly #options: EntryStoreOptions;
  /** URL → bytes and last use; in order of use. */
  #index: Promise<Map<string, { bytes: number; usedAtMs: number }>> | undefined;
  #saving: ReturnType<typeof setTimeout> | undefined;

  constructor(options: EntryStoreOptions) {
    this.#options = options;
  }

  async get(url: string): Promise<StoredEntry | undefined> {
    const index = await this.#load();
    const known = index.get(url);
    if (known === undefined) return undefined;
    const response = await (await this.#cache()).match(this.#key(url));
    const facts = factsSchema.safeParse(parseJson(response?.headers.get(FACTS_FIELD)));
    if (response === undefined || !facts.success) {
      await this.delete(url);
      return undefined;
    }
    index.delete(url);
    index.set(url, { ...known, usedAtMs: this.#options.nowMs() });
    this.#saveSoon();
    const policy = facts.data.policy as unknown as CachePolicyObject;
    return { ...facts.data, policy, body: await response.blob() };
  }

  /** Keeps an entry, and lets go of the least recently used ones where there is no more room. */
  async put(url: string, facts: EntryFacts, body: Blob): Promise<void> {
    const index = await this.#load();
    const cache = await this.#cache();
    const headers = { [FACTS_FIELD]: JSON.stringify(facts) };
    await cache.put(this.#key(url), new Response(body, { headers }));
    index.delete(url);
    index.set(url, { bytes: body.size, usedAtMs: this.#options.nowMs() });
    let total = [...index.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [oldest, { bytes }] of index) {
      if (total <= MAX_CACHE_BYTES && index.size <= MAX_CACHE_ENTRIES) break;
      index.delete(oldest);
      total -= bytes;
      await cache.delete(this.#key(oldest));
    }
    this.#saveSoon();
  }

  async delete(url: string): Promise<void> {
    if (!(await this.#load()).delete(url)) return;
    await (await this.#cache()).delete(this.#key(url));
    this.#saveSoon();
  }

  async clear(): Promise<void> {
    this.#index = Promise.resolve(new Map());
    clearTimeout(this.#saving);
    this.#saving = undefined;
    await this.#options.store.delete('httpCache');
    await this.#options.caches.delete(HTTP_CACHE_NAME);
  }

  #cache(): Promise<Cache> {
    return this.#options.caches.open(HTTP_CACHE_NAME);
  }

  /** Not the URL itself: `caches.match` of the application must not find our entries. */
  #key(url: string): string {
    return `${this.#options.origin}/.postern/cache/${encodeURIComponent(url)}`;
  }

  #load(): Promise<Map<string, { bytes: number; usedAtMs: number }>> {
    this.#index ??= (async () => {
      const parsed = indexSchema.safeParse(await this.#options.store.get('httpCache'));
      // Without its record nobody would ever delete what lies there.
      if (!parsed.success) await this.#options.caches.delete(HTTP_CACHE_NAME);
      const rows = (parsed.data ?? []).sort((a, b) => a[2] - b[2]);
      return new Map(rows.map(([url, bytes, usedAtMs]) => [url, { bytes, usedAtMs }]));
    })();
    return this.#index;
  }

  #saveSoon(): void {
    this.#saving ??= setTimeout(() => {
      this.#saving = undefined;
      void this.#save().catch(() => undefined);
    }, SAVE_DELAY_MS);
  }

  async #save(): Promise<void> {
    const index = await this.#load();
    const rows = [...index].map(([url, { bytes, usedAtMs }]) => [url, bytes, usedAtMs]);
    await this.#options.store.put('httpCache', rows);
  }
}

function parseJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
