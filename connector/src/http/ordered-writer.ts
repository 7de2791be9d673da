import type { SessionStream } from '@postern/shared/protocol/session';

/** Bytes taken from the app but not yet covered by the stream's credit, before the app is paused. */
export const HIGH_WATER_BYTES = 256 * 1024;

/**
 * Writes in call order to a stream from callbacks that cannot wait. The caller pauses its source
 * when {@link write} answers false; `onDrain` then says when to go on.
 */
export class OrderedWriter {
  readonly #stream: SessionStream;
  readonly #onDrain: () => void;
  readonly #onError: (error: unknown) => void;
  #tail: Promise<void> = Promise.resolve();
  #pendingBytes = 0;
  #isFull = false;
  #hasFailed = false;

  constructor(stream: SessionStream, onDrain: () => void, onError: (error: unknown) => void) {
    this.#stream = stream;
    this.#onDrain = onDrain;
    this.#onError = onError;
  }

  /** @returns false when {@link HIGH_WATER_BYTES} are waiting. */
  write(bytes: Uint8Array): boolean {
    this.#pendingBytes += bytes.length;
    this.#enqueue(async () => {
      await this.#stream.write(bytes);
      this.#pendingBytes -= bytes.length;
      if (this.#isFull && this.#pendingBytes < HIGH_WATER_BYTES) {
        this.#isFull = false;
        this.#onDrain();
      }
    });
    this.#isFull = this.#pendingBytes >= HIGH_WATER_BYTES;
    return !this.#isFull;
  }

  /** Ends the direction after everything written; resolves then, or at once after a failure. */
  async end(trailers?: Uint8Array): Promise<void> {
    this.#enqueue(() => this.#stream.end(trailers));
    await this.#tail;
  }

  #enqueue(step: () => Promise<void>): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#hasFailed) return;
      try {
        await step();
      } catch (error) {
        this.#hasFailed = true;
        this.#onError(error);
      }
    });
  }
}
