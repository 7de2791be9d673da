import { describe, expect, it } from 'vitest';
import { createReplayCache } from './replay-cache.ts';

describe('the replay cache', () => {
  it('takes each proof once', () => {
    const cache = createReplayCache(() => 0);
    expect(cache.add('a', 10)).toBe(true);
    expect(cache.add('a', 10)).toBe(false);
    expect(cache.add('b', 10)).toBe(true);
  });

  it('refuses when full, and makes room of what has expired', () => {
    let now = 0;
    const cache = createReplayCache(() => now, 2);
    expect(cache.add('a', 10)).toBe(true);
    expect(cache.add('b', 20)).toBe(true);
    expect(cache.add('c', 30)).toBe(false);
    now = 10;
    expect(cache.add('c', 30)).toBe(true);
    expect(cache.add('b', 30)).toBe(false);
  });
});
