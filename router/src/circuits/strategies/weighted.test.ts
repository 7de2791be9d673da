import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dial, ranked, seeded, tally } from '../../../../test/harness/ranked-terminators.ts';
import { weighted } from './weighted.ts';

const DRAWS = 20_000;

describe('weighted', () => {
  it('gives three of four dials to the one of two that costs a third', () => {
    const strategy = weighted(seeded(3));
    const { a = 0 } = tally(
      DRAWS,
      () => strategy.choose(ranked({ a: 10, b: 30 }), dial()).terminator,
    );
    expect(a / DRAWS).toBeCloseTo(0.75, 1);
  });

  it('holds the share 1 − cost / sum, for any costs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 2, maxLength: 6 }),
        fc.integer(),
        (costs, seed) => {
          const strategy = weighted(seeded(seed));
          const of = ranked(Object.fromEntries(costs.map((cost, at) => [`t${at}`, cost])));
          const sum = costs.reduce((total, cost) => total + cost, 0);
          const counts = tally(DRAWS, () => strategy.choose(of, dial()).terminator);
          for (const [at, cost] of costs.entries()) {
            const expected = sum === 0 ? 1 / costs.length : (1 - cost / sum) / (costs.length - 1);
            // Six standard deviations of the widest binomial: never by chance.
            expect(Math.abs((counts[`t${at}`] ?? 0) / DRAWS - expected)).toBeLessThan(0.022);
          }
        },
      ),
      { numRuns: 20, seed: 1 },
    );
  });

  it('takes the only one', () => {
    expect(weighted(() => 0.999).choose(ranked({ a: 5 }), dial()).terminator.id).toBe('a');
  });
});
