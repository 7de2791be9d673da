/** Remembers the proofs seen, so that each counts once (RFC 9449 §11.1). Bounded: when full it refuses. */
export interface ReplayCache {
  /** False when `key` was seen before, or when there is no room to remember it. */
  add(key: string, expiresAtMs: number): boolean | Promise<boolean>;
}

export const DEFAULT_MAX_PROOFS = 100_000;

export function createReplayCache(
  clock: () => number,
  maxEntries: number = DEFAULT_MAX_PROOFS,
): ReplayCache {
  const seen = new Map<string, number>();
  return {
    add: (key, expiresAtMs) => {
      if (seen.has(key)) return false;
      if (seen.size >= maxEntries) {
        const now = clock();
        for (const [old, endMs] of seen) if (endMs <= now) seen.delete(old);
        if (seen.size >= maxEntries) return false;
      }
      seen.set(key, expiresAtMs);
      return true;
    },
  };
}
