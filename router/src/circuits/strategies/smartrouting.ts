import type { Random, TerminatorStrategy } from './strategy.ts';

/** The cheapest; one at random of those that cost the same. */
export function smartrouting(random: Random): TerminatorStrategy {
  return {
    choose(best) {
      const equals = best.filter(({ cost }) => cost === best[0].cost);
      return equals[Math.floor(random() * equals.length)] ?? best[0];
    },
  };
}
