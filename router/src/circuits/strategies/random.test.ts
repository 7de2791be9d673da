import { describe, expect, it } from 'vitest';
import { random } from './random.ts';
import { dial, ranked, seeded, tally } from '../../../../test/harness/ranked-terminators.ts';

describe('random', () => {
  it('takes each as often, whatever it costs', () => {
    const strategy = random(seeded(2));
    const counts = tally(
      9_000,
      () => strategy.choose(ranked({ a: 0, b: 1_000, c: 65_535 }), dial()).terminator,
    );
    expect(Object.keys(counts).sort()).toEqual(['a', 'b', 'c']);
    for (const count of Object.values(counts)) expect(Math.abs(count - 3_000)).toBeLessThan(200);
  });
});
