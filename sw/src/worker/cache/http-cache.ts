/**
 * A private HTTP cache (RFC 9111) for one user of one application: the browser's own does not see
 * what a service worker answers. One response for each URL; freshness, `Vary` and what may be stored
 * at all are decided by `http-cache-semantics`, the modes by Fetch §4.6 "HTTP-network-or-cache fetch".
 *
 * A body is copied while the page reads it, never ahead of it and never instead, and is kept only
 * when its authenticated end has come.
 */
import type { Field } from '@postern/shared/protocol/http';
import CachePolicy from 'http-cache-semantics';
import { AppError } from '@postern/shared/errors';
import type { ReadChunk } from '../documents/inject.ts';
import type { ResponseSource } from '../fetch/response-source.ts';
import { fieldValue } from '../fetch/response-fields.ts';
import type { EntryStore, StoredEntry } from './entry-store.ts';

/** Longest body kept, and most bytes of bodies that are being copied at once. */
export const MAX_ENTRY_BYTES = 8 * 1024 * 1024;
const MAX_COPYING_BYTES = 32 * 1024 * 1024;

/** RFC 9111 §3.2: fields of a 304 that describe a body which did not come with it. */
const BODY_FIELDS = new Set(['content-length', 'content-encoding', 'content-range']);
const NEVER_KEPT = new Set(['set-cookie', 'set-cookie2', 'clear-site-data']);
/** Fetch §4.6 step 8.18: a page that brings its own conditions does the caching itself. */
const CONDITIONS = [
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'if-range',
];

export interface CachedRequest {
  method: string;
  /** Absolute URL of the application, without fragment. */
  url: string;
  mode: RequestCache;
  /** As sent to the application. */
  fields: readonly Field[];
}

/** What the cache says to a request. */
export type CacheVerdict =
  | { kind: 'answer'; source: ResponseSource }
  | {
      kind: 'ask';
      /** To be sent along: the stored response may still be good. */
      conditions: Field[];
      /** Takes the application's answer and gives the one for the page. */
      settle(answer: ResponseSource): Promise<ResponseSource>;
    };

export interface HttpCacheOptions {
  entries: Pick<EntryStore, 'get' | 'put' | 'delete' | 'clear'>;
  /** Told of work that no response waits for. It never rejects. */
  background?: (work: Promise<void>) => void;
}

export class HttpCache {
  readonly #entries: HttpCacheOptions['entries'];
  readonly #background: (work: Promise<void>) => void;
  /** Raised when everything is forgotten: copies begun before are not kept. */
  #generation = 0;
  #copyingBytes = 0;
  readonly #keeping = new Map<string, Promise<void>>();
  /** Gives up the copies under way, by URL. */
  readonly #copies = new Map<string, Set<() => void>>();

  constructor({ entries, background = () => undefined }: HttpCacheOptions) {
    this.#entries = entries;
    this.#background = background;
  }

  /** Rejects with `ERR_SW_NOT_CACHED` for `only-if-cached` without a stored response. */
  async look(request: CachedRequest): Promise<CacheVerdict> {
    if (!isCacheable(request)) return this.#pass(request);
    const stored = request.mode === 'reload' ? undefined : await this.#stored(request);
    if (stored === undefined) {
      if (request.mode === 'only-if-cached') {
        throw new AppError('ERR_SW_NOT_CACHED', 'nothing is stored for this request');
      }
      return this.#ask(request, undefined, []);
    }
    const { policy, entry } = stored;
    const isGood =
      request.mode === 'force-cache' ||
      request.mode === 'only-if-cached' ||
      (request.mode === 'default' && policy.satisfiesWithoutRevalidation(toPolicyRequest(request)));
    if (isGood) return { kind: 'answer', source: sourceOfEntry(entry) };
    return this.#ask(request, entry, conditionsFor(entry.fields));
  }

  /** Forgets everything, now and of what is under way. */
  async clear(): Promise<void> {
    this.#generation++;
    await this.#entries.clear();
  }

