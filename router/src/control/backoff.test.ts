import { describe, expect, it } from 'vitest';
import { BACKOFF_MAX_MS, BACKOFF_MIN_MS, Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('doubles to its maximum and starts over after a reset', () => {
    const backoff = new Backoff(() => 1);
    expect([backoff.nextMs(), backoff.nextMs(), backoff.nextMs()]).toEqual([50, 100, 200]);
    for (let i = 0; i < 100; i++) backoff.nextMs();
    expect(backoff.nextMs()).toBe(BACKOFF_MAX_MS);
    backoff.reset();
    expect(backoff.nextMs()).toBe(BACKOFF_MIN_MS);
  });

  it('jitters within the upper half, and never below the minimum', () => {
    const backoff = new Backoff(() => 0);
    expect([backoff.nextMs(), backoff.nextMs(), backoff.nextMs()]).toEqual([50, 50, 100]);
  });
});
