/**
 * `FetchEvent.request`: a `Request` that says of itself what only the browser's own can (`mode:
 * 'navigate'`, `destination`), and whose body comes from the service worker once script wants it. Passed
 * on to `fetch` it is the page's request itself: same headers, same body, same redirects.
 */
import type { RequestSummary } from '../../../messages/app-worker.ts';
import {
  EVENT_BODY_PATH,
  formatPassed,
  type PassedRequest,
} from '../../../messages/app-worker-tag.ts';

interface Passable {
  event: string;
  summary: RequestSummary;
  /** False for one made out of it: then only the body is the page's. */
  isWhole: boolean;
}

const BODY_METHODS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const;

/** What became of an answer that the application gave to an event's request. */
export interface GivenAnswer {
  event: string;
  part: 'whole' | 'preload';
  isCopied: boolean;
}

export interface EventRequests {
  create(event: string, summary: RequestSummary, signal: AbortSignal): Request;
  /** The answer asked for ahead of the event. */
  preload(event: string, summary: RequestSummary, headerValue: string): Promise<Response>;
  givenBy(response: Response): GivenAnswer | undefined;
}

/** Replaces `fetch`, `Request` and `Response.prototype.clone` of the scope. */
export function installEventRequests(scope: {
  fetch: typeof fetch;
  Request: typeof Request;
  location: { origin: string };
}): EventRequests {
  const { fetch: nativeFetch, Request: NativeRequest } = scope;
  const { origin } = scope.location;
  const passable = new WeakMap<Request, Passable>();
  const given = new WeakMap<Response, GivenAnswer>();

  async function send(request: Request, part: PassedRequest['part']): Promise<Response> {
    const { event, summary, isWhole } = passable.get(request) ?? {};
    if (event === undefined || summary === undefined) return nativeFetch(request);
    const url = new URL(request.url);
    url.hash = formatPassed({ event, part });
    const { method, headers, credentials, cache, redirect, signal } = request;
    const response = await nativeFetch(url, {
      method,
      headers: isWhole === true && part === 'whole' ? {} : headers,
      credentials,
      cache: cache === 'only-if-cached' ? 'default' : cache,
      redirect,
      signal,
      mode: summary.mode === 'navigate' ? 'same-origin' : summary.mode,
    });
    if (part !== 'body' && !response.redirected) {
      given.set(response, { event, part, isCopied: false });
    }
    return response;
  }

  const passOn = (request: Request): Promise<Response> => {
    const known = passable.get(request);
    if (request.bodyUsed) throw new TypeError('The body was used already.');
    return send(request, known?.isWhole === true ? 'whole' : 'body');
  };

  scope.fetch = new Proxy(nativeFetch, {
    apply(native, self: unknown, args: Parameters<typeof fetch>) {
      const [input, init] = args;
      if (!(input instanceof NativeRequest) || !passable.has(input)) {
        return Reflect.apply(native, self, args);
      }
      // What `Request` throws is what `fetch` rejects with.
      return Promise.resolve()
        .then(() => (isEmpty(init) ? input : new scope.Request(input, init)))
        .then(passOn);
    },
  });

  scope.Request = new Proxy(NativeRequest, {
    construct(Native, args: [RequestInfo | URL, RequestInit?], newTarget) {
      const [input, init = {}] = args;
      const known = input instanceof Native ? passable.get(input) : undefined;
      const target = newTarget === scope.Request ? Native : (newTarget as typeof Request);
      if (known === undefined || !known.summary.hasBody || init.body != null) {
        const plain: Request = Reflect.construct(Native, args, target);
        return plain;
      }
      const { method = known.summary.method } = init;
      const made: Request = Reflect.construct(Native, [input, init], target);
      if (method !== 'GET' && method !== 'HEAD') lendBody(made, { ...known, isWhole: false });
      return made;
    },
  });

  const { prototype } = Response;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the right `this` below
  const { clone } = prototype;
  prototype.clone = new Proxy(clone, {
    apply(native, self: Response, args: []) {
      const copy = Reflect.apply(native, self, args);
      const known = given.get(self);
      if (known !== undefined) {
        known.isCopied = true;
        given.set(copy, known);
      }
      return copy;
    },
  });

  /** Gives a request the body that the page sent. */
  function lendBody(request: Request, facts: Passable): Request {
    passable.set(request, facts);
    let used: Promise<Response> | undefined;
    const take = (): Promise<Response> => {
      if (used !== undefined) return Promise.reject(new TypeError('body stream already read'));
      used = nativeFetch(`${origin}${EVENT_BODY_PATH}${facts.event}`).then(
        ({ body }) =>
          new Response(body, {
            headers: { 'content-type': request.headers.get('content-type') ?? '' },
          }),
      );
      return used;
    };
    const own: PropertyDescriptorMap = {
      bodyUsed: { get: () => used !== undefined },
      clone: {
        value: () => {
          if (used !== undefined) throw new TypeError('Request body is already used');
          return describe(lendBody(nativeClone(request), facts), facts.summary);
        },
      },
    };
    for (const name of BODY_METHODS) {
      if (!(name in NativeRequest.prototype)) continue;
      own[name] = { value: async () => (await take())[name as 'text']() };
    }
    if ('body' in NativeRequest.prototype) own['body'] = { get: () => streamOf(take) };
    Object.defineProperties(request, own);
    return request;
  }

  const nativeClone = (request: Request): Request => NativeRequest.prototype.clone.call(request);

  return {
    create(event, summary, signal) {
      const request = new NativeRequest(summary.url, initOf(summary, signal));
      describe(request, summary);
      const facts = { event, summary, isWhole: true };
      if (summary.hasBody) return lendBody(request, facts);
      passable.set(request, facts);
      Object.defineProperty(request, 'clone', {
        value: () => {
          const copy = describe(nativeClone(request), summary);
          passable.set(copy, facts);
          return copy;
        },
      });
      return request;
    },
    preload(event, summary, headerValue) {
      const request = new NativeRequest(summary.url, {
        redirect: 'manual',
        headers: { 'postern-preload': headerValue },
      });
      passable.set(request, { event, summary, isWhole: true });
      return send(request, 'preload');
    },
    givenBy: (response) => given.get(response),
  };
}

function initOf(summary: RequestSummary, signal: AbortSignal): RequestInit {
  const { method, headers, mode, credentials, cache, redirect, integrity, keepalive } = summary;
  const isOwn = cache !== 'only-if-cached' || mode === 'same-origin';
  return {
    method,
    headers,
    mode: mode === 'navigate' ? 'same-origin' : mode,
    credentials,
    cache: isOwn ? cache : 'default',
    redirect,
    integrity,
    keepalive,
    signal,
  };
}

/** What a constructor does not let anyone say. */
function describe(request: Request, summary: RequestSummary): Request {
  for (const name of ['mode', 'destination', 'referrer', 'referrerPolicy', 'cache'] as const) {
    Object.defineProperty(request, name, { value: summary[name], configurable: true });
  }
  return request;
}

function isEmpty(init: RequestInit | undefined): boolean {
  return Object.values(init ?? {}).every((value) => value === undefined);
}

function streamOf(take: () => Promise<Response>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream({
    async pull(controller) {
      reader ??= (await take()).body?.getReader();
      const next = await reader?.read();
      if (next?.done !== false) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: (reason) => reader?.cancel(reason),
  });
}
