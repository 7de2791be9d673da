/**
 * `WebSocket` (WebSockets Standard §3) for the application's own host and those beside it, carried by the
 * service worker. Other hosts get the browser's own.
 */
import { isSibling } from '@postern/shared/origins';
import { LOST, ReliableSocket, type SocketEnd } from './reliable-socket.ts';
import { createSiblingCarrier } from './sibling-carrier.ts';
import type { SocketCarrier } from './socket-carrier.ts';

type NativeWebSocket = typeof globalThis.WebSocket;
type EventName = 'open' | 'message' | 'error' | 'close';
type Handler = object | null;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

export interface WebSocketOptions {
  /** The browser's own. */
  Native: NativeWebSocket;
  carrier: SocketCarrier;
  /** The API base URL that relative URLs are resolved against. */
  baseUrl: () => string;
  /** The origin of this page or worker. */
  origin: string;
}

/** The constructor to put in the place of `Native`. */
export function createWebSocketClass(options: WebSocketOptions): NativeWebSocket {
  const { Native, baseUrl, origin } = options;
  const carrier = createSiblingCarrier(options.carrier, Native);
  const alive = new Set<ReliableSocket>();
  // Nothing else tells the service worker that a page is gone.
  globalThis.addEventListener('pagehide', () => {
    for (const socket of [...alive]) socket.abandon();
  });

  class WebSocket extends EventTarget {
    readonly #url: string;
    readonly #socket: ReliableSocket;
    readonly #handlers = new Map<
      EventName,
      { handler: Handler; listener: (event: Event) => void }
    >();
    #readyState = CONNECTING;
    #bufferedAmount = 0;
    #binaryType: BinaryType = 'blob';
    #protocol = '';
    #extensions = '';

    constructor(url: string | URL, protocols: string | Iterable<string> = []) {
      super();
      const list = typeof protocols === 'string' ? [protocols] : Array.from(protocols, String);
      this.#url = parseUrl(url, baseUrl()).href;
      checkProtocols(list);
      this.#socket = new ReliableSocket(carrier, this.#url, list, {
        opened: (protocol, extensions) => {
          if (this.#readyState !== CONNECTING) return;
          this.#readyState = OPEN;
          this.#protocol = protocol;
          this.#extensions = extensions;
          this.dispatchEvent(new Event('open'));
        },
        message: (data) => this.#message(data),
        left: (bytes) => (this.#bufferedAmount -= bytes),
        ended: (end) => this.#end(end),
      });
      alive.add(this.#socket);
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
      return this.#extensions;
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
      if (arguments.length === 0) throw new TypeError('WebSocket.send: 1 argument required.');
      if (this.#readyState === CONNECTING) {
        throw new DOMException('Still in CONNECTING state.', 'InvalidStateError');
      }
      const copy = toMessage(data);
      const bytes = byteLength(copy);
      this.#bufferedAmount += bytes;
      if (this.#readyState === OPEN) this.#socket.send(copy, bytes);
    }

    close(...[code, reason]: [code?: number, reason?: string]): void {
      const given = code === undefined ? undefined : clampToU16(code);
      if (given !== undefined && given !== 1000 && !(given >= 3000 && given <= 4999)) {
        throw new DOMException(`Not 1000 or 3000 to 4999: ${given}`, 'InvalidAccessError');
      }
      const text = reason === undefined ? undefined : toScalarString(reason);
      if (text !== undefined && new TextEncoder().encode(text).length > 123) {
        throw new DOMException('The reason is longer than 123 bytes.', 'SyntaxError');
      }
      if (this.#readyState >= CLOSING) return;
      const wasConnecting = this.#readyState === CONNECTING;
      this.#readyState = CLOSING;
      this.#socket.close(given ?? (text === undefined ? undefined : 1000), text);
      // The connection attempt fails at once, whatever the other side does (§3.1, close()).
      if (wasConnecting) setTimeout(() => this.#end(LOST));
    }

    #handler(name: EventName): Handler {
      return this.#handlers.get(name)?.handler ?? null;
    }

    /** HTML §8.1.8.1: a handler keeps its place among the listeners until it is set to null. */
    #setHandler(name: EventName, value: Handler): void {
      const handler = typeof value === 'function' || typeof value === 'object' ? value : null;
      const known = this.#handlers.get(name);
      if (handler === null) {
        if (known === undefined) return;
        this.removeEventListener(name, known.listener);
        this.#handlers.delete(name);
      } else if (known === undefined) {
        const listener = (event: Event): void => {
          const current = this.#handler(name);
          if (typeof current === 'function') Reflect.apply(current, this, [event]);
        };
        this.#handlers.set(name, { handler, listener });
        this.addEventListener(name, listener);
      } else known.handler = handler;
    }

    #message(data: string | ArrayBuffer): void {
      if (this.#readyState !== OPEN) return;
      this.dispatchEvent(
        new MessageEvent('message', {
          data:
            typeof data === 'string' || this.#binaryType === 'arraybuffer'
              ? data
              : new Blob([data]),
          origin: new URL(this.#url).origin,
        }),
      );
    }

    #end({ code, reason, wasClean, failed }: SocketEnd): void {
      if (this.#readyState === CLOSED) return;
      this.#readyState = CLOSED;
      alive.delete(this.#socket);
      if (failed) this.dispatchEvent(new Event('error'));
      this.dispatchEvent(new CloseEvent('close', { code, reason, wasClean }));
    }
  }

  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
    Object.defineProperty(WebSocket, name, { value, enumerable: true });
    Object.defineProperty(WebSocket.prototype, name, { value, enumerable: true });
  }
  // Not the one that a minifier chose.
  Object.defineProperty(WebSocket, 'name', { value: 'WebSocket' });
  makeEnumerable(WebSocket.prototype);
  const constructor: NativeWebSocket = new Proxy(WebSocket as unknown as NativeWebSocket, {
    construct(ours, args: ConstructorParameters<NativeWebSocket>, newTarget) {
      // Lets the browser say what is missing.
      if ((args as unknown[]).length === 0) return new Native(...args);
      return isCarried(parseUrl(args[0], baseUrl()), origin)
        ? (Reflect.construct(ours, args, newTarget) as object)
        : (Reflect.construct(
            Native,
            args,
            newTarget === constructor ? Native : newTarget,
          ) as object);
    },
  });
  Object.defineProperty(WebSocket.prototype, 'constructor', { value: constructor });
  return constructor;
}

/** Attributes and methods of interfaces are enumerable (Web IDL §3.7), members of classes are not. */
function makeEnumerable(prototype: object): void {
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name !== 'constructor') {
      Object.defineProperty(prototype, name, { ...member, enumerable: true });
    }
  }
}

/** WebSockets Standard §3.1, steps 1 to 9. */
function parseUrl(given: string | URL, base: string): URL {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-template-expression -- throws for symbols
  const url = `${given as string}`;
  if (!URL.canParse(url, base)) throw new DOMException(`Not a URL: ${url}`, 'SyntaxError');
  const parsed = new URL(url, base);
  if (parsed.protocol === 'http:') parsed.protocol = 'ws:';
  if (parsed.protocol === 'https:') parsed.protocol = 'wss:';
  if (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:') {
    throw new DOMException(`The scheme must be ws or wss: ${parsed.protocol}`, 'SyntaxError');
  }
  if (parsed.href.includes('#')) throw new DOMException('The URL has a fragment.', 'SyntaxError');
  return parsed;
}

/** The application's own host, and those beside it, where other applications may be. */
function isCarried({ href }: URL, origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const [own, other] = [new URL(origin), new URL(href.replace(/^ws/, 'http'))];
  return other.origin === own.origin || isSibling(own, other);
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
  return toScalarString(data);
}

/** `[Clamp] unsigned short` (Web IDL §3.2.4): to the nearest integer, halves to even. */
function clampToU16(value: unknown): number {
  const number = Math.min(Math.max(Number(value), 0), 65_535);
  if (Number.isNaN(number)) return 0;
  const floor = Math.floor(number);
  const isUp = number - floor > 0.5 || (number - floor === 0.5 && floor % 2 === 1);
  return isUp ? floor + 1 : floor;
}

/** `USVString`: surrogates that stand alone are replaced. */
function toScalarString(value: unknown): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    new TextEncoder().encode(String(value)),
  );
}

function byteLength(data: string | Blob | ArrayBuffer): number {
  if (typeof data === 'string') return new TextEncoder().encode(data).length;
  return data instanceof Blob ? data.size : data.byteLength;
}
