import { frameLength, PREFIX_BYTES } from './frame.ts';
import type { FrameLimits } from './frame.ts';

/**
 * Cuts a byte stream into whole raw frames, wherever the stream was split. A frame that lies within
 * one chunk is handed out as a view of it; only a frame that spans chunks is copied, once, into a
 * buffer allocated after its prefix passed the limits.
 */
export class FrameSplitter {
  /** Limits for frames from now on: raise them once Hello was answered. */
  limits: FrameLimits;
  readonly #onFrame: (frame: Uint8Array) => void;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixFilled = 0;
  #partial: Uint8Array | undefined;
  #partialFilled = 0;
  #failure: unknown;
  #failed = false;

  /** `onFrame` is called synchronously, in order, and may change {@link limits}. */
  constructor(limits: FrameLimits, onFrame: (frame: Uint8Array) => void) {
    this.limits = limits;
    this.#onFrame = onFrame;
  }

  /**
   * Takes the next chunk; its memory must not be reused afterwards. Throws `ERR_CHANNEL_MAGIC`,
   * `ERR_CHANNEL_TOO_LARGE` or what `onFrame` threw; the stream is unusable from then on, and each
   * further call throws the same.
   */
  push(chunk: Uint8Array): void {
    if (this.#failed) throw this.#failure;
    try {
      this.#split(chunk);
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
      this.#partial = undefined;
      throw error;
    }
  }

  #split(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#partial === undefined && this.#prefixFilled === 0 && rest.length >= PREFIX_BYTES) {
        const length = frameLength(rest, this.limits);
        if (rest.length >= length) {
          const frame = rest.subarray(0, length);
          rest = rest.subarray(length);
          this.#onFrame(frame);
          continue;
        }
      }
      rest =
        this.#partial === undefined
          ? this.#fillPrefix(rest)
          : this.#fillPartial(this.#partial, rest);
    }
  }

  #fillPrefix(rest: Uint8Array): Uint8Array {
    const taken = Math.min(PREFIX_BYTES - this.#prefixFilled, rest.length);
    this.#prefix.set(rest.subarray(0, taken), this.#prefixFilled);
    this.#prefixFilled += taken;
    if (this.#prefixFilled === PREFIX_BYTES) {
      const partial = new Uint8Array(frameLength(this.#prefix, this.limits));
      partial.set(this.#prefix);
      this.#prefixFilled = 0;
      this.#partialFilled = PREFIX_BYTES;
      this.#partial = partial;
      if (partial.length === PREFIX_BYTES) this.#emitPartial(partial);
    }
    return rest.subarray(taken);
  }

  #fillPartial(partial: Uint8Array, rest: Uint8Array): Uint8Array {
    const taken = Math.min(partial.length - this.#partialFilled, rest.length);
    partial.set(rest.subarray(0, taken), this.#partialFilled);
    this.#partialFilled += taken;
    if (this.#partialFilled === partial.length) this.#emitPartial(partial);
    return rest.subarray(taken);
  }

  #emitPartial(frame: Uint8Array): void {
    this.#partial = undefined;
    this.#partialFilled = 0;
    this.#onFrame(frame);
  }
}
