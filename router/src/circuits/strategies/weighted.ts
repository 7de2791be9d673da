import type { Random, TerminatorStrategy } from './strategy.ts';

/**
 * Any, the cheaper the more often: with probability proportional to 1 − cost / (sum of all costs), as
 * OpenZiti has it (specs/fabric.md §3). Of two, one that costs a third of the other gets three dials of four.
 */
export function weighted(random: Random): TerminatorStrategy {
  return {
    choose(best) {
      const sum = best.reduce((total, { cost }) => total + cost, 0);
      // One alone weighs nothing, and so does none when nothing costs anything.
      const weights = best.map(({ cost }) => (sum > 0 && best.length > 1 ? 1 - cost / sum : 1));
      let left = random() * weights.reduce((total, weight) => total + weight, 0);
      for (const [at, weight] of weights.entries()) {
        left -= weight;
        if (left < 0) return best[at] ?? best[0];
      }
      return best[0];
    },
  };
}
