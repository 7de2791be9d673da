/** Channel frames over a WebSocket: each binary message is exactly one frame. */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { AppError } from '@postern/shared/errors';
import { checkFrame, type FrameLimits } from '@postern/shared/protocol/channel';
import type { BufferBudget } from './buffer-budget.ts';
import { CLOSE_GRACE_MS, TickCork, type FrameSocket } from './frame-socket.ts';

/** RFC 6455 §7.4.1: a message violates policy. */
const CLOSE_POLICY_VIOLATION = 1008;
const CLOSE_NORMAL = 1000;

export class WsFrameSocket implements FrameSocket {
  readonly remoteAddress: string;
  /** Frames may be this large from now on. */
  limits: FrameLimits;
  onFrame: (frame: Uint8Array) => void = () => undefined;
  onClose: (cause?: Error) => void = () => undefined;

  readonly #socket: WebSocket;
  readonly #budget: BufferBudget;
  readonly #cork: TickCork;
  #accounted = 0;
  #queuedTotal = 0;
  #closed = false;
  #cause: Error | undefined;
  readonly #flushed = (): void => this.#account();

  /** `stream` is the socket beneath, as the HTTP upgrade handed it out. */
  constructor(
    socket: WebSocket,
    stream: Duplex,
    limits: FrameLimits,
    budget: BufferBudget,
    address: string,
  ) {
    this.#socket = socket;
    this.#budget = budget;
    this.limits = limits;
    this.remoteAddress = address;
    this.#cork = new TickCork(stream);
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#closed) return;
      try {
        if (!isBinary) throw new AppError('ERR_CHANNEL_MAGIC', 'text message on a binary channel');
        checkFrame(data, this.limits);
        this.onFrame(data);
      } catch (error) {
        this.#cause ??= error instanceof Error ? error : undefined;
        this.end(CLOSE_POLICY_VIOLATION);
      }
    });
    socket.on('error', (error) => (this.#cause ??= error));
    socket.on('close', () => this.#finish());
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get flushedBytes(): number {
    return this.#queuedTotal - this.#socket.bufferedAmount;
  }

  send(frame: Uint8Array): void {
    if (this.#closed || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#cork.beforeWrite();
    this.#queuedTotal += frame.length;
    this.#socket.send(frame, SEND_OPTIONS, this.#flushed);
    this.#account();
  }

  end(code = CLOSE_NORMAL, text = ''): void {
    if (this.#closed) return;
    this.#socket.close(code, text);
    setTimeout(() => this.destroy(), CLOSE_GRACE_MS).unref();
    this.#finish();
  }

  destroy(cause?: Error): void {
    this.#cause ??= cause;
    this.#socket.terminate();
    this.#finish();
  }

  #account(): void {
    const now = this.#closed ? 0 : this.#socket.bufferedAmount;
    this.#budget.adjust(this.#accounted, now);
    this.#accounted = now;
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#account();
    this.onClose(this.#cause);
  }
}

const SEND_OPTIONS = { binary: true, compress: false, fin: true } as const;
