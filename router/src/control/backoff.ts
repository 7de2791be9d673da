/** Reconnect delays shared by the control channel and the links. */

export const BACKOFF_MIN_MS = 50;
export const BACKOFF_MAX_MS = 30_000;

/**
 * Exponential delay with full jitter in its upper half, 50 ms to 30 s, forever: many routers that
 * lost one peer at once do not come back at once.
 */
export class Backoff {
  #attempt = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next delay in ms; each call doubles the ceiling until {@link reset}. */
  nextMs(): number {
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(this.#attempt, 20));
    this.#attempt++;
    return Math.max(BACKOFF_MIN_MS, ceiling / 2 + (this.#random() * ceiling) / 2);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
