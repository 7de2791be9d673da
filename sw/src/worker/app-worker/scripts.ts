/**
 * Scripts of the application's own workers: fetched through the tunnel, kept for each worker as it was
 * installed with (Service Workers §"script resource map"), so that it starts the same without network.
 */
import { z } from 'zod';
import { STORAGE_PREFIX } from '../../messages/loader.ts';
import { contentLengthOf, type Field } from '@postern/shared/protocol/http';
import { fieldValue } from '../fetch/response-fields.ts';
import type { ResponseSource } from '../fetch/response-source.ts';
import { AppWorkerError } from './errors.ts';
import type { WorkerRecord } from './registry.ts';

const CACHE_NAME = `${STORAGE_PREFIX}-app-workers`;
const FACTS_FIELD = 'postern-facts';
/** Longest script of a worker, and of all that it imports. */
const MAX_SCRIPT_BYTES = 16 * 1024 * 1024;
const JAVASCRIPT =
  /^\s*(?:(?:application|text)\/(?:x-)?(?:java|ecma)script|text\/(?:javascript1\.[0-5]|jscript|livescript))\s*(?:;|$)/i;

const fieldsSchema = z.array(z.tuple([z.string(), z.string()])).max(128);

export interface Script {
  fields: Field[];
  bytes: Uint8Array<ArrayBuffer>;
}

export interface ScriptStoreOptions {
  caches: Pick<CacheStorage, 'open' | 'delete'>;
  origin: string;
  /** The application's answer to a request for a script, `main` for the worker's own. */
  ask(url: string, main: boolean, cache: RequestCache): Promise<ResponseSource>;
}

export class ScriptStore {
  readonly #options: ScriptStoreOptions;

  constructor(options: ScriptStoreOptions) {
    this.#options = options;
  }

  /** Asks the application for a script. Throws `AppWorkerError` for what is none. */
  async fetch(url: string, main: boolean, cache: RequestCache): Promise<Script> {
    const source = await this.#options.ask(url, main, cache);
    const { status, fields, read, cancel } = source;
    const type = fieldValue(fields, 'content-type') ?? '';
    const refuse = (name: string, reason: string): never => {
      cancel('not a script');
      throw new AppWorkerError(name, `Failed to load the script (${reason}).`);
    };
    if (status >= 300 && status < 400) refuse('SecurityError', 'The script is behind a redirect');
    if (status < 200 || status >= 300 || read === undefined) {
      return refuse('TypeError', `A bad HTTP response code (${status}) was received`);
    }
    if (!JAVASCRIPT.test(type)) {
      refuse('SecurityError', `The script has an unsupported MIME type ('${type.slice(0, 100)}')`);
    }
    if ((contentLengthOf(fields) ?? 0) > MAX_SCRIPT_BYTES) refuse('TypeError', 'It is too long');
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let chunk = await read(); chunk !== undefined; chunk = await read()) {
      length += chunk.length;
      if (length > MAX_SCRIPT_BYTES) refuse('TypeError', 'It is too long');
      chunks.push(chunk);
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return { fields: [...fields], bytes };
  }

  async put(worker: string, url: string, { fields, bytes }: Script): Promise<void> {
    const headers = { [FACTS_FIELD]: encodeURIComponent(JSON.stringify(fields)) };
    const cache = await this.#options.caches.open(CACHE_NAME);
    await cache.put(this.#key(worker, url), new Response(bytes, { headers }));
  }

  async get(worker: string, url: string): Promise<Script | undefined> {
    const cache = await this.#options.caches.open(CACHE_NAME);
    const response = await cache.match(this.#key(worker, url));
    const text = response?.headers.get(FACTS_FIELD);
    if (response === undefined || text === null || text === undefined) return undefined;
    const fields = fieldsSchema.safeParse(parse(text));
    if (!fields.success) return undefined;
    return { fields: fields.data, bytes: new Uint8Array(await response.arrayBuffer()) };
  }

  async delete({ id, scriptUrl, imports }: WorkerRecord): Promise<void> {
    const cache = await this.#options.caches.open(CACHE_NAME);
    for (const url of [scriptUrl, ...imports]) await cache.delete(this.#key(id, url));
  }

  async clear(): Promise<void> {
    await this.#options.caches.delete(CACHE_NAME);
  }

  #key(worker: string, url: string): string {
    return `${this.#options.origin}/.postern/app-worker/script/${worker}/${encodeURIComponent(url)}`;
  }
}

export function isSameScript(a: Script | undefined, b: Script): boolean {
  return a?.bytes.length === b.bytes.length && a.bytes.every((byte, at) => byte === b.bytes[at]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(text));
  } catch {
    return undefined;
  }
}
