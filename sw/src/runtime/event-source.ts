/**
 * `EventSource` (HTML §9.2) for the application's own origin, over `fetch`: Chromium hides the
 * `Last-Event-ID` of its own from service workers, so a reconnect would start from the beginning.
 */
import { EventStreamParser } from './event-stream.ts';
import { interceptConstructor } from './native-look.ts';

type NativeEventSource = typeof globalThis.EventSource;
type EventName = 'open' | 'message' | 'error';
type Handler = ((event: Event) => unknown) | null;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;
/** Chromium's own, in ms; a `retry` field changes it. */
const RECONNECT_MS = 3_000;

/** The constructor to put in the place of `Native`. */
export function createEventSourceClass(Native: NativeEventSource): NativeEventSource {
  class EventSource extends EventTarget {
    readonly #url: URL;
    readonly #withCredentials: boolean;
    readonly #parser = new EventStreamParser();
    readonly #handlers = new Map<EventName, Handler>();
    readonly #closed = new AbortController();
    #readyState = CONNECTING;

    constructor(url: URL, withCredentials: boolean) {
      super();
      this.#url = url;
      this.#withCredentials = withCredentials;
      void this.#run();
    }

    get [Symbol.toStringTag]() {
      return 'EventSource';
    }
    get url() {
      return this.#url.href;
    }
    get withCredentials() {
      return this.#withCredentials;
    }
    get readyState() {
      return this.#readyState;
    }
    get onopen() {
      return this.#handler('open');
    }
    set onopen(handler: Handler) {
      this.#setHandler('open', handler);
    }
    get onmessage() {
      return this.#handler('message');
    }
    set onmessage(handler: Handler) {
      this.#setHandler('message', handler);
    }
    get onerror() {
      return this.#handler('error');
    }
    set onerror(handler: Handler) {
      this.#setHandler('error', handler);
    }

    close(): void {
      this.#readyState = CLOSED;
      this.#closed.abort();
    }

    #handler(name: EventName): Handler {
      return this.#handlers.get(name) ?? null;
    }

    #setHandler(name: EventName, handler: Handler): void {
      const isNew = !this.#handlers.has(name);
      this.#handlers.set(name, typeof handler === 'function' ? handler : null);
      if (isNew)
        this.addEventListener(name, (event) => this.#handlers.get(name)?.call(this, event));
    }

    /** A method, for it changes with every wait. */
    #isClosed(): boolean {
      return this.#readyState === CLOSED;
    }

    /** HTML §9.2.3: connects until closed or refused for good. */
    async #run(): Promise<void> {
      while (!this.#isClosed()) {
        const body = await this.#connect();
        if (this.#isClosed()) return;
        if (body !== undefined) {
          this.#readyState = OPEN;
          this.dispatchEvent(new Event('open'));
          await this.#receive(body);
          if (this.#isClosed()) return;
        }
        this.#readyState = CONNECTING;
        this.dispatchEvent(new Event('error'));
        await this.#delay(this.#parser.reconnectMs ?? RECONNECT_MS);
      }
    }

    /** The stream; `undefined` when it is worth another attempt. Closes when it is not. */
    async #connect(): Promise<ReadableStream<Uint8Array> | undefined> {
      const { lastEventId } = this.#parser;
      try {
        const response = await fetch(this.#url, {
          headers: {
            accept: 'text/event-stream',
            // As UTF-8 in the bytes of the field (HTML §9.2.3).
            ...(lastEventId !== '' && { 'last-event-id': toByteString(lastEventId) }),
          },
          cache: 'no-store',
          credentials: this.#withCredentials ? 'include' : 'same-origin',
          signal: this.#closed.signal,
        });
        const type = response.headers.get('content-type') ?? '';
        if (response.status === 200 && isEventStream(type)) {
          return response.body ?? new Blob().stream();
        }
        await response.body?.cancel();
      } catch {
        return undefined;
      }
      this.close();
      this.dispatchEvent(new Event('error'));
      return undefined;
    }

    async #receive(body: ReadableStream<Uint8Array>): Promise<void> {
      const reader = body.getReader();
      this.#parser.restart();
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done || this.#isClosed()) return;
          for (const { type, data, lastEventId } of this.#parser.push(value)) {
            if (this.#isClosed()) return;
            const { origin } = this.#url;
            this.dispatchEvent(new MessageEvent(type, { data, lastEventId, origin }));
          }
        }
      } catch {
        // The connection broke off: the next one goes on from the last event.
      }
    }

    #delay(ms: number): Promise<void> {
      return new Promise((resolve) => {
        setTimeout(resolve, ms);
        this.#closed.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSED })) {
    Object.defineProperty(EventSource, name, { value, enumerable: true });
    Object.defineProperty(EventSource.prototype, name, { value, enumerable: true });
  }
  // So that `instanceof`, and what pages add to the prototype, hold for both.
  Object.setPrototypeOf(EventSource.prototype, Native.prototype);
  const constructor: NativeEventSource = interceptConstructor(Native, (args, newTarget) => {
    const [given, init] = args as ConstructorParameters<NativeEventSource>;
    if (args.length === 0) return new Native(...(args as [string]));
    const text = String(given);
    const url = URL.canParse(text, document.baseURI) ? new URL(text, document.baseURI) : undefined;
    const isPlain = newTarget === constructor && url?.origin === location.origin;
    if (isPlain) return new EventSource(url, init?.withCredentials === true);
    return Reflect.construct(Native, args, newTarget as () => unknown) as object;
  });
  Object.defineProperty(EventSource.prototype, 'constructor', {
    value: constructor,
    configurable: true,
    writable: true,
  });
  return constructor;
}

/** Chromium takes no other charset. */
function isEventStream(type: string): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1] ?? 'utf-8';
  return /^\s*text\/event-stream\s*(?:;|$)/i.test(type) && /^utf-?8$/i.test(charset);
}

function toByteString(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
