/**
 * What pages tell of their requests besides the requests themselves (`messages/requests.ts`): each is
 * found by the number in its URL's fragment, whichever of message and request is first.
 */
import {
  isLong,
  parseTag,
  RESPONSE_WINDOW_BYTES,
  type RequestTag,
} from '../../messages/request-tag.ts';
import {
  requestMessageSchema,
  uploadEventSchema,
  type UploadCommand,
} from '../../messages/requests.ts';
import { AppError } from '@postern/shared/errors';
import type { ReadChunk } from '../documents/inject.ts';
import type { RequestBody } from './request-body.ts';
import { fieldValue } from './response-fields.ts';
import type { ResponseSource } from './response-source.ts';

/** Requests known at once, of all pages; the oldest is forgotten first. */
const MAX_KNOWN = 4_096;
/** How long a request waits for the message that brings its body. */
const UPLOAD_WAIT_MS = 10_000;

/** The page's end of an upload; a `MessagePort`. */
export type UploadPort = Pick<MessagePort, 'postMessage' | 'onmessage' | 'close'>;

export interface PageRequest {
  /** Aborts when the page gives up. */
  readonly signal: AbortSignal;
  /** The body that comes over a port, if the page sends one so. Rejects with `ERR_SW_REQUEST_BODY`. */
  body(): Promise<RequestBody | undefined>;
  /** True if the page returns credit for a long answer. */
  readonly isPaced: boolean;
  /** Bytes of the body that the browser sends, where the page knows. */
  readonly length: number | undefined;
  /**
   * The answer, held back where the page has a window of it unread, and forgotten with its end. A
   * redirect is not the end: its target is asked for under the same number.
   */
  answer(source: ResponseSource): ResponseSource;
}

interface Known {
  abort: AbortController;
  upload: { length: number; port: UploadPort } | undefined;
  onUpload: (() => void) | undefined;
  /** How often the body was asked for. */
  uploadRuns: number;
  /** Ends the reading of the body that a redirect made superfluous. */
  stopUpload: (() => void) | undefined;
  unreadBytes: number;
  onConsumed: (() => void) | undefined;
}

export class PageRequests {
  readonly #known = new Map<string, Known>();

  /** True if `data` was a message about a request. */
  take(data: unknown, port: UploadPort | undefined): boolean {
    const parsed = requestMessageSchema.safeParse(data);
    if (!parsed.success) return false;
    const message = parsed.data;
    const key = message.id;
    switch (message.type) {
      case 'postern.abort': {
        const known = this.#of(key);
        known.abort.abort(new AppError('ERR_SW_ABORTED', 'the page gave up'));
        known.onUpload?.();
        known.onConsumed?.();
        break;
      }
      case 'postern.upload': {
        if (port === undefined) break;
        const known = this.#of(key);
        known.upload = { length: message.length, port };
        known.onUpload?.();
        break;
      }
      case 'postern.consumed': {
        const known = this.#known.get(key);
        if (known === undefined) break;
        known.unreadBytes = Math.max(0, known.unreadBytes - message.bytes);
        known.onConsumed?.();
      }
    }
    return true;
  }

  /** What is known of a request; `undefined` when its page said nothing. */
  find(hash: string): PageRequest | undefined {
    const tag = parseTag(hash);
    if (tag === undefined) return undefined;
    const key = tag.id;
    const known = this.#of(key);
    return {
      signal: known.abort.signal,
      isPaced: tag.isPaced,
      length: tag.length,
      body: () => uploadOf(known, tag),
      answer: (source) => {
        const { read } = source;
        const forget = (): void => void this.#known.delete(key);
        if (read === undefined) {
          if (!isRedirect(source.status)) forget();
          return source;
        }
        const isCounted = tag.isPaced && isLong(new Headers(lengthOf(source)));
        const next = isCounted ? paced(known, read) : read;
        return {
          ...source,
          read: async () => {
            const chunk = await next();
            if (chunk === undefined && !isRedirect(source.status)) forget();
            return chunk;
          },
          cancel: (reason) => {
            if (!isRedirect(source.status)) forget();
            source.cancel(reason);
          },
        };
      },
    };
  }

  #of(key: string): Known {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = {
        abort: new AbortController(),
        upload: undefined,
        onUpload: undefined,
        uploadRuns: 0,
        stopUpload: undefined,
        unreadBytes: 0,
        onConsumed: undefined,
      };
      this.#known.set(key, known);
      const [oldest] = this.#known.keys();
      if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    }
    return known;
  }
}

async function uploadOf(known: Known, tag: RequestTag): Promise<RequestBody | undefined> {
  if (!tag.hasUpload) return undefined;
  if (known.upload === undefined) {
    await new Promise<void>((resolve) => {
      known.onUpload = resolve;
      setTimeout(resolve, UPLOAD_WAIT_MS);
    });
  }
  known.abort.signal.throwIfAborted();
  const { upload } = known;
  if (upload === undefined) throw bodyFailed();
  return {
    length: upload.length,
    chunks: () => receive(known, upload.port, upload.length),
    // The page closes the port: a redirect may ask for the body once more.
    cancel: () => undefined,
  };
}

/** Asks for a chunk's worth more each time one was handed on. */
async function* receive(
  known: Known,
  port: UploadPort,
  length: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const queue: (ArrayBuffer | undefined)[] = [];
  let wake: (() => void) | undefined;
  let isStopped = false;
  const { signal } = known.abort;
  const check = (): void => {
    signal.throwIfAborted();
    if (isStopped) throw bodyFailed();
  };
  known.stopUpload?.();
  const run = ++known.uploadRuns;
  known.stopUpload = () => {
    isStopped = true;
    wake?.();
  };
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    const event = uploadEventSchema.safeParse(data).data;
    if (event?.kind === 'chunk' && event.run !== run) return;
    queue.push(event?.kind === 'chunk' ? event.bytes : undefined);
    wake?.();
  };
  signal.addEventListener('abort', () => wake?.(), { once: true });
  const say = (command: UploadCommand): void => port.postMessage(command);
  say({ kind: 'start', run });
  for (let left = length; left > 0;) {
    while (queue.length === 0) {
      check();
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const bytes = queue.shift();
    if (bytes === undefined || bytes.byteLength > left) throw bodyFailed();
    left -= bytes.byteLength;
    // Detached when sent on: the length is read first.
    const taken = bytes.byteLength;
    yield new Uint8Array(bytes);
    check();
    say({ kind: 'taken', bytes: taken });
  }
}

function paced(known: Known, read: ReadChunk): ReadChunk {
  return async () => {
    while (known.unreadBytes > RESPONSE_WINDOW_BYTES && !known.abort.signal.aborted) {
      await new Promise<void>((resolve) => (known.onConsumed = resolve));
    }
    const chunk = await read();
    known.unreadBytes += chunk?.length ?? 0;
    return chunk;
  };
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

function lengthOf({ fields }: ResponseSource): Record<string, string> {
  const length = fieldValue(fields, 'content-length');
  return length === undefined ? {} : { 'content-length': length };
}

const bodyFailed = (): AppError =>
  new AppError('ERR_SW_REQUEST_BODY', 'the page did not send the body it announced');
