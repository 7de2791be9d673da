import { describe, expect, it } from 'vitest';
import type { HealthAction } from './check-config.ts';
import { CheckState } from './check-state.ts';

const unhealthy = { kind: 'markUnhealthy' } as const;
const healthy = { kind: 'markHealthy' } as const;
const action = (extra: Partial<HealthAction> & Pick<HealthAction, 'trigger'>): HealthAction => ({
  consecutiveEvents: 1,
  duration: 0,
  action: extra.trigger === 'pass' ? healthy : unhealthy,
  ...extra,
});
/** What happens at each second, for results written as `+` and `-`. */
function run(actions: HealthAction[], results: string): string {
  const state = new CheckState(actions, 0);
  return Array.from(results, (result, second) => {
    const effects = state.observe(result === '+', second * 1_000);
    return effects.map(({ kind }) => (kind === 'markHealthy' ? 'h' : 'u')).join('') || '.';
  }).join(' ');
}

describe('CheckState', () => {
  it('acts on each result of its kind', () => {
    expect(run([action({ trigger: 'fail' })], '+--+-')).toBe('. u u . u');
    expect(run([action({ trigger: 'pass' })], '+-+')).toBe('h . h');
  });

  it('waits for so many in a row', () => {
    expect(run([action({ trigger: 'fail', consecutiveEvents: 3 })], '--+----')).toBe(
      '. . . . . u u',
    );
  });

  it('waits for so long', () => {
    expect(run([action({ trigger: 'fail', duration: 2_000 })], '+----')).toBe('. . . u u');
    // Passing since the start.
    expect(run([action({ trigger: 'pass', duration: 2_000 })], '++++')).toBe('. . h h');
  });

  it('acts on a change once, and the first result is none if it passes', () => {
    expect(run([action({ trigger: 'change' })], '++--++-')).toBe('. . u . u . u');
    expect(run([action({ trigger: 'change' })], '-')).toBe('u');
    expect(run([action({ trigger: 'change', consecutiveEvents: 2 })], '+-+---')).toBe(
      '. . . . u .',
    );
  });

  it('does several things in the order given', () => {
    const actions = [action({ trigger: 'fail' }), action({ trigger: 'fail', action: healthy })];
    expect(run(actions, '-')).toBe('uh');
  });
});
