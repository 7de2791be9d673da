/** `FetchEvent`, and how its answer gets to the page. */
import type { WorkerAnswer, WorkerEventFacts } from '../../../messages/app-worker.ts';
import { passFor } from '../event-handlers.ts';
import type { EventRequests } from './event-request.ts';
import { dispatchExtendable, extend, ExtendableEvent, isDispatched } from './extendable-event.ts';

/**
 * Bodies up to this go in one piece if they are there at once, as out of a cache: streams between workers
 * cost more, and end with the worker, which may go with the page before.
 */
const MAX_WHOLE_BYTES = 256 * 1024;
const AT_ONCE_MS = 50;

type FetchFacts = Extract<WorkerEventFacts, { type: 'fetch' }>;

export interface FetchInit extends EventInit {
  request: Request;
  clientId?: string;
  resultingClientId?: string;
  preloadResponse?: Promise<unknown>;
}

const answers = new WeakMap<FetchEvent, Promise<unknown>>();

export class FetchEvent extends ExtendableEvent {
  readonly request: Request;
  readonly clientId: string;
  readonly resultingClientId: string;
  readonly replacesClientId = '';
  readonly preloadResponse: Promise<unknown>;
  readonly handled: Promise<undefined>;
  #handle!: { resolve(value: undefined): void; reject(error: unknown): void };

  constructor(type: string, init: FetchInit) {
    super(type, init);
    this.request = init.request;
    this.clientId = init.clientId ?? '';
    this.resultingClientId = init.resultingClientId ?? '';
    this.preloadResponse = init.preloadResponse ?? Promise.resolve(undefined);
    this.handled = new Promise((resolve, reject) => (this.#handle = { resolve, reject }));
    this.handled.catch(() => undefined);
  }

  respondWith(given: unknown): void {
    if (!isDispatched(this) || answers.has(this)) {
      throw new DOMException('The event has already been responded to.', 'InvalidStateError');
    }
    this.stopImmediatePropagation();
    const answer = Promise.resolve(given);
    answers.set(this, answer);
    extend(
      this,
      answer.catch(() => undefined),
    );
  }

  static settle(event: FetchEvent, error?: unknown): void {
    if (error === undefined) event.#handle.resolve(undefined);
    else event.#handle.reject(error);
  }
}
passFor(FetchEvent, 'FetchEvent');

export interface FetchHandlerOptions {
  scope: EventTarget;
  requests: EventRequests;
  answer: (answer: WorkerAnswer, transfer: Transferable[]) => void;
  signal: AbortSignal;
}

/** Dispatches a fetch event and answers it. Resolves when all that extended it is over. */
export async function handleFetch(
  id: string,
  facts: FetchFacts,
  { scope, requests, answer, signal }: FetchHandlerOptions,
): Promise<void> {
  const { request: summary, clientId, resultingClientId, preload } = facts;
  const preloadResponse =
    preload === undefined ? Promise.resolve(undefined) : requests.preload(id, summary, preload);
  preloadResponse.catch(() => undefined);
  const event = new FetchEvent('fetch', {
    cancelable: true,
    request: requests.create(id, summary, signal),
    clientId,
    resultingClientId,
    preloadResponse,
  });
  const over = dispatchExtendable(scope, event);
  const given = answers.get(event);
  if (given === undefined) {
    FetchEvent.settle(event);
    answer({ kind: 'none' }, []);
  } else {
    try {
      const { said, transfer } = await describe(await given, requests);
      answer(said, transfer);
      FetchEvent.settle(event);
    } catch (error) {
      FetchEvent.settle(event, new TypeError('The response is a network error.'));
      answer({ kind: 'error', reason: String(error).slice(0, 1_024) }, []);
    }
  }
  await over.catch(() => undefined);
}

async function describe(
  response: unknown,
  requests: EventRequests,
): Promise<{ said: WorkerAnswer; transfer: Transferable[] }> {
  if (!(response instanceof Response)) {
    throw new TypeError('An object that was not a Response was passed to respondWith().');
  }
  if (response.bodyUsed || response.body?.locked === true) {
    throw new TypeError('The body of the response was used already.');
  }
  const known = requests.givenBy(response);
  if (known !== undefined) {
    // The page has it from the service worker.
    void response.body?.cancel().catch(() => undefined);
    const { part, isCopied } = known;
    return { said: { kind: 'passed', part, isCopied }, transfer: [] };
  }
  const { status, statusText, type, redirected, headers } = response;
  const head = { status, statusText, type, redirected, headers: [...headers] };
  const body = response.body === null ? null : await toSend(response.body);
  return { said: { kind: 'response', head, body }, transfer: body === null ? [] : [body] };
}

async function toSend(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<ArrayBuffer | ReadableStream<Uint8Array<ArrayBuffer>>> {
  const canStream = canTransferStreams();
  const reader = body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const late = new Promise<'late'>((resolve) => setTimeout(resolve, AT_ONCE_MS, 'late'));
  for (;;) {
    const next = reader.read();
    const read = canStream ? await Promise.race([next, late]) : await next;
    if (read === 'late') return streamOf(chunks, next, reader);
    if (read.done) return new Blob(chunks).arrayBuffer();
    chunks.push(read.value);
    bytes += read.value.length;
    if (canStream && bytes > MAX_WHOLE_BYTES) return streamOf(chunks, reader.read(), reader);
  }
}

/** What was read already, what is being read, and the rest. */
function streamOf(
  chunks: Uint8Array<ArrayBuffer>[],
  pending: Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>>,
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let next: typeof pending | undefined = pending;
  // Whoever pulls hears of it.
  pending.catch(() => undefined);
  return new ReadableStream({
    async pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        controller.enqueue(chunk);
        return;
      }
      const read = await (next ?? reader.read());
      next = undefined;
      if (read.done) controller.close();
      else controller.enqueue(read.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

let transfersStreams: boolean | undefined;

/** False in WebKit. */
function canTransferStreams(): boolean {
  if (transfersStreams !== undefined) return transfersStreams;
  try {
    const stream = new ReadableStream();
    structuredClone(stream, { transfer: [stream] });
    transfersStreams = true;
  } catch {
    transfersStreams = false;
  }
  return transfersStreams;
}
