/**
 * Relays messages between an upgraded stream and a WebSocket to the app, with backpressure. The app's
 * side may outlive the stream: what was not acknowledged is sent again over the next one
 * (docs/protocol.md, "Resuming a WebSocket").
 */
import { AppError, isAppError } from '@postern/shared/errors';
import {
  decodeAck,
  decodeClose,
  encodeAck,
  encodeClose,
  encodeFragment,
  encodeMessage,
  FragmentDecoder,
  Unacknowledged,
  type WebSocketFragment,
} from '@postern/shared/protocol/http';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import { WebSocket } from 'ws';
import { HIGH_WATER_BYTES, OrderedWriter } from './ordered-writer.ts';
import type { ExchangeRecord } from './serve-http.ts';

/** RFC 6455 §7.4.1: what a close without a code, and an end without a close, are reported as. */
const NO_STATUS = 1005;
const ABNORMAL = 1006;

/** Messages from the app that the browser has not acknowledged, before the app is paused. */
const MAX_UNACKED_BYTES = 4 * 1024 * 1024;
/** The same while there is no way to the browser. */
export const MAX_DETACHED_BYTES = 256 * 1024;
/** Messages from the browser are acknowledged after so many, so many bytes, or so long. */
const ACK_MESSAGES = 64;
const ACK_BYTES = 128 * 1024;
const ACK_MS = 50;

interface AppMessage {
  readonly kind: 'text' | 'binary' | 'close';
  readonly payload: Uint8Array;
}

/** The way to the browser, as long as it lasts. */
interface Link {
  readonly stream: SessionStream;
  readonly writer: OrderedWriter;
  readonly record: ExchangeRecord;
  /** Settles the direction from the app. */
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
  isFull: boolean;
  isEnding: boolean;
}

export class WebSocketRelay {
  readonly #socket: WebSocket;
  readonly #isResumable: boolean;
  readonly #fromApp = new Unacknowledged<AppMessage>(({ payload }) => payload.length);
  #link: Link | undefined;
  #hasAppClosed = false;
  #failure: AppError | undefined;
  #received = 0;
  /** Bytes of an unfinished message of the browser that the app already has. */
  #partialBytes = 0;
  #unackedMessages = 0;
  #unackedBytes = 0;
  #ackTimer: NodeJS.Timeout | undefined;

