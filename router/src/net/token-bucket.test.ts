import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

describe('TokenBucket', () => {
  it('gives one second’s worth at once, then what time brings', () => {
    const bucket = new TokenBucket(2, 0);
    expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([true, true, false]);
    expect(bucket.take(499)).toBe(false);
    expect(bucket.take(1_000)).toBe(true);
  });

  it('saves no more than one second’s worth, and ignores a clock that goes back', () => {
    const bucket = new TokenBucket(1, 1_000);
    expect([bucket.take(60_000), bucket.take(60_000)]).toEqual([true, false]);
    expect(bucket.take(0)).toBe(false);
  });
});
