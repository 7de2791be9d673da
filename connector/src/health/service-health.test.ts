import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServiceHealth } from './service-health.ts';

const cost = (by: number) => ({ kind: 'changeCost', by }) as const;
const mark = (kind: 'markHealthy' | 'markUnhealthy') => ({ kind }) as const;

describe('ServiceHealth', () => {
  it('is failed while any check says so, and then what it was', () => {
    const health = new ServiceHealth({ cost: 7, precedence: 'required' });
    expect(health.apply(0, mark('markUnhealthy'))).toBe(true);
    expect(health.apply(1, mark('markUnhealthy'))).toBe(false);
    expect(health.standing).toEqual({ cost: 7, precedence: 'failed' });
    expect(health.apply(0, mark('markHealthy'))).toBe(false);
    expect(health.standing.precedence).toBe('failed');
    expect(health.apply(1, mark('markHealthy'))).toBe(true);
    expect(health.standing).toEqual({ cost: 7, precedence: 'required' });
  });

  it('adds up what checks add', () => {
    const health = new ServiceHealth({ cost: 7, precedence: 'default' });
    health.apply(0, cost(100));
    health.apply(1, cost(10));
    expect(health.standing.cost).toBe(117);
    health.apply(1, cost(-50));
    expect(health.standing.cost).toBe(107);
  });

  it('stays between what was configured and 65535, and tells every change', () => {
    const change = fc.tuple(fc.nat(2), fc.integer({ min: -65_535, max: 65_535 }));
    fc.assert(
      fc.property(fc.nat(65_535), fc.array(change), (base, changes) => {
        const health = new ServiceHealth({ cost: base, precedence: 'default' });
        for (const [check, by] of changes) {
          const before = health.standing.cost;
          const isChanged = health.apply(check, cost(by));
          const after = health.standing.cost;
          expect(isChanged).toBe(after !== before);
          expect(after).toBeGreaterThanOrEqual(base);
          expect(after).toBeLessThanOrEqual(65_535);
        }
        for (const check of [0, 1, 2]) health.apply(check, cost(-65_535));
        expect(health.standing.cost).toBe(base);
      }),
    );
  });
});