  /** The stored response for this request, if its `Vary` says that it is one (RFC 9111 §4.1). */
  async #stored(
    request: CachedRequest,
  ): Promise<{ policy: CachePolicy; entry: StoredEntry } | undefined> {
    try {
      await this.#keeping.get(request.url);
      const entry = await this.#entries.get(request.url);
      if (entry === undefined) return undefined;
      return entry.variant === (await variantOf(request, entry.fields))
        ? { policy: CachePolicy.fromObject(entry.policy), entry }
        : undefined;
    } catch {
      // A cache that fails is no reason for a request to fail.
      return undefined;
    }
  }

  #pass(request: CachedRequest): CacheVerdict {
    return {
      kind: 'ask',
      conditions: [],
      settle: async (answer) => {
        if (!isSafe(request.method) && answer.status >= 200 && answer.status < 400) {
          await this.#invalidate(request.url, answer.fields);
        }
        return answer;
      },
    };
  }

  #ask(request: CachedRequest, entry: StoredEntry | undefined, conditions: Field[]): CacheVerdict {
    const generation = this.#generation;
    return {
      kind: 'ask',
      conditions,
      settle: async (answer) => {
        if (answer.status !== 304 || entry === undefined || conditions.length === 0) {
          return this.#copy(request, answer, generation);
        }
        const fields = mergeFields(entry.fields, answer.fields);
        const renewed = { ...entry, fields };
        await this.#keep(request, renewed, generation);
        return sourceOfEntry(renewed);
      },
    };
  }

  /** The answer, kept once the page has read it to its end. */
  #copy(request: CachedRequest, answer: ResponseSource, generation: number): ResponseSource {
    const { status, read } = answer;
    const fields = keptFields(answer.fields);
    const expected = Number(fieldValue(answer.fields, 'content-length') ?? 0);
    const isKept = policyOf(request, status, fields).storable();
    if (!isKept || read === undefined || expected > MAX_ENTRY_BYTES) {
      // Another answer came in its place: the old one must not be used any more.
      if (status < 500) this.#background(this.#entries.delete(request.url).catch(() => undefined));
      return answer;
    }
    let chunks: Uint8Array<ArrayBuffer>[] | undefined = [];
    let bytes = 0;
    const copies = this.#copies.get(request.url) ?? new Set();
    const drop = (): void => {
      this.#copyingBytes -= bytes;
      bytes = 0;
      chunks = undefined;
      copies.delete(drop);
      if (copies.size === 0 && this.#copies.get(request.url) === copies) {
        this.#copies.delete(request.url);
      }
    };
    this.#copies.set(request.url, copies.add(drop));
    const copied: ReadChunk = async () => {
      try {
        const chunk = await read();
        if (chunks === undefined) return chunk;
        if (chunk === undefined) {
          const entry = { status, fields, body: new Blob(chunks) };
          drop();
          this.#keepLater(request, entry, generation);
          return undefined;
        }
        bytes += chunk.length;
        this.#copyingBytes += chunk.length;
        if (bytes > MAX_ENTRY_BYTES || this.#copyingBytes > MAX_COPYING_BYTES) drop();
        else chunks.push(chunk.slice());
        return chunk;
      } catch (error) {
        drop();
        throw error;
      }
    };
    return {
      ...answer,
      read: copied,
      cancel: (reason) => {
        drop();
        answer.cancel(reason);
      },
    };
  }

  /** A request that follows at once finds what the one before it got. */
  #keepLater(
    request: CachedRequest,
    entry: Pick<StoredEntry, 'status' | 'fields' | 'body'>,
    generation: number,
  ): void {
    const work = this.#keep(request, entry, generation).finally(() => {
      if (this.#keeping.get(request.url) === work) this.#keeping.delete(request.url);
    });
    this.#keeping.set(request.url, work);
    this.#background(work);
  }

  async #keep(
    request: CachedRequest,
    entry: Pick<StoredEntry, 'status' | 'fields' | 'body'>,
    generation: number,
  ): Promise<void> {
    const { status, fields, body } = entry;
    const variant = await variantOf(request, fields);
    if (generation !== this.#generation) return;
    try {
      const policy = policyOf(request, status, fields).toObject();
      await this.#entries.put(request.url, { policy, variant, status, fields }, body);
    } catch {
      // No room left, for example: then it is asked for again.
    }
  }

  /** RFC 9111 §4.4: a change at the application makes what was stored for its URLs invalid. */
  async #invalidate(url: string, fields: readonly Field[]): Promise<void> {
    const named = ['location', 'content-location'].flatMap((name) => {
      const value = fieldValue(fields, name);
      return value !== undefined && URL.canParse(value, url) ? [new URL(value, url)] : [];
    });
    const { origin } = new URL(url);
    const urls = [url, ...named.filter((other) => other.origin === origin).map(withoutFragment)];
    for (const one of urls) {
      for (const drop of this.#copies.get(one) ?? []) drop();
      await this.#keeping.get(one);
      await this.#entries.delete(one).catch(() => undefined);
    }
  }
}

