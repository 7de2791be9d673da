/** Short: a part that restarts is back at once. */
const FIRST_MS = 50;
const MAX_MS = 15_000;

export interface BackoffOptions {
  /** In [0, 1); default `Math.random`. */
  random?: () => number;
}

/**
 * Waiting times that double from 50 ms to 15 s and are spread over their upper half, so that peers
 * who lost one another at once do not return at once.
 */
export class Backoff {
  readonly #random: () => number;
  #fullMs = FIRST_MS;

  constructor({ random = Math.random }: BackoffOptions = {}) {
    this.#random = random;
  }

  /** The next time to wait, in ms. */
  nextMs(): number {
    const fullMs = this.#fullMs;
    this.#fullMs = Math.min(MAX_MS, 2 * fullMs);
    return fullMs / 2 + (fullMs / 2) * this.#random();
  }

  /** To be called when a connection proved good. */
  reset(): void {
    this.#fullMs = FIRST_MS;
  }
}
