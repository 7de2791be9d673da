/**
 * Fetch events of the application's own worker. The worker gets the request's facts; its body, and the
 * application's answer, go through here only when it asks:
 *
 *     page ──request──▶ ours ──event──▶ worker ──fetch(event.request)──▶ ours ──▶ application
 *     page ◀──────────── the same answer, straight ◀──"respond with that"── worker
 *     page ◀──────────── a response of its own, out of its cache ◀───────── worker
 */
import { AppError } from '@postern/shared/errors';
import type { Field } from '@postern/shared/protocol/http';
import type { RequestSummary, WorkerAnswer } from '../../messages/app-worker.ts';
import type { PassedRequest } from '../../messages/app-worker-tag.ts';
import { openRequestBody, type RequestBody } from '../fetch/request-body.ts';
import { reasonPhrase } from '../fetch/reason-phrases.ts';
import { toPageStream } from '../fetch/response-body.ts';
import { buildResponseHeaders, NULL_BODY_STATUSES } from '../fetch/response-fields.ts';
import type { ResponseSource } from '../fetch/response-source.ts';
import type { AppRequests } from '../fetch/app-requests.ts';
import type { FetchIds } from './responder.ts';
import type { RunningWorker } from './running-worker.ts';
import { SharedBody } from './shared-body.ts';

/** A document is read whole up to here: its worker may end with the page before. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

const tagPattern = /#postern-[^#]*$/;

interface UnderWay extends FetchIds {
  request: Request;
  /** Answers that the application gave to this request, by the part it was asked with. */
  given: Map<string, { source: ResponseSource; body: SharedBody | undefined }>;
  /** Why the application gave none. */
  failure: { cause: unknown } | undefined;
}

export interface FetchEventsOptions {
  app: AppRequests;
  /** The body that a page sends apart from its request, if it does. */
  uploadOf(request: Request): Promise<RequestBody | undefined>;
}

export class FetchEvents {
  readonly #options: FetchEventsOptions;
  readonly #events = new Map<string, UnderWay>();

  constructor(options: FetchEventsOptions) {
    this.#options = options;
  }

  /**
   * The worker's answer; `undefined` where it left the request alone. Rejects with `ERR_SW_APP_WORKER`
   * when it ended before, and with what the application's answer failed by where it passes that on.
   */
  async dispatch(
    running: RunningWorker,
    request: Request,
    ids: FetchIds,
    preload: string | undefined,
  ): Promise<ResponseSource | Response | undefined> {
    const id = crypto.randomUUID();
    const event: UnderWay = { ...ids, request, given: new Map(), failure: undefined };
    this.#events.set(id, event);
    const dispatched = running.dispatch(id, {
      type: 'fetch',
      ...ids,
      preload,
      request: summarize(request),
    });
    // What the worker keeps doing with the request may still ask for it.
    void dispatched.done.catch(() => undefined).finally(() => this.#events.delete(id));
    const abort = (): void => running.post({ kind: 'abort', id });
    request.signal.addEventListener('abort', abort, { once: true });
    const answer = await dispatched.answer;
    return this.#answer(event, answer, running);
  }

  /** A request of the worker that passes on that of an event. `undefined` for one that is over. */
  async pass(request: Request, { event: id, part }: PassedRequest): Promise<Response | undefined> {
    const event = this.#events.get(id);
    if (event === undefined) return undefined;
    // A redirect leads here too, with the same fragment.
    const isSame = request.url.split('#', 1)[0] === event.request.url.split('#', 1)[0];
    if (part === 'body' || !isSame) {
      const body =
        isSame || request.method === event.request.method ? await this.#body(event) : undefined;
      return this.plain(await this.#options.app.ask(request, event.clientId, { body }));
    }
    try {
      const fields: Field[] =
        part === 'preload'
          ? [
              [
                'service-worker-navigation-preload',
                request.headers.get('postern-preload') ?? 'true',
              ],
            ]
          : [];
      const body = await this.#body(event);
      const answer = await this.#options.app.ask(event.request, event.clientId, { fields, body });
      if (answer instanceof Response) return answer;
      const { read, cancel } = answer;
      if (read === undefined) {
        event.given.set(part, { source: answer, body: undefined });
        return this.plain(answer);
      }
      const shared = new SharedBody(read, cancel);
      event.given.set(part, {
        source: { ...answer, read: shared.readByPage, cancel: (why) => shared.drop('page', why) },
        body: shared,
      });
      return this.plain({
        ...answer,
        read: shared.readByWorker,
        cancel: (why) => shared.drop('worker', why),
      });
    } catch (cause) {
      event.failure = { cause };
      throw cause;
    }
  }

  /** The body of an event's request, for script of the worker. */
  async body(id: string): Promise<Response> {
    const event = this.#events.get(id);
    const body = event === undefined ? undefined : await this.#body(event);
    if (body === undefined) return new Response(null, { status: 404 });
    const chunks = body.chunks()[Symbol.asyncIterator]();
    const read = async (): Promise<Uint8Array | undefined> => {
      const next = await chunks.next();
      return next.done === true ? undefined : next.value;
    };
    return new Response(toPageStream(read, () => body.cancel()));
  }

  /** As the application sent it: for its worker, not for a page. */
  plain(answer: ResponseSource | Response): Response {
    if (answer instanceof Response) return answer;
    const { status, fields, read, cancel } = answer;
    const statusText = reasonPhrase(status);
    const headers = buildResponseHeaders(fields);
    const body = read === undefined ? null : toPageStream(read, cancel);
    return new Response(body, { status, statusText, headers });
  }

  async #body({ request }: UnderWay): Promise<RequestBody | undefined> {
    if (request.method === 'GET' || request.method === 'HEAD') return undefined;
    const upload = await this.#options.uploadOf(request);
    // A copy: the worker may leave the request to us after it has looked into it.
    return upload ?? (request.bodyUsed ? undefined : openRequestBody(request.clone()));
  }

  async #answer(
    event: UnderWay,
    answer: WorkerAnswer,
    running: RunningWorker,
  ): Promise<ResponseSource | Response | undefined> {
    const { request } = event;
    if (answer.kind === 'none') return undefined;
    if (answer.kind === 'passed') {
      const given = event.given.get(answer.part);
      if (given === undefined) return Response.error();
      if (!answer.isCopied) given.body?.drop('worker', 'the page has it');
      if (given.body === undefined || given.body.claim()) return given.source;
      return Response.error();
    }
    if (answer.kind === 'error') {
      // Whoever is sent to sign in, or told why nothing comes, must not be so only without a worker.
      if (event.failure !== undefined) throw event.failure.cause;
      return Response.error();
    }
    const { head, body } = answer;
    const isRedirected = head.redirected && request.redirect !== 'follow';
    // Fetch §4.3 "HTTP fetch", step 5.
    if (head.type === 'error' || head.type === 'opaque' || isRedirected) return Response.error();
    if (head.type === 'opaqueredirect') {
      const given = event.given.get('whole') ?? event.given.get('preload');
      return request.redirect === 'manual' && given !== undefined ? given.source : Response.error();
    }
    if (head.status < 200 || head.status > 599) return Response.error();
    const stream =
      body === null || NULL_BODY_STATUSES.has(head.status) ? undefined : readerOf(body, running);
    const source: ResponseSource = {
      status: head.status,
      statusText: head.statusText,
      fields: head.headers,
      read: stream?.read,
      cancel: stream?.cancel ?? (() => undefined),
    };
    return request.mode === 'navigate' ? held(source) : source;
  }
}

