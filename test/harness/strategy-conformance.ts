/** What every terminator strategy must hold, whatever it prefers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Random, TerminatorStrategy } from '../../router/src/circuits/strategies/strategy.ts';
import { rankTerminators } from '../../router/src/circuits/terminators.ts';
import { dial, seeded, terminator } from './ranked-terminators.ts';

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

export function conformsAsStrategy(
  name: string,
  create: (random: Random) => TerminatorStrategy,
): void {
  describe(`strategy ${name}`, () => {
    it('chooses one that can be reached, never of a worse class than need be', () => {
      fc.assert(
        fc.property(
          candidates,
          fc.integer(),
          fc.uint8Array({ maxLength: 4 }),
          (given, seed, token) => {
            const strategy = create(seeded(seed));
            const all = given.map(({ cost, precedence }, at) =>
              terminator(`${at}`, { routerId: `${at}`, cost, precedence }),
            );
            const reachable = given.filter(({ path }) => path !== undefined);
            for (let dials = 0; dials < 5; dials += 1) {
              const [first, ...others] = rankTerminators(
                all,
                (routerId) => given[Number(routerId)]?.path,
                (id) => given[Number(id)]?.dynamic ?? 0,
              );
              expect(first === undefined).toBe(reachable.length === 0);
              if (first === undefined) return;
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
  });
}
