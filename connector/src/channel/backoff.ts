export interface BackoffOptions {
  /** Default 200 ms. */
  firstMs?: number;
  /** Default 15 s. */
  maxMs?: number;
  /** In [0, 1). */
  random?: () => number;
}

/** Waiting times that double and are spread over their upper half, so that peers do not return at once. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor({ firstMs = 200, maxMs = 15_000, random = Math.random }: BackoffOptions = {}) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** The next time to wait, in ms. */
  next(): number {
    const full = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#failures);
    if (full < this.#maxMs) this.#failures += 1;
    return full / 2 + (full / 2) * this.#random();
  }

  /** To be called when a connection proved good. */
  reset(): void {
    this.#failures = 0;
  }
}
