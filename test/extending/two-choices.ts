import type { Random, TerminatorStrategy } from '../../router/src/circuits/strategies/strategy.ts';

/** The cheaper of two taken at random: spreads load without every router running to the same host. */
export function twoChoices(random: Random): TerminatorStrategy {
  return {
    choose(best) {
      const draw = () => best[Math.floor(random() * best.length)] ?? best[0];
      const [one, other] = [draw(), draw()];
      return other.cost < one.cost ? other : one;
    },
  };
}