/** The URL as entries know it. */
export function withoutFragment(url: URL): string {
  return url.origin + url.pathname + url.search;
}

/** Ranges and requests with conditions of their own are left alone. */
function isCacheable({ method, mode, fields }: CachedRequest): boolean {
  return (
    method === 'GET' &&
    mode !== 'no-store' &&
    !fields.some(([name]) => name === 'range' || CONDITIONS.includes(name))
  );
}

function isSafe(method: string): boolean {
  return ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(method);
}

/** RFC 9111 §4.3.1. */
function conditionsFor(fields: readonly Field[]): Field[] {
  const etag = fieldValue(fields, 'etag');
  if (etag !== undefined) return [['if-none-match', etag]];
  const modified = fieldValue(fields, 'last-modified');
  return modified === undefined ? [] : [['if-modified-since', modified]];
}

function mergeFields(stored: readonly Field[], fresh: readonly Field[]): [string, string][] {
  const updates = keptFields(fresh).filter(([name]) => !BODY_FIELDS.has(name));
  const names = new Set(updates.map(([name]) => name));
  return [...stored.filter(([name]) => !names.has(name)), ...updates].map(([name, value]) => [
    name,
    value,
  ]);
}

function keptFields(fields: readonly Field[]): [string, string][] {
  return fields.flatMap(([name, value]) =>
    NEVER_KEPT.has(name) ? [] : [[name, value] as [string, string]],
  );
}

function sourceOfEntry({ status, fields, body }: StoredEntry): ResponseSource {
  const reader = body.stream().getReader();
  return {
    status,
    fields: [
      ...fields.filter(([name]) => name !== 'content-length'),
      ['content-length', String(body.size)],
    ],
    read: async () => (await reader.read()).value,
    cancel: (reason) => void reader.cancel(reason).catch(() => undefined),
  };
}

function policyOf(request: CachedRequest, status: number, fields: readonly Field[]): CachePolicy {
  const headers = toHeaders(fields);
  // `Vary` is compared here, by digest. The library asks again for everything that says
  // `must-revalidate`, which only forbids stale use (RFC 9111 §5.2.2.2), and there is none here.
  if (headers['vary']?.trim() !== '*') delete headers['vary'];
  headers['cache-control'] = (headers['cache-control'] ?? '').replaceAll(
    /(?:proxy|must)-revalidate/gi,
    'revalidate-when-stale',
  );
  return new CachePolicy(toPolicyRequest(request), { status, headers }, { shared: false });
}

/** The request as far as freshness goes. Staleness is for the page's cache mode to allow. */
function toPolicyRequest({ method, url, fields }: CachedRequest) {
  const headers = toHeaders(fields.filter(([name]) => ['cache-control', 'pragma'].includes(name)));
  if (headers['cache-control']?.includes('max-stale') === true) delete headers['cache-control'];
  return { method, url, headers };
}

/** Tells requests apart by the fields that `Vary` names; a digest, because some are secrets. */
async function variantOf(request: CachedRequest, fields: readonly Field[]): Promise<string> {
  const names = fields
    .filter(([name]) => name === 'vary')
    .flatMap(([, value]) => value.split(',').map((one) => one.trim().toLowerCase()));
  if (names.length === 0) return '';
  const headers = toHeaders(request.fields);
  const text = JSON.stringify(names.sort().map((name) => [name, headers[name] ?? null]));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

function toHeaders(fields: readonly Field[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of fields) {
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}
