import { encodeUtf8 } from '@postern/shared/bytes';
import { describe, expect, it } from 'vitest';
import { dial, ranked, terminator } from '../../../../test/harness/ranked-terminators.ts';
import { sticky } from './sticky.ts';
import type { Ranked } from './strategy.ts';

const first = (): number => 0;

describe('sticky', () => {
  it('takes the cheapest for who comes without a token', () => {
    expect(sticky(first).choose(ranked({ a: 5, b: 1 }), dial()).terminator.id).toBe('b');
  });

  it('gives a token that leads to the same terminator while it can be had', () => {
    const strategy = sticky(first);
    const token = strategy.token?.(terminator('a'));
    expect(strategy.choose(ranked({ a: 5, b: 1 }), dial({ token })).terminator.id).toBe('a');
    expect(strategy.choose(ranked({ b: 1, c: 0 }), dial({ token })).terminator.id).toBe('c');
  });

  it('takes a token for no more than a hint', () => {
    const strategy = sticky(first);
    for (const token of [Uint8Array.of(0xff, 0xfe), new Uint8Array(16_000), encodeUtf8('nobody')])
      expect(strategy.choose(ranked({ a: 5, b: 1 }), dial({ token })).terminator.id).toBe('b');
  });

  it('remembers the host of an identity, for each service, and its cheapest terminator', () => {
    const strategy = sticky(first);
    const of = (hostId: string, id: string, cost: number) => ({
      terminator: terminator(id, { hostId }),
      cost,
    });
    const all: Ranked = [of('h1', 'a', 1), of('h2', 'b', 5), of('h2', 'c', 6)];
    strategy.joined?.(terminator('c', { hostId: 'h2' }), dial());
    expect(strategy.choose(all, dial()).terminator.id).toBe('b');
    expect(strategy.choose(all, dial({ callerId: 'else' })).terminator.id).toBe('a');
    expect(strategy.choose(all, dial({ serviceId: 'else' })).terminator.id).toBe('a');
  });
});