function summarize(request: Request): RequestSummary {
  const { method, mode, credentials, cache, redirect, referrer, referrerPolicy } = request;
  const { integrity, destination, keepalive } = request;
  return {
    url: withoutTag(request.url),
    method,
    headers: [...request.headers],
    mode,
    credentials,
    cache,
    redirect,
    referrer,
    referrerPolicy,
    integrity,
    destination,
    keepalive,
    hasBody: method !== 'GET' && method !== 'HEAD' && hasBody(request),
  };
}

/** Unknown in Firefox, whose requests have no `body`. */
function hasBody(request: Request): boolean {
  return (request as { body?: unknown }).body !== null || tagPattern.test(request.url);
}

function withoutTag(url: string): string {
  return url.replace(tagPattern, '');
}

interface Reader {
  read: () => Promise<Uint8Array | undefined>;
  cancel: (reason: string) => void;
}

/** A body that the worker sends: its end counts only while the worker lives to say it. */
function readerOf(body: ReadableStream | ArrayBuffer, { gone }: RunningWorker): Reader {
  if (body instanceof ArrayBuffer) {
    let bytes: Uint8Array | undefined = body.byteLength === 0 ? undefined : new Uint8Array(body);
    const read = (): Promise<Uint8Array | undefined> => {
      const chunk = bytes;
      bytes = undefined;
      return Promise.resolve(chunk);
    };
    return { read, cancel: () => undefined };
  }
  const reader = (body as ReadableStream<unknown>).getReader();
  const lost = new Promise<never>((_, reject) => {
    const fail = (): void =>
      reject(new AppError('ERR_SW_APP_WORKER', 'the worker ended before its response did'));
    if (gone.aborted) fail();
    else gone.addEventListener('abort', fail, { once: true });
  });
  lost.catch(() => undefined);
  return {
    async read() {
      const next = await Promise.race([reader.read(), lost]);
      if (next.done) return undefined;
      if (!(next.value instanceof Uint8Array)) {
        throw new AppError('ERR_SW_APP_WORKER', 'the worker’s response is not made of bytes');
      }
      return next.value;
    },
    cancel: (reason) => void reader.cancel(reason).catch(() => undefined),
  };
}

/** Reads ahead to the end, or as far as may be held. */
async function held(source: ResponseSource): Promise<ResponseSource> {
  const { read } = source;
  if (read === undefined) return source;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let isEnded = false;
  while (!isEnded && bytes < MAX_HELD_BYTES) {
    const chunk = await read();
    if (chunk === undefined) isEnded = true;
    else {
      chunks.push(chunk);
      bytes += chunk.length;
    }
  }
  return {
    ...source,
    read: () => {
      const chunk = chunks.shift();
      if (chunk !== undefined) return Promise.resolve(chunk);
      return isEnded ? Promise.resolve(undefined) : read();
    },
  };
}
