import { describe, expect, it } from 'vitest';
import { dial, ranked, seeded, tally } from '../../../../test/harness/ranked-terminators.ts';
import { smartrouting } from './smartrouting.ts';

describe('smartrouting', () => {
  it('takes the cheapest, and each of several that cost the same', () => {
    const strategy = smartrouting(seeded(1));
    const choose = () => strategy.choose(ranked({ a: 7, b: 7, c: 8 }), dial()).terminator;
    const { a = 0, b = 0, ...others } = tally(1_000, choose);
    expect(others).toEqual({});
    expect(Math.abs(a - b)).toBeLessThan(150);
  });
});
