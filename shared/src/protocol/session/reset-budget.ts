import type { Clock } from '../channel/clock.ts';

/** Streams a peer may have opened and reset in a burst … */
const BURST = 1_024;
/** … and per second in the long run. */
const PER_SECOND = 100;

/**
 * How often a peer may reset streams it opened. Each costs the accepting side a request begun in vain,
 * and no number of open streams limits it (HTTP/2's "rapid reset", CVE-2023-44487).
 */
export class ResetBudget {
  readonly #clock: Clock;
  #left = BURST;
  #filledMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledMs = clock.nowMs();
  }

  /** Counts one reset; false when there are too many. */
  spend(): boolean {
    const nowMs = this.#clock.nowMs();
    const refill = (Math.max(0, nowMs - this.#filledMs) * PER_SECOND) / 1_000;
    this.#left = Math.min(BURST, this.#left + refill) - 1;
    this.#filledMs = nowMs;
    return this.#left >= 0;
  }
}
