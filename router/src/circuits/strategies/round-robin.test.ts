import { describe, expect, it } from 'vitest';
import { dial, ranked } from '../../../../test/harness/ranked-terminators.ts';
import { roundRobin } from './round-robin.ts';

describe('round-robin', () => {
  const take = (strategy: ReturnType<typeof roundRobin>, ids: string, serviceId = 's'): string =>
    strategy.choose(
      ranked(Object.fromEntries(Array.from(ids, (id, at) => [id, 9 - at]))),
      dial({ serviceId }),
    ).terminator.id;

  it('takes one after the other, whatever they cost, of each service for itself', () => {
    const strategy = roundRobin();
    expect(Array.from('12345', () => take(strategy, 'abc')).join('')).toBe('abcab');
    expect(take(strategy, 'abc', 'other')).toBe('a');
    expect(take(strategy, 'abc')).toBe('c');
  });

  it('passes over what went, and takes up what came', () => {
    const strategy = roundRobin();
    expect([take(strategy, 'abd'), take(strategy, 'ad'), take(strategy, 'acd')]).toEqual([
      'a',
      'd',
      'a',
    ]);
    expect([take(strategy, 'bcd'), take(strategy, 'bcd')]).toEqual(['b', 'c']);
  });
});
