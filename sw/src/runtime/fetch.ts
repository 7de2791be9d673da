/**
 * `fetch` for the application's own origin. The browser does the request; this adds what it keeps
 * from the service worker: aborts before the head, large bodies and the pace of reading (where
 * `Request` has no `body`, that is in Firefox), and `keepalive`, which goes past the worker there.
 */
import { isLong } from '../messages/request-tag.ts';
import { intercept } from './native-look.ts';
import type { RequestTracker, TrackedRequest } from './requests.ts';
import { toUploadBody } from './upload-body.ts';

/** A body up to this size goes with the request: the browser spools it in no time. */
export const SMALL_UPLOAD_BYTES = 256 * 1024;
/** The worker finds the length of a streamed body up to this size by itself. */
export const SELF_MEASURED_BYTES = 32 * 1024;

export interface HookOptions {
  tracker: RequestTracker;
  /** False while no worker controls the page: then everything is left to the browser. */
  isControlled: () => boolean;
  /** True where workers get neither bodies nor backpressure (browser lab, E). */
  isUnpaced: boolean;
}

type Fetch = typeof globalThis.fetch;

export function interceptFetch(
  scope: { fetch: Fetch; location: { origin: string } },
  { tracker, isControlled, isUnpaced }: HookOptions,
): void {
  intercept(scope, 'fetch', (native, self, args) => {
    const plain = (): unknown => Reflect.apply(native, self, args);
    if (!isControlled() || args.length === 0) return plain();
    const [input, options] = args as [RequestInfo | URL, RequestInit | null | undefined];
    const init = options ?? {};
    const given = describe(input, init);
    if (given === undefined || given.url.origin !== scope.location.origin) return plain();
    const { url, method, signal } = given;
    const keepalive = isUnpaced && given.keepalive;
    const hasBody = method !== 'GET' && method !== 'HEAD';
    if (input instanceof Request && hasBody) return plain();
    const body = hasBody ? toUploadBody(init.body) : undefined;
    const isLarge = isUnpaced && body !== undefined && body.blob.size > SMALL_UPLOAD_BYTES;
    const upload = isLarge ? body : undefined;
    const isStreamed = !isUnpaced && body !== undefined && body.blob.size > SELF_MEASURED_BYTES;
    const streamed = isStreamed ? body : undefined;
    if (!isUnpaced && signal === undefined && streamed === undefined) return plain();

    const request = tracker.track({
      url,
      upload: upload?.blob,
      length: streamed?.blob.size,
      isPaced: isUnpaced,
      outlivesPage: given.keepalive,
    });
    const changed: RequestInit = {
      ...init,
      ...(keepalive && { keepalive: false }),
      ...(upload && { body: null, headers: withType(init.headers, upload.type) }),
      // The very bytes that were counted: the browser would make up another boundary.
      ...(streamed && { body: streamed.blob, headers: withType(init.headers, streamed.type) }),
    };
    return send(
      () => {
        const target = input instanceof Request ? new Request(request.url, input) : request.url;
        return Reflect.apply(native as unknown as Fetch, self, [target, changed]);
      },
      request,
      given,
    );
  });
}

async function send(
  start: () => Promise<Response>,
  request: TrackedRequest,
  { signal, keepalive }: Given,
): Promise<Response> {
  signal?.addEventListener('abort', request.abort, { once: true });
  try {
    return paced(await start(), request);
  } catch (error) {
    // Also when the page is being left, which comes before `pagehide`; `keepalive` is for that.
    if (!keepalive) request.abort();
    throw error;
  } finally {
    signal?.removeEventListener('abort', request.abort);
    request.settle();
  }
}

interface Given {
  url: URL;
  method: string;
  signal: AbortSignal | undefined;
  keepalive: boolean;
}

/** What `fetch` would make of its arguments; `undefined` where it would throw. */
function describe(input: RequestInfo | URL, init: RequestInit): Given | undefined {
  const request = input instanceof Request ? input : undefined;
  // Whatever else a page gives is made text, as `fetch` does.
  const text = request?.url ?? `${input as string | URL}`;
  const base = document.baseURI;
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  // `fetch` refuses user names in URLs: leave that to it.
  if (url.username !== '' || url.password !== '') return undefined;
  return {
    url,
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    signal: init.signal ?? request?.signal ?? undefined,
    keepalive: init.keepalive ?? request?.keepalive ?? false,
  };
}

function withType(given: HeadersInit | undefined, type: string | undefined): Headers {
  const headers = new Headers(given);
  if (type !== undefined && !headers.has('content-type')) headers.set('content-type', type);
  return headers;
}

/** The response, its body counted as the page reads it where both sides agreed to. */
function paced(response: Response, request: TrackedRequest): Response {
  const isCounted = new URL(request.url).hash.endsWith('c') && isLong(response.headers);
  const { body } = response;
  // Firefox gives a body even where there is none (Fetch §2.2.3, "null body status").
  const hasBody = body !== null && ![204, 205, 304].includes(response.status);
  if (!isCounted || !hasBody) return response;
  const reader = body.getReader();
  const counted = new ReadableStream(
    {
      // As the browser's own, for readers that bring their buffer.
      type: 'bytes',
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        // Enqueueing takes the bytes away.
        request.consumed(value.length);
        if (value.length > 0) controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = response;
  return withFacts(new Response(counted, { status, statusText, headers }), response);
}

/** Gives a response made here what only the browser can set. */
function withFacts(made: Response, { url, redirected, type }: Response): Response {
  for (const [name, value] of Object.entries({ url, redirected, type })) {
    Object.defineProperty(made, name, { configurable: true, enumerable: true, value });
  }
  const clone = made.clone.bind(made);
  Object.defineProperty(made, 'clone', {
    configurable: true,
    writable: true,
    value: () => withFacts(clone(), made),
  });
  return made;
}
