/** What every frame socket does with its send queue and its end; subclasses move the bytes. */
import type { BufferBudget } from './buffer-budget.ts';
import { FairQueue } from './fair-queue.ts';
import { CLOSE_GRACE_MS, TickCork, type FrameSocket } from './frame-socket.ts';

/**
 * Bytes that a connection is given to send at a time: what has been given is sent in that order. Enough for
 * several reads of a peer, so that the network is never waited for; at 1 Gbit/s 2 ms.
 */
const GIVEN_BYTES = 256 * 1024;

export abstract class QueuedFrameSocket implements FrameSocket {
  readonly remoteAddress: string;
  onFrame: (frame: Uint8Array) => void = () => undefined;
  onClose: (cause?: Error) => void = () => undefined;
  onFlushed: (() => void) | undefined;

  /** Why it ended, if for a reason; the first one counts. */
  protected cause: Error | undefined;
  /** To be called when written bytes have left the queue. */
  protected readonly flushed = (): void => {
    this.#give(GIVEN_BYTES);
    this.#account();
    this.onFlushed?.();
  };

  readonly #budget: BufferBudget;
  readonly #cork: TickCork;
  readonly #waiting = new FairQueue();
  #accounted = 0;
  #queuedTotal = 0;
  #closed = false;

  /** `stream` is what the writes of one turn are batched on. */
  protected constructor(
    remoteAddress: string,
    stream: { cork(): void; uncork(): void },
    budget: BufferBudget,
  ) {
    this.remoteAddress = remoteAddress;
    this.#cork = new TickCork(stream);
    this.#budget = budget;
  }

  /** Bytes given to the connection that have not left this process. */
  protected abstract get givenBytes(): number;
  protected abstract get isWritable(): boolean;
  protected abstract write(frame: Uint8Array): void;
  /** Flushes, then closes. */
  protected abstract finish(code?: number, text?: string): void;
  protected abstract terminate(): void;

  get isClosed(): boolean {
    return this.#closed;
  }

  get bufferedBytes(): number {
    return this.givenBytes + this.#waiting.bytes;
  }

  get flushedBytes(): number {
    return this.#queuedTotal - this.bufferedBytes;
  }

  send(frame: Uint8Array, label?: number): void {
    if (this.#closed || !this.isWritable) return;
    this.#queuedTotal += frame.length;
    if (this.#waiting.bytes > 0 || this.givenBytes >= GIVEN_BYTES) this.#waiting.push(frame, label);
    else this.#write(frame);
    this.#account();
  }

  end(code?: number, text?: string): void {
    if (this.#closed) return;
    this.#give(Infinity);
    this.finish(code, text);
    setTimeout(() => this.destroy(), CLOSE_GRACE_MS).unref();
    this.ended();
  }

  destroy(cause?: Error): void {
    this.cause ??= cause;
    this.terminate();
    this.ended();
  }

  /** To be called when nothing more will arrive. Idempotent. */
  protected ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.clear();
    this.#account();
    this.onClose(this.cause);
  }

  /** Hands on what waits, as long as the connection holds less than `limitBytes`. */
  #give(limitBytes: number): void {
    while (this.#waiting.bytes > 0 && this.isWritable && this.givenBytes < limitBytes) {
      const frame = this.#waiting.take();
      if (frame === undefined) return;
      this.#write(frame);
    }
  }

  #write(frame: Uint8Array): void {
    this.#cork.beforeWrite();
    this.write(frame);
  }

  #account(): void {
    const now = this.#closed ? 0 : this.bufferedBytes;
    this.#budget.adjust(this.#accounted, now);
    this.#accounted = now;
  }
}
