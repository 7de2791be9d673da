/** What holds for every strategy, whatever it prefers. */
import { TERMINATOR_STRATEGIES } from '@postern/shared/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankTerminators } from '../terminators.ts';
import { createStrategies } from './index.ts';
import { dial, ranked, seeded, terminator } from '../../../../test/harness/ranked-terminators.ts';

const CLASSES = ['required', 'default', 'failed'] as const;
const candidates = fc.array(
  fc.record({
    precedence: fc.constantFrom(...CLASSES),
    cost: fc.integer({ min: 0, max: 65_535 }),
    dynamic: fc.integer({ min: 0, max: 65_535 }),
    path: fc.option(fc.integer({ min: 0, max: 1_000 }), { nil: undefined }),
  }),
  { maxLength: 8 },
);

describe.each(TERMINATOR_STRATEGIES)('strategy %s', (name) => {
  it('chooses one that can be reached, never of a worse class than need be', () => {
    fc.assert(
      fc.property(
        candidates,
        fc.integer(),
        fc.uint8Array({ maxLength: 4 }),
        (given, seed, token) => {
          const strategy = createStrategies(seeded(seed))(name);
          const all = given.map(({ cost, precedence }, at) =>
            terminator(`${at}`, { routerId: `${at}`, cost, precedence }),
          );
          for (let dials = 0; dials < 5; dials += 1) {
            const [first, ...others] = rankTerminators(
              all,
              (routerId) => given[Number(routerId)]?.path,
              (id) => given[Number(id)]?.dynamic ?? 0,
            );
            const reachable = given.filter(({ path }) => path !== undefined);
            if (first === undefined) {
              expect(reachable).toEqual([]);
              return;
            }
            const chosen = strategy.choose([first, ...others], dial({ token })).terminator;
            strategy.joined?.(chosen, dial());
            expect(given[Number(chosen.id)]?.path).toBeDefined();
            const best = Math.min(
              ...reachable.map(({ precedence }) => CLASSES.indexOf(precedence)),
            );
            expect(chosen.precedence).toBe(CLASSES[best]);
          }
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });

  it('is there under its name', () => {
    const strategies = createStrategies();
    expect(strategies(name) === strategies('of a newer controller')).toBe(name === 'smartrouting');
    expect(strategies(name).choose(ranked({ a: 1 }), dial()).terminator.id).toBe('a');
  });
});
