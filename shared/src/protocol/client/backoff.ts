/** Delays between attempts: exponential with full jitter. */

export const FIRST_DELAY_MS = 200;
export const MAX_DELAY_MS = 4000;

/** Delay before attempt `attempt` + 1 (counted from 0): between 0 and twice the last, at most {@link MAX_DELAY_MS}. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(FIRST_DELAY_MS * 2 ** attempt, MAX_DELAY_MS);
}
