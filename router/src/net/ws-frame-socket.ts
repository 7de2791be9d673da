/** Channel frames over a WebSocket: each binary message is exactly one frame. */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { AppError } from '@postern/shared/errors';
import { checkFrame, type FrameLimits } from '@postern/shared/protocol/channel';
import type { BufferBudget } from './buffer-budget.ts';
import { QueuedFrameSocket } from './queued-frame-socket.ts';

/** RFC 6455 §7.4.1: a message violates policy. */
const CLOSE_POLICY_VIOLATION = 1008;
const CLOSE_NORMAL = 1000;
const SEND_OPTIONS = { binary: true, compress: false, fin: true } as const;

export class WsFrameSocket extends QueuedFrameSocket {
  /** Frames may be this large from now on. */
  limits: FrameLimits;

  readonly #socket: WebSocket;

  /** `stream` is the socket beneath, as the HTTP upgrade handed it out. */
  constructor(
    socket: WebSocket,
    stream: Duplex,
    limits: FrameLimits,
    budget: BufferBudget,
    address: string,
  ) {
    super(address, stream, budget);
    this.#socket = socket;
    this.limits = limits;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.isClosed) return;
      try {
        if (!isBinary) throw new AppError('ERR_CHANNEL_MAGIC', 'text message on a binary channel');
        checkFrame(data, this.limits);
        this.onFrame(data);
      } catch (error) {
        this.cause ??= error instanceof Error ? error : undefined;
        this.end(CLOSE_POLICY_VIOLATION);
      }
    });
    socket.on('error', (error) => (this.cause ??= error));
    socket.on('close', () => this.ended());
  }

  protected get givenBytes(): number {
    return this.#socket.bufferedAmount;
  }

  protected get isWritable(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  protected write(frame: Uint8Array): void {
    this.#socket.send(frame, SEND_OPTIONS, this.flushed);
  }

  protected finish(code = CLOSE_NORMAL, text = ''): void {
    this.#socket.close(code, text);
  }

  protected terminate(): void {
    this.#socket.terminate();
  }
}
