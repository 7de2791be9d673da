import { describe, expect, it } from 'vitest';
import { httpCheckSchema, portCheckSchema } from './check-config.ts';

const timing = { interval: '5s', timeout: '1s' };
const port = (actions: object[], extra: object = {}) =>
  portCheckSchema.safeParse({ ...timing, address: 'localhost:80', actions, ...extra });

describe('checks', () => {
  it('are written as in host.v1', () => {
    const { data } = port([
      { trigger: 'fail', consecutiveEvents: 3, action: 'mark unhealthy' },
      { trigger: 'pass', duration: '10s', action: 'mark healthy' },
      { trigger: 'fail', action: 'increase cost 100' },
      { trigger: 'pass', action: 'decrease cost 25' },
      { trigger: 'change', action: 'send event' },
    ]);
    expect(data).toMatchObject({ interval: 5_000, timeout: 1_000 });
    expect(data?.actions).toEqual([
      { trigger: 'fail', consecutiveEvents: 3, duration: 0, action: { kind: 'markUnhealthy' } },
      { trigger: 'pass', consecutiveEvents: 1, duration: 10_000, action: { kind: 'markHealthy' } },
      {
        trigger: 'fail',
        consecutiveEvents: 1,
        duration: 0,
        action: { kind: 'changeCost', by: 100 },
      },
      {
        trigger: 'pass',
        consecutiveEvents: 1,
        duration: 0,
        action: { kind: 'changeCost', by: -25 },
      },
      { trigger: 'change', consecutiveEvents: 1, duration: 0, action: { kind: 'sendEvent' } },
    ]);
    expect(
      httpCheckSchema.parse({
        ...timing,
        url: 'http://localhost/health',
        actions: [{ trigger: 'fail', action: 'mark unhealthy' }],
      }),
    ).toMatchObject({ method: 'GET', expectStatus: 200 });
  });

  const fine = [{ trigger: 'fail', action: 'mark unhealthy' }];
  it.each([
    ['no actions', port([])],
    ['too many', port(Array.from({ length: 21 }, () => fine[0]!))],
    ['an unknown trigger', port([{ trigger: 'sometimes', action: 'mark healthy' }])],
    ['an unknown action', port([{ trigger: 'fail', action: 'restart' }])],
    ['a word too many', port([{ trigger: 'fail', action: 'toString' }])],
    ['a cost that is none', port([{ trigger: 'fail', action: 'increase cost 65536' }])],
    ['a negative cost', port([{ trigger: 'fail', action: 'increase cost -1' }])],
    ['an interval that is none', port(fine, { interval: 5 })],
    ['an interval too short', port(fine, { interval: '1ms' })],
    ['no timeout', port(fine, { timeout: '0s' })],
    ['an address without a port', port(fine, { address: 'localhost' })],
    ['a member it does not know', port(fine, { retries: 3 })],
  ])('refuse %s', (_, { success }) => expect(success).toBe(false));
});
