/** Attempts per key and minute, in a table of bounded size. */
export interface RateLimit {
  /** Counts an attempt; false when the key has used up its minute or the table is full. */
  take(key: string): boolean;
}

const WINDOW_MS = 60_000;
const MAX_KEYS = 10_000;

/** `maxKeys`: how many keys a minute are counted; further ones are refused. Default 10,000. */
export function createRateLimit(
  attemptsPerMinute: number,
  clock: () => number,
  maxKeys = MAX_KEYS,
): RateLimit {
  const windows = new Map<string, { startedAtMs: number; attempts: number }>();
  const dropExpired = (nowMs: number): void => {
    for (const [key, { startedAtMs }] of windows) {
      // Insertion order is start order, so the first live window ends the search.
      if (nowMs - startedAtMs < WINDOW_MS) return;
      windows.delete(key);
    }
  };
  return {
    take(key) {
      const nowMs = clock();
      dropExpired(nowMs);
      const window = windows.get(key);
      if (window) return ++window.attempts <= attemptsPerMinute;
      if (windows.size >= maxKeys) return false;
      windows.set(key, { startedAtMs: nowMs, attempts: 1 });
      return true;
    },
  };
}

/** The key of an address: the /64 of an IPv6 address, since one host owns at least that. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
}
