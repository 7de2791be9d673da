/** Terminators and dials that tests of strategies choose among. */
import type { TerminatorCandidate } from '../../router/src/circuits/terminators.ts';
import type { Ranked, StrategyDial } from '../../router/src/circuits/strategies/strategy.ts';

export function terminator(
  id: string,
  extra: Partial<TerminatorCandidate> = {},
): TerminatorCandidate {
  const rest = { serviceId: 's', routerId: 'r', hostId: `host of ${id}`, cost: 0 };
  return { id, ...rest, precedence: 'default', ...extra };
}

/** Ids with their costs, the cheapest first, as strategies get them. */
export function ranked(costs: Record<string, number>): Ranked {
  const all = Object.entries(costs).map(([id, cost]) => ({ terminator: terminator(id), cost }));
  const [first, ...others] = all.sort((a, b) => a.cost - b.cost);
  if (first === undefined) throw new Error('strategies are never asked to choose from nothing');
  return [first, ...others];
}

export const dial = (extra: Partial<StrategyDial> = {}): StrategyDial => ({
  serviceId: 's',
  callerId: 'caller',
  token: undefined,
  ...extra,
});

/** The same numbers in [0, 1) for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How often each terminator is chosen in so many draws. */
export function tally(draws: number, choose: () => TerminatorCandidate): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < draws; i += 1) {
    const { id } = choose();
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}
