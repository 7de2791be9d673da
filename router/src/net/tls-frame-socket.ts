/** Channel frames over a mutual-TLS byte stream. */
import type { TLSSocket } from 'node:tls';
import { FrameSplitter, type FrameLimits } from '@postern/shared/protocol/channel';
import type { BufferBudget } from './buffer-budget.ts';
import { QueuedFrameSocket } from './queued-frame-socket.ts';

export class TlsFrameSocket extends QueuedFrameSocket {
  readonly #socket: TLSSocket;
  readonly #splitter: FrameSplitter;

  constructor(socket: TLSSocket, limits: FrameLimits, budget: BufferBudget) {
    super(socket.remoteAddress ?? 'unknown', socket, budget);
    this.#socket = socket;
    this.#splitter = new FrameSplitter(limits, (frame) => {
      if (!this.isClosed) this.onFrame(frame);
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (this.isClosed) return;
      try {
        this.#splitter.push(chunk);
      } catch (error) {
        this.destroy(error instanceof Error ? error : undefined);
      }
    });
    socket.on('error', (error: Error) => (this.cause ??= error));
    socket.on('end', () => this.destroy());
    socket.on('close', () => this.ended());
  }

  get limits(): FrameLimits {
    return this.#splitter.limits;
  }

  /** Frames may be this large from now on. */
  set limits(limits: FrameLimits) {
    this.#splitter.limits = limits;
  }

  /** Reads nothing more until {@link resume}; frames of the chunk at hand still come. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  protected get givenBytes(): number {
    return this.#socket.writableLength;
  }

  protected get isWritable(): boolean {
    return this.#socket.writable;
  }

  protected write(frame: Uint8Array): void {
    this.#socket.write(frame, this.flushed);
  }

  protected finish(): void {
    this.#socket.end();
  }

  protected terminate(): void {
    this.#socket.destroy();
  }
}
