/** Token bucket per key (address or identity), in a bounded table. */
export interface RateLimit {
  /** False when the key has used up its allowance. */
  take(key: string): boolean;
}

const MAX_KEYS = 10_000;

export function createRateLimit(
  clock: () => number,
  perMinute: number,
  burst = perMinute,
): RateLimit {
  const buckets = new Map<string, { level: number; atMs: number }>();
  return {
    take: (key) => {
      const now = clock();
      const bucket = buckets.get(key) ?? { level: burst, atMs: now };
      const level = Math.min(burst, bucket.level + ((now - bucket.atMs) / 60_000) * perMinute);
      // Re-inserted at the end: the first entry is the one unused for longest.
      buckets.delete(key);
      if (buckets.size >= MAX_KEYS) buckets.delete(buckets.keys().next().value ?? '');
      buckets.set(key, { level: level >= 1 ? level - 1 : level, atMs: now });
      return level >= 1;
    },
  };
}
