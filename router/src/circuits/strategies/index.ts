/** The strategies a router has, by the name that services call them. */
import type { TerminatorStrategyName } from '@postern/shared/schemas';
import { random as atRandom } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { smartrouting } from './smartrouting.ts';
import { sticky } from './sticky.ts';
import type { Random, TerminatorStrategy } from './strategy.ts';
import { weighted } from './weighted.ts';

/** Answers the strategy of a name; smartrouting for one this router does not know, being older than its controller. */
export type Strategies = (name: string | undefined) => TerminatorStrategy;

export function createStrategies(random: Random = Math.random): Strategies {
  const all: Record<TerminatorStrategyName, TerminatorStrategy> = {
    smartrouting: smartrouting(random),
    weighted: weighted(random),
    random: atRandom(random),
    'round-robin': roundRobin(),
    sticky: sticky(random),
  };
  const byName = new Map<string, TerminatorStrategy>(Object.entries(all));
  return (name) => byName.get(name ?? '') ?? all.smartrouting;
}