  /** Takes over an open, paused socket. */
  constructor(socket: WebSocket, isResumable: boolean) {
    this.#socket = socket;
    this.#isResumable = isResumable;
    // `nodebuffer`, the default binary type.
    socket.on('message', (data, isBinary) =>
      this.#take({ kind: isBinary ? 'binary' : 'text', payload: data as Buffer }),
    );
    // What breaks RFC 6455, and messages that are too large; a 'close' follows.
    socket.once('error', (cause) => {
      this.#failure = new AppError('ERR_HTTP_INVALID', 'the WebSocket of the application failed', {
        cause,
      });
    });
    socket.once('close', (code, reason) => {
      this.#hasAppClosed = true;
      if (code === ABNORMAL || this.#failure !== undefined) {
        this.#failure ??= new AppError('ERR_APP_FAILED', 'application broke off the WebSocket');
        this.#link?.fail(this.#failure);
        return;
      }
      const payload = encodeClose(code === NO_STATUS ? undefined : code, reason.toString());
      this.#take({ kind: 'close', payload });
      this.#endLink();
    });
  }

  /** Whole messages of the browser that arrived so far. */
  get received(): number {
    return this.#received;
  }

  /** Nothing can be resumed any more. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Bytes held for the browser. */
  get heldBytes(): number {
    return this.#fromApp.bytes;
  }

  /** Ends the app's side without a word. */
  terminate(): void {
    clearTimeout(this.#ackTimer);
    this.#socket.terminate();
  }

  /**
   * Relays over `stream`, in place of one before it. Resolves `ended` when both sides closed, and
   * `interrupted` when the way was lost but a later one may take its place, `replaced` when one did.
   * Otherwise the app's side is ended and this rejects with `ERR_APP_FAILED`, `ERR_HTTP_INVALID` or the stream's error.
   *
   * @param has messages from the app that the browser already has
   */
  async attach(
    stream: SessionStream,
    has: number,
    record: ExchangeRecord,
  ): Promise<'ended' | 'interrupted' | 'replaced'> {
    this.#fromApp.acknowledge(has);
    this.#link?.stream.reset(ResetCode.cancelled, 'resumed elsewhere');
    let link!: Link;
    const closed = new Promise<void>((done, fail) => {
      const writer = new OrderedWriter(
        stream,
        () => {
          link.isFull = false;
          this.#flow();
        },
        fail,
      );
      link = { stream, writer, record, done, fail, isFull: false, isEnding: false };
    });
    this.#link = link;
    for (const message of this.#fromApp.messages) this.#write(link, message);
    if (this.#failure !== undefined) link.fail(this.#failure);
    else if (this.#hasAppClosed) this.#endLink();
    this.#flow();
    try {
      await Promise.all([closed, this.#relayToApp(link)]);
      return 'ended';
    } catch (error) {
      if (this.#link !== link) return 'replaced';
      this.#link = undefined;
      clearTimeout(this.#ackTimer);
      this.#flow();
      const isLost = isAppError(error) && error.retryable && this.#failure === undefined;
      if (this.#isResumable && isLost) return 'interrupted';
      this.terminate();
      throw error;
    }
  }

  #take(message: AppMessage): void {
    if (this.#isResumable) this.#fromApp.add(message);
    if (this.#link !== undefined) this.#write(this.#link, message);
    this.#flow();
  }

  #write(link: Link, { kind, payload }: AppMessage): void {
    for (const part of encodeMessage(kind, payload)) {
      link.record.bytesToClient += part.length;
      if (!link.writer.write(part)) link.isFull = true;
    }
  }

  /** Lets the app send, or not. */
  #flow(): void {
    const limit = this.#link === undefined ? MAX_DETACHED_BYTES : MAX_UNACKED_BYTES;
    if (this.#link?.isFull === true || this.#fromApp.bytes > limit) this.#socket.pause();
    else this.#socket.resume();
  }

  #endLink(): void {
    const link = this.#link;
    if (link === undefined || link.isEnding) return;
    link.isEnding = true;
    void link.writer.end().then(link.done);
  }

  async #relayToApp(link: Link): Promise<void> {
    const { stream, record } = link;
    const decoder = new FragmentDecoder();
    let skip = this.#partialBytes;
    for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
      record.bytesToApp += chunk.length;
      for (const fragment of decoder.push(chunk)) {
        if (this.#link !== link) return;
        const { kind, last, payload } = fragment;
        if (kind === 'ack') {
          this.#acknowledged(payload);
          continue;
        }
        const known = kind === 'text' || kind === 'binary' ? Math.min(skip, payload.length) : 0;
        skip -= known;
        if (known === 0 || last || known < payload.length) {
          await sendFragment(this.#socket, { kind, last, payload: payload.subarray(known) });
        }
        this.#count(link, fragment, payload.length - known);
      }
    }
    if (!decoder.isAtBoundary || this.#socket.readyState === WebSocket.OPEN) {
      throw new AppError('ERR_HTTP_INVALID', 'the WebSocket ended without a close');
    }
  }

  #acknowledged(payload: Uint8Array): void {
    if (!this.#isResumable) throw new AppError('ERR_HTTP_INVALID', 'an ack was not asked for');
    this.#fromApp.acknowledge(decodeAck(payload));
    this.#flow();
  }

  #count(link: Link, { kind, last }: WebSocketFragment, bytes: number): void {
    if (kind === 'ping' || kind === 'pong') return;
    this.#partialBytes = last ? 0 : this.#partialBytes + bytes;
    if (last) this.#received += 1;
    if (!this.#isResumable) return;
    this.#unackedBytes += bytes;
    if (last) this.#unackedMessages += 1;
    if (this.#unackedMessages === 0) return;
    if (this.#unackedMessages >= ACK_MESSAGES || this.#unackedBytes >= ACK_BYTES) this.#ack(link);
    else this.#ackTimer ??= setTimeout(() => this.#ack(link), ACK_MS);
  }

  #ack(link: Link): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (this.#link !== link || link.isEnding) return;
    this.#unackedMessages = 0;
    this.#unackedBytes = 0;
    const payload = encodeAck(this.#received);
    link.writer.write(encodeFragment({ kind: 'ack', last: true, payload }));
  }
}

async function sendFragment(
  socket: WebSocket,
  { kind, last, payload }: WebSocketFragment,
): Promise<void> {
  if (socket.readyState !== WebSocket.OPEN) return;
  switch (kind) {
    case 'text':
    case 'binary': {
      const options = { binary: kind === 'binary', fin: last };
      if (socket.bufferedAmount < HIGH_WATER_BYTES) socket.send(payload, options);
      else await new Promise<void>((resolve) => socket.send(payload, options, () => resolve()));
      return;
    }
    case 'close': {
      const { code, reason } = decodeClose(payload);
      if (code === undefined) socket.close();
      else socket.close(code, reason);
      return;
    }
    case 'ping':
      socket.ping(payload);
      return;
    case 'pong':
      socket.pong(payload);
      return;
    case 'ack':
  }
}
