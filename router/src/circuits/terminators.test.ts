import { describe, expect, it } from 'vitest';
import { chooseTerminator, type TerminatorCandidate } from './terminators.ts';

const terminator = (id: string, extra: Partial<TerminatorCandidate> = {}): TerminatorCandidate => ({
  id,
  serviceId: 's',
  routerId: 'r1',
  hostId: 'h',
  cost: 0,
  precedence: 'default',
  ...extra,
});
const near = () => 0;
const costs = (known: Record<string, number>) => (routerId: string) => known[routerId];

describe('chooseTerminator', () => {
  it('answers undefined when nothing is reachable', () => {
    const none: TerminatorCandidate[] = [];
    expect(chooseTerminator(none, near)).toBeUndefined();
    expect(chooseTerminator([terminator('a')], costs({}))).toBeUndefined();
  });

  it('puts precedence before cost', () => {
    const all = [
      terminator('failed', { precedence: 'failed' }),
      terminator('default', { cost: 10 }),
      terminator('required', { precedence: 'required', cost: 60_000 }),
    ];
    expect(chooseTerminator(all, near)?.id).toBe('required');
    expect(chooseTerminator(all.slice(0, 2), near)?.id).toBe('default');
  });

  it('skips an unreachable better class', () => {
    const all = [terminator('a', { precedence: 'required', routerId: 'gone' }), terminator('b')];
    expect(chooseTerminator(all, costs({ r1: 0 }))?.id).toBe('b');
  });

  it('adds the path cost to the terminator cost', () => {
    const all = [
      terminator('cheap', { routerId: 'far', cost: 1 }),
      terminator('dear', { cost: 5 }),
    ];
    expect(chooseTerminator(all, (id) => (id === 'far' ? 9 : 0))?.id).toBe('dear');
  });

  it('chooses at random among equals only', () => {
    const all = [terminator('a'), terminator('b'), terminator('c', { cost: 1 })];
    expect(chooseTerminator(all, near, () => 0)?.id).toBe('a');
    expect(chooseTerminator(all, near, () => 0.999)?.id).toBe('b');
  });
});
