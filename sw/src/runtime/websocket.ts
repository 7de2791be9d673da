/**
 * `WebSocket` (WebSockets Standard §3) for the application's own host, carried by the service
 * worker. Other hosts get the browser's own.
 */
import type { SocketCommand, SocketEvent } from '../messages/page.ts';
import type { WorkerLink } from './worker-link.ts';

type NativeWebSocket = typeof globalThis.WebSocket;
type EventName = 'open' | 'message' | 'error' | 'close';
type Handler = ((event: Event) => unknown) | null;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** The constructor to put in the place of `Native`. */
export function createWebSocketClass(Native: NativeWebSocket, link: WorkerLink): NativeWebSocket {
  // Sockets that live in the worker's present life; a new life knows nothing of them.
  const alive = new Set<() => void>();
  let instance: string | undefined;
  link.listen((message) => {
    if (message.type !== 'postern.pong') return;
    if (instance !== undefined && instance !== message.instance) {
      for (const lose of [...alive]) lose();
    }
    instance = message.instance;
  });
  // Nothing else tells the worker that a page is gone; browsers close with 1001 then (HTML §7.4.4).
  addEventListener('pagehide', () => {
    for (const lose of [...alive]) lose();
  });

  class WebSocket extends EventTarget {
    readonly #url: string;
    readonly #port: MessagePort;
    readonly #handlers = new Map<EventName, Handler>();
    readonly #lose = (): void => {
      this.#post({ kind: 'close', code: 1001, reason: undefined });
      this.#end(1006, '', false, true);
    };
    #readyState = CONNECTING;
    #bufferedAmount = 0;
    #binaryType: BinaryType = 'blob';
    #protocol = '';

    constructor(url: string | URL, protocols: string | Iterable<string> = []) {
      super();
      const list = typeof protocols === 'string' ? [protocols] : Array.from(protocols, String);
      this.#url = parseUrl(url).href;
      checkProtocols(list);
      const { port1, port2 } = new MessageChannel();
      this.#port = port1;
      port1.onmessage = ({ data }: MessageEvent<SocketEvent>) => this.#take(data);
      alive.add(this.#lose);
      if (!link.send({ type: 'postern.websocket', url: this.#url, protocols: list }, [port2])) {
        queueMicrotask(this.#lose);
      }
    }

    static override [Symbol.hasInstance](value: unknown): boolean {
      return (
        (typeof value === 'object' && value !== null && #url in value) || value instanceof Native
      );
    }

    get [Symbol.toStringTag]() {
      return 'WebSocket';
    }
    get url() {
      return this.#url;
    }
    get readyState() {
      return this.#readyState;
    }
    get bufferedAmount() {
      return this.#bufferedAmount;
    }
    get protocol() {
      return this.#protocol;
    }
    get extensions() {
      return '';
    }
    get binaryType() {
      return this.#binaryType;
    }
    set binaryType(value: BinaryType) {
      // An enumeration attribute ignores other values (Web IDL §3.6).
      if (['blob', 'arraybuffer'].includes(value)) this.#binaryType = value;
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
    get onclose() {
      return this.#handler('close');
    }
    set onclose(handler: Handler) {
      this.#setHandler('close', handler);
    }

    send(data: unknown): void {
      if (this.#readyState === CONNECTING) {
        throw new DOMException('Still in CONNECTING state.', 'InvalidStateError');
      }
      const copy = toMessage(data);
      this.#bufferedAmount += byteLength(copy);
      if (this.#readyState === OPEN) this.#post({ kind: 'send', data: copy });
    }

    close(code?: number, reason?: string): void {
      if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
        throw new DOMException(`Not 1000 or 3000 to 4999: ${code}`, 'InvalidAccessError');
      }
      if (reason !== undefined && new TextEncoder().encode(reason).length > 123) {
        throw new DOMException('The reason is longer than 123 bytes.', 'SyntaxError');
      }
      if (this.#readyState >= CLOSING) return;
      this.#readyState = CLOSING;
      this.#post({ kind: 'close', code, reason });
    }

    #handler(name: EventName): Handler {
      return this.#handlers.get(name) ?? null;
    }

    /** HTML §8.1.8.1: a handler keeps its place among the listeners when it is replaced. */
    #setHandler(name: EventName, handler: Handler): void {
      const isNew = !this.#handlers.has(name);
      this.#handlers.set(name, typeof handler === 'function' ? handler : null);
      if (isNew)
        this.addEventListener(name, (event) => this.#handlers.get(name)?.call(this, event));
    }

    #post(command: SocketCommand): void {
      this.#port.postMessage(command);
    }

    #take(event: SocketEvent): void {
      switch (event.kind) {
        case 'open':
          if (this.#readyState !== CONNECTING) return;
          this.#readyState = OPEN;
          this.#protocol = event.protocol;
          this.dispatchEvent(new Event('open'));
          return;
        case 'message':
          this.#post({ kind: 'taken', bytes: byteLength(event.data) });
          if (this.#readyState !== OPEN) return;
          this.dispatchEvent(
            new MessageEvent('message', {
              data:
                typeof event.data === 'string' || this.#binaryType === 'arraybuffer'
                  ? event.data
                  : new Blob([event.data]),
              origin: new URL(this.#url).origin,
            }),
          );
          return;
        case 'sent':
          this.#bufferedAmount -= event.bytes;
          return;
        case 'closed':
          this.#end(event.code, event.reason, event.wasClean, event.failed);
      }
    }

    #end(code: number, reason: string, wasClean: boolean, failed: boolean): void {
      if (this.#readyState === CLOSED) return;
      this.#readyState = CLOSED;
      alive.delete(this.#lose);
      this.#port.close();
      if (failed) this.dispatchEvent(new Event('error'));
      this.dispatchEvent(new CloseEvent('close', { code, reason, wasClean }));
    }
  }

  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
    Object.defineProperty(WebSocket, name, { value, enumerable: true });
    Object.defineProperty(WebSocket.prototype, name, { value, enumerable: true });
  }
  const constructor: NativeWebSocket = new Proxy(WebSocket as unknown as NativeWebSocket, {
    construct(ours, args: ConstructorParameters<NativeWebSocket>, newTarget) {
      return isOwnHost(parseUrl(args[0]))
        ? (Reflect.construct(ours, args, newTarget) as object)
        : new Native(...args);
    },
  });
  Object.defineProperty(WebSocket.prototype, 'constructor', { value: constructor });
  return constructor;
}

/** WebSockets Standard §3.1, steps 1 to 9. */
function parseUrl(given: string | URL): URL {
  const url = String(given);
  if (!URL.canParse(url, document.baseURI))
    throw new DOMException(`Not a URL: ${url}`, 'SyntaxError');
  const parsed = new URL(url, document.baseURI);
  if (parsed.protocol === 'http:') parsed.protocol = 'ws:';
  if (parsed.protocol === 'https:') parsed.protocol = 'wss:';
  if (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:') {
    throw new DOMException(`The scheme must be ws or wss: ${parsed.protocol}`, 'SyntaxError');
  }
  if (parsed.href.includes('#')) throw new DOMException('The URL has a fragment.', 'SyntaxError');
  return parsed;
}

function isOwnHost({ protocol, host }: URL): boolean {
  return host === location.host && protocol === (location.protocol === 'https:' ? 'wss:' : 'ws:');
}

function checkProtocols(protocols: string[]): void {
  // RFC 6455 §4.1: tokens of RFC 9110, each once.
  const isToken = (text: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
  if (
    !protocols.every(isToken) ||
    new Set(protocols.map((one) => one.toLowerCase())).size !== protocols.length
  ) {
    throw new DOMException('Each subprotocol must be a token, and given once.', 'SyntaxError');
  }
}

/** A copy, since the caller may change its buffer at once. Blobs do not change. */
function toMessage(data: unknown): string | Blob | ArrayBuffer {
  if (data instanceof Blob) return data;
  if (data instanceof ArrayBuffer) return data.slice(0);
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer;
  }
  return String(data);
}

function byteLength(data: string | Blob | ArrayBuffer): number {
  if (typeof data === 'string') return new TextEncoder().encode(data).length;
  return data instanceof Blob ? data.size : data.byteLength;
}
