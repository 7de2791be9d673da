/**
 * A page's WebSocket: messages between the port its runtime gave and an upgraded `http` stream.
 * Both directions are bounded: the application is read only as fast as the page takes messages. The
 * page keeps what the application has not acknowledged, since this worker may be stopped at any time
 * (docs/protocol.md, "Resuming a WebSocket").
 */
import { isAppError } from '@postern/shared/errors';
import {
  decodeAck,
  decodeClose,
  encodeAck,
  encodeClose,
  encodeFragment,
  encodeMessage,
  FragmentDecoder,
  type WebSocketFragment,
} from '@postern/shared/protocol/http';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import {
  socketCommandSchema,
  type Resumption,
  type SocketCommand,
  type SocketEvent,
} from '../../messages/page.ts';
import type { ExchangeResponse } from '../fetch/exchange.ts';
import { fieldValue } from '../fetch/response-fields.ts';

/** Bytes of messages given to the page that it has not taken yet. */
export const MAX_UNTAKEN_BYTES = 1_048_576;
/** Longest message from the application, in bytes. */
const MAX_MESSAGE_BYTES = 64 * 1_048_576;
/** After our close, how long the application may take to answer it. */
const CLOSE_TIMEOUT_MS = 10_000;
/** Messages that the page took are acknowledged after so many, so many bytes, or so long. */
const ACK_MESSAGES = 64;
const ACK_BYTES = 128 * 1024;
const ACK_MS = 100;

/** Close codes the worker itself gives (RFC 6455 §7.4.1). */
const NO_STATUS = 1005;
const ABNORMAL = 1006;
const POLICY = 1008;
const TOO_BIG = 1009;

const ACCESS_CODES = new Set([
  'ERR_ACCESS_REMOVED',
  'ERR_SESSION_ENDED',
  'ERR_IDENTITY_DISABLED',
  'ERR_ACCESS_NO_POLICY',
]);

export interface PagePort {
  postMessage(event: SocketEvent, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
  close(): void;
}

export interface BridgeOptions {
  port: PagePort;
  open: () => Promise<ExchangeResponse>;
  /** Given when the page resumes. */
  resume: Resumption | undefined;
  /** The page is gone. */
  gone: AbortSignal;
}

/** Carries one WebSocket until both sides closed it, its way is lost or the page is gone. Never rejects. */
export async function bridgeWebSocket(options: BridgeOptions): Promise<void> {
  const { port, open, resume, gone } = options;
  const bridge = new Bridge(port, resume?.received ?? 0);
  gone.addEventListener('abort', () => bridge.end(LOST));
  let isResumable = resume !== undefined;
  try {
    const answer = await open();
    if (answer.status !== 101) {
      answer.stream.reset(ResetCode.cancelled, 'not a WebSocket');
      bridge.end(LOST);
      return;
    }
    const field = (name: string): string => fieldValue(answer.fields, name) ?? '';
    const [id = '', received = ''] = field('postern-resume').split(' ');
    isResumable = id !== '';
    await bridge.run(answer.stream, {
      kind: 'open',
      protocol: field('sec-websocket-protocol'),
      extensions: field('sec-websocket-extensions'),
      resume: isResumable ? { id, received: Number(received) } : undefined,
    });
  } catch (error) {
    if (isResumable && isAppError(error) && error.retryable) {
      bridge.interrupt();
      return;
    }
    const code = isAppError(error) ? error.code : '';
    const isRefusal = ACCESS_CODES.has(code);
    bridge.end({
      code: isRefusal ? POLICY : ABNORMAL,
      reason: isRefusal ? code : '',
      wasClean: false,
      // A connection that the application cuts is no failure of it (WebSockets Standard §4).
      failed: !(bridge.wasOpened && code === 'ERR_APP_FAILED'),
    });
  }
}

type Closed = Omit<Extract<SocketEvent, { kind: 'closed' }>, 'kind'>;

const LOST: Closed = { code: ABNORMAL, reason: '', wasClean: false, failed: true };

class Bridge {
  readonly #port: PagePort;
  readonly #decoder = new FragmentDecoder();
  #stream: SessionStream | undefined;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  /** Sizes of messages given to the page that it has not taken yet. */
  readonly #untaken: number[] = [];
  #untakenBytes = 0;
  #resume: (() => void) | undefined;
  /** Commands are carried out in order; Blobs take time to read. */
  #sending: Promise<void> = Promise.resolve();
  #sentClose = false;
  #hasEnded = false;
  #isResumable = false;
  /** Messages that the page took since the WebSocket opened. */
  #takenMessages: number;
  #unackedMessages = 0;
  #unackedBytes = 0;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(port: PagePort, received: number) {
    this.#port = port;
    this.#takenMessages = received;
    port.onmessage = ({ data }) => {
      const parsed = socketCommandSchema.safeParse(data);
      if (!parsed.success) return;
      const command = parsed.data;
      if (command.kind === 'taken') this.#taken();
      else this.#sending = this.#sending.then(() => this.#perform(command)).catch(() => undefined);
    };
  }

