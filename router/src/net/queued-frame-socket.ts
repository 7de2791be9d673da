/** What every frame socket does with its send queue and its end; subclasses move the bytes. */
import type { BufferBudget } from './buffer-budget.ts';
import { CLOSE_GRACE_MS, TickCork, type FrameSocket } from './frame-socket.ts';

export abstract class QueuedFrameSocket implements FrameSocket {
  readonly remoteAddress: string;
  onFrame: (frame: Uint8Array) => void = () => undefined;
  onClose: (cause?: Error) => void = () => undefined;
  onFlushed: (() => void) | undefined;

  /** Why it ended, if for a reason; the first one counts. */
  protected cause: Error | undefined;
  /** To be called when written bytes have left the queue. */
  protected readonly flushed = (): void => {
    this.#account();
    this.onFlushed?.();
  };

  readonly #budget: BufferBudget;
  readonly #cork: TickCork;
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

  abstract get bufferedBytes(): number;
  protected abstract get isWritable(): boolean;
  protected abstract write(frame: Uint8Array): void;
  /** Flushes, then closes. */
  protected abstract finish(code?: number, text?: string): void;
  protected abstract terminate(): void;

  get isClosed(): boolean {
    return this.#closed;
  }

  get flushedBytes(): number {
    return this.#queuedTotal - this.bufferedBytes;
  }

  send(frame: Uint8Array): void {
    if (this.#closed || !this.isWritable) return;
    this.#cork.beforeWrite();
    this.#queuedTotal += frame.length;
    this.write(frame);
    this.#account();
  }

  end(code?: number, text?: string): void {
    if (this.#closed) return;
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
    this.#account();
    this.onClose(this.cause);
  }

  #account(): void {
    const now = this.#closed ? 0 : this.bufferedBytes;
    this.#budget.adjust(this.#accounted, now);
    this.#accounted = now;
  }
}
