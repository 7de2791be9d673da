/** Short: a part that restarts is back at once. */
const FIRST_MS = 50;
const MAX_MS = 15_000;
/**
 * For connections to controllers: what was revoked while none was there counts within 2 s of its return.
 */
export const CONTROL_MAX_MS = 1_500;

export interface BackoffOptions {
  /** In [0, 1); default `Math.random`. */
  random?: () => number;
  /** The first time to wait, in ms, before it is spread; default 50. */
  firstMs?: number;
  /** The longest time to wait, in ms; default 15,000. */
  maxMs?: number;
}

/**
 * Waiting times that double from 50 ms to 15 s, unless told otherwise, and are spread over their upper half, so that peers
 * who lost one another at once do not return at once.
 */
export class Backoff {
  readonly #random: () => number;
  readonly #maxMs: number;
  readonly #firstMs: number;
  #fullMs: number;

  constructor({ random = Math.random, firstMs = FIRST_MS, maxMs = MAX_MS }: BackoffOptions = {}) {
    this.#random = random;
    this.#maxMs = maxMs;
    this.#firstMs = firstMs;
    this.#fullMs = firstMs;
  }

  /** The next time to wait, in ms. */
  nextMs(): number {
    const fullMs = this.#fullMs;
    this.#fullMs = Math.min(this.#maxMs, 2 * fullMs);
    return fullMs / 2 + (fullMs / 2) * this.#random();
  }

  /** To be called when a connection proved good. */
  reset(): void {
    this.#fullMs = this.#firstMs;
  }
}
