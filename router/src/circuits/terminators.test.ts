import { describe, expect, it } from 'vitest';
import { terminator } from '../../../test/harness/ranked-terminators.ts';
import { rankTerminators, type TerminatorCandidate } from './terminators.ts';

const near = () => 0;
const idle = () => 0;
const ids = (
  candidates: TerminatorCandidate[],
  pathCost: (routerId: string) => number | undefined = near,
  dynamicCost: (id: string) => number = idle,
): string[] => rankTerminators(candidates, pathCost, dynamicCost).map((one) => one.terminator.id);

describe('rankTerminators', () => {
  it('leaves out what cannot be reached', () => {
    expect(ids([])).toEqual([]);
    expect(ids([terminator('a')], () => undefined)).toEqual([]);
  });

  it('keeps the best class that can be reached, cheapest first', () => {
    const all = [
      terminator('failed', { precedence: 'failed' }),
      terminator('dear', { cost: 10 }),
      terminator('cheap', { cost: 9 }),
      terminator('required', { precedence: 'required', cost: 60_000, routerId: 'far' }),
    ];
    expect(ids(all)).toEqual(['required']);
    const reachable = (routerId: string) => (routerId === 'far' ? undefined : 0);
    expect(ids(all, reachable)).toEqual(['cheap', 'dear']);
    expect(ids(all.slice(0, 1))).toEqual(['failed']);
  });

  it('adds path, load and failures to the cost, the latter two no further than 65535', () => {
    const all = [
      terminator('a', { routerId: 'far' }),
      terminator('b'),
      terminator('c', { cost: 1 }),
    ];
    const path = (routerId: string) => (routerId === 'far' ? 9 : 0);
    const dynamic = (id: string) => (id === 'c' ? 65_535 : id === 'b' ? 10 : 0);
    const ranks = rankTerminators(all, path, dynamic);
    expect(ranks.map(({ terminator: { id }, cost }) => [id, cost])).toEqual([
      ['a', 9],
      ['b', 10],
      ['c', 65_535],
    ]);
  });
});
