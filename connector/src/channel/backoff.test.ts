import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('doubles to its maximum, spread over the upper half, and starts over', () => {
    const longest = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 1 });
    expect([1, 2, 3, 4, 5, 6].map(() => longest.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    longest.reset();
    expect(longest.next()).toBe(100);
    const shortest = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 0 });
    expect([1, 2].map(() => shortest.next())).toEqual([50, 100]);
  });
});
