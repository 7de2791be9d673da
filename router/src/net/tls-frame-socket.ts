/** Channel frames over a mutual-TLS byte stream. */
import type { TLSSocket } from 'node:tls';
import { FrameSplitter, type FrameLimits } from '@postern/shared/protocol/channel';
import type { BufferBudget } from './buffer-budget.ts';
import { CLOSE_GRACE_MS, TickCork, type FrameSocket } from './frame-socket.ts';

export class TlsFrameSocket implements FrameSocket {
  readonly remoteAddress: string;
  onFrame: (frame: Uint8Array) => void = () => undefined;
  onClose: (cause?: Error) => void = () => undefined;

  readonly #socket: TLSSocket;
  readonly #budget: BufferBudget | undefined;
  readonly #splitter: FrameSplitter;
  readonly #cork: TickCork;
  #accounted = 0;
  #queuedTotal = 0;
  #closed = false;
  #cause: Error | undefined;
  readonly #flushed = (): void => this.#account();

  constructor(socket: TLSSocket, limits: FrameLimits, budget?: BufferBudget) {
    this.#socket = socket;
    this.#budget = budget;
    this.remoteAddress = socket.remoteAddress ?? 'unknown';
    this.#cork = new TickCork(socket);
    this.#splitter = new FrameSplitter(limits, (frame) => {
      if (!this.#closed) this.onFrame(frame);
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (this.#closed) return;
      try {
        this.#splitter.push(chunk);
      } catch (error) {
        this.destroy(error instanceof Error ? error : undefined);
      }
    });
    socket.on('error', (error: Error) => (this.#cause ??= error));
    socket.on('end', () => this.destroy());
    socket.on('close', () => this.#finish());
  }

  /** Frames may be this large from now on. */
  set limits(limits: FrameLimits) {
    this.#splitter.limits = limits;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  get flushedBytes(): number {
    return this.#queuedTotal - this.#socket.writableLength;
  }

  send(frame: Uint8Array): void {
    if (this.#closed || !this.#socket.writable) return;
    this.#cork.beforeWrite();
    this.#queuedTotal += frame.length;
    this.#socket.write(frame, this.#flushed);
    this.#account();
  }

  end(): void {
    if (this.#closed) return;
    this.#socket.end();
    setTimeout(() => this.destroy(), CLOSE_GRACE_MS).unref();
    this.#finish();
  }

  destroy(cause?: Error): void {
    this.#cause ??= cause;
    this.#socket.destroy();
    this.#finish();
  }

  #account(): void {
    const now = this.#closed ? 0 : this.#socket.writableLength;
    this.#budget?.adjust(this.#accounted, now);
    this.#accounted = now;
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#account();
    this.onClose(this.#cause);
  }
}