  async run(stream: SessionStream, opened: Extract<SocketEvent, { kind: 'open' }>): Promise<void> {
    this.#stream = stream;
    this.#isResumable = opened.resume !== undefined;
    if (this.#sentClose) {
      // Closed by the page while connecting (WebSockets Standard §3.1, close()).
      stream.reset(ResetCode.cancelled, 'closed while connecting');
      this.end(LOST);
      return;
    }
    this.#port.postMessage(opened);
    for (;;) {
      const chunk = await stream.read();
      if (chunk === undefined) {
        this.end(LOST);
        return;
      }
      for (const fragment of this.#decoder.push(chunk)) {
        if (await this.#receive(fragment)) return;
      }
      await this.#untilTaken();
    }
  }

  get wasOpened(): boolean {
    return this.#stream !== undefined;
  }

  /** Tells the page, once. */
  end(closed: Closed): void {
    this.#finish({ kind: 'closed', ...closed });
  }

  /** The way is lost, the WebSocket is not. */
  interrupt(): void {
    this.#finish({ kind: 'interrupted' });
  }

  #finish(event: SocketEvent): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#ackTimer);
    this.#stream?.reset(ResetCode.cancelled, 'WebSocket closed');
    this.#port.postMessage(event);
  }

  /** True when the application closed. */
  async #receive({ kind, last, payload }: WebSocketFragment): Promise<boolean> {
    switch (kind) {
      case 'ping':
        await this.#write('pong', payload);
        return false;
      case 'pong':
        return false;
      case 'ack':
        this.#port.postMessage({ kind: 'acked', messages: decodeAck(payload) });
        return false;
      case 'close': {
        const { code, reason } = decodeClose(payload);
        if (!this.#sentClose) await this.#write('close', payload);
        this.#sentClose = true;
        await this.#stream?.end();
        this.end({ code: code ?? NO_STATUS, reason, wasClean: true, failed: false });
        return true;
      }
      case 'text':
      case 'binary':
        this.#partBytes += payload.length;
        if (this.#partBytes > MAX_MESSAGE_BYTES) {
          await this.#write('close', encodeClose(TOO_BIG));
          this.end(LOST);
          return true;
        }
        this.#parts.push(last ? payload : payload.slice());
        if (last) this.#deliver(kind);
        return false;
    }
  }

  #deliver(kind: 'text' | 'binary'): void {
    const bytes = new Uint8Array(this.#partBytes);
    let offset = 0;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    this.#parts = [];
    this.#partBytes = 0;
    this.#untaken.push(bytes.length);
    this.#untakenBytes += bytes.length;
    // Text that is not UTF-8 fails the connection (RFC 6455 §8.1): the decoder throws.
    if (kind === 'text') {
      this.#port.postMessage({
        kind: 'message',
        data: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
      });
    } else this.#port.postMessage({ kind: 'message', data: bytes.buffer }, [bytes.buffer]);
  }

  async #perform(command: Exclude<SocketCommand, { kind: 'taken' }>): Promise<void> {
    if (command.kind === 'close') {
      if (this.#sentClose) return;
      this.#sentClose = true;
      if (this.#stream === undefined) return;
      await this.#write('close', encodeClose(command.code, command.reason));
      setTimeout(
        () => this.end({ code: ABNORMAL, reason: '', wasClean: false, failed: false }),
        CLOSE_TIMEOUT_MS,
      );
      return;
    }
    const { data } = command;
    const payload =
      typeof data === 'string'
        ? new TextEncoder().encode(data)
        : new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data);
    await this.#write(typeof data === 'string' ? 'text' : 'binary', payload);
    this.#port.postMessage({ kind: 'sent', bytes: payload.length });
  }

  async #write(kind: 'text' | 'binary' | 'close' | 'pong', payload: Uint8Array): Promise<void> {
    for (const fragment of encodeMessage(kind, payload)) await this.#stream?.write(fragment);
  }

  /** The page took one message. */
  #taken(): void {
    const bytes = this.#untaken.shift();
    if (bytes === undefined) return;
    this.#acknowledge(bytes);
    this.#untakenBytes -= bytes;
    if (this.#untakenBytes <= MAX_UNTAKEN_BYTES) this.#resume?.();
  }

  #acknowledge(bytes: number): void {
    this.#takenMessages += 1;
    if (!this.#isResumable) return;
    this.#unackedMessages += 1;
    this.#unackedBytes += bytes;
    const isDue = this.#unackedMessages >= ACK_MESSAGES || this.#unackedBytes >= ACK_BYTES;
    if (isDue) this.#sendAck();
    else this.#ackTimer ??= setTimeout(() => this.#sendAck(), ACK_MS);
  }

  #sendAck(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (this.#unackedMessages === 0 || this.#sentClose) return;
    this.#unackedMessages = 0;
    this.#unackedBytes = 0;
    // Behind other messages, never between the fragments of one; a lost stream is noticed by its reader.
    this.#sending = this.#sending
      .then(async () => {
        const payload = encodeAck(this.#takenMessages);
        await this.#stream?.write(encodeFragment({ kind: 'ack', last: true, payload }));
      })
      .catch(() => undefined);
  }

  async #untilTaken(): Promise<void> {
    if (this.#untakenBytes <= MAX_UNTAKEN_BYTES) return;
    const taken = new Promise<void>((resolve) => (this.#resume = resolve));
    // A stream that ends meanwhile is noticed by the next read.
    await Promise.race([taken, this.#stream?.closed]);
    this.#resume = undefined;
  }
}
