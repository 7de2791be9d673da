import { describe, expect, it } from 'vitest';
import { Backoff, CONTROL_MAX_MS } from './backoff.ts';

describe('Backoff', () => {
  it('doubles to its maximum, spread over the upper half, and starts over', () => {
    const longest = new Backoff({ random: () => 1 });
    expect([1, 2, 3].map(() => longest.nextMs())).toEqual([50, 100, 200]);
    for (let i = 0; i < 20; i++) longest.nextMs();
    expect(longest.nextMs()).toBe(15_000);
    const control = new Backoff({ random: () => 1, maxMs: CONTROL_MAX_MS });
    expect(Array.from({ length: 9 }, () => control.nextMs()).at(-1)).toBe(CONTROL_MAX_MS);
    longest.reset();
    expect(longest.nextMs()).toBe(50);
    const slow = new Backoff({ random: () => 1, firstMs: 1_000 });
    expect([slow.nextMs(), slow.nextMs()]).toEqual([1_000, 2_000]);
    slow.reset();
    expect(slow.nextMs()).toBe(1_000);
    const shortest = new Backoff({ random: () => 0 });
    expect([1, 2].map(() => shortest.nextMs())).toEqual([25, 50]);
  });
});
