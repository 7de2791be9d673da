import { describe, expect, it } from 'vitest';
import { TerminatorCosts } from './terminator-costs.ts';

const MINUTE_MS = 60_000;

describe('TerminatorCosts', () => {
  const world = () => {
    let nowMs = 1_000;
    const costs = new TerminatorCosts(() => nowMs);
    const fail = (times: number): void => {
      for (let i = 0; i < times; i += 1) costs.dialFailed('t');
    };
    return { costs, fail, later: (minutes: number) => (nowMs += minutes * MINUTE_MS) };
  };

  it('counts two for each open circuit', () => {
    const { costs } = world();
    costs.opened('t');
    costs.opened('t');
    expect(costs.of('t')).toBe(4);
    costs.closed('t');
    expect([costs.of('t'), costs.of('other')]).toEqual([2, 0]);
    costs.closed('t');
    expect(costs.of('t')).toBe(0);
  });

  it('counts 20 for a failed dial and takes 2 off for a success', () => {
    const { costs, fail } = world();
    fail(2);
    costs.dialSucceeded('t');
    expect(costs.of('t')).toBe(38);
    for (let i = 0; i < 30; i += 1) costs.dialSucceeded('t');
    expect(costs.of('t')).toBe(0);
  });

  it('recovers by 10 a minute', () => {
    const { costs, fail, later } = world();
    fail(3);
    later(0.9);
    expect(costs.of('t')).toBe(60);
    later(0.2);
    expect(costs.of('t')).toBe(50);
    later(2);
    expect(costs.of('t')).toBe(30);
    later(3);
    expect(costs.of('t')).toBe(0);
  });

  it('recovers from a great cost ever faster, however seldom it is asked', () => {
    const { costs, fail, later } = world();
    fail(5_000);
    expect(costs.of('t')).toBe(65_535);
    later(20);
    // 10 each minute: 2^4 is the first power above it, at minute 20.
    expect(costs.of('t')).toBe(65_535 - 19 * 10 - 16);
    later(60);
    expect(costs.of('t')).toBe(0);
  });

  it('starts the recovery anew with each failure', () => {
    const { costs, fail, later } = world();
    fail(10);
    later(24);
    const before = costs.of('t');
    fail(1);
    later(1);
    expect(costs.of('t')).toBe(before + 20 - 10);
  });

  it('remembers so many failing terminators only', () => {
    const { costs } = world();
    for (let i = 0; i <= 10_000; i += 1) costs.dialFailed(`t${i}`);
    expect([costs.of('t0'), costs.of('t1'), costs.of('t10000')]).toEqual([0, 20, 20]);
  });
});
