import { setTimeout as delay } from 'node:timers/promises';

/** Longer than a password check and the writes that may follow a bad one, on a machine with room to breathe. */
export const REFUSAL_MS = 150;

export interface RefusalClock {
  /** Milliseconds, monotonic. */
  now(): number;
  wait(ms: number): Promise<unknown>;
}

const systemClock: RefusalClock = { now: () => performance.now(), wait: (ms) => delay(ms) };

/**
 * Runs a check whose refusals, `undefined`, all take as long: counting a bad password takes a write, which
 * would tell names that exist from names that do not.
 */
export async function hideDuration<T>(
  check: () => Promise<T | undefined>,
  clock: RefusalClock = systemClock,
): Promise<T | undefined> {
  const startMs = clock.now();
  const result = await check();
  if (result === undefined) await clock.wait(Math.max(0, startMs + REFUSAL_MS - clock.now()));
  return result;
}
