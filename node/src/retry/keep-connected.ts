import { setTimeout as delay } from 'node:timers/promises';
import type { Backoff } from './backoff.ts';

/**
 * Runs one connection after another until `signal` aborts, with growing pauses while they fail.
 * `connectOnce` resolves or rejects when its connection ended. Never rejects.
 */
export async function keepConnected(
  connectOnce: (signal: AbortSignal) => Promise<void>,
  backoff: Backoff,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await connectOnce(signal);
    } catch (error) {
      if (!isAborted(signal)) onFailure(error);
    }
    await delay(backoff.nextMs(), undefined, { signal }).catch(() => undefined);
  }
}

/** Asked anew: the signal may have aborted during an await, which the compiler cannot know. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
