import { describe, expect, it, vi } from 'vitest';
import type { ServiceInfo } from '../sdk/index.ts';
import { ServiceNames } from './service-names.ts';

const intercept = (addresses: string[], low: number, high = low, protocols = ['tcp']) => ({
  'intercept.v1': { protocols, addresses, portRanges: [{ low, high }] },
});
const service = (
  name: string,
  configs: Record<string, unknown> = {},
  permissions: ServiceInfo['permissions'] = ['Dial'],
): ServiceInfo => ({ id: name, name, permissions, configs });

const services = [
  service('db', intercept(['DB.corp', '10.1.0.0/16', '2001:db8::/32'], 5432)),
  service('web', intercept(['*.corp'], 80, 90)),
  service('deep', intercept(['*.deep.corp'], 80)),
  service('voice', intercept(['voice.corp'], 5060, 5060, ['udp'])),
  service('odd', { 'intercept.v1': { addresses: 'all' } }),
  service('host only', intercept(['mine.corp'], 1), ['Bind']),
  service('Plain'),
];

function world() {
  let nowMs = 0;
  const ask = vi.fn(() => Promise.resolve(services));
  const names = new ServiceNames({ postern: { services: ask }, nowMs: () => nowMs });
  return { names, ask, pass: (ms: number) => (nowMs += ms) };
}

describe('ServiceNames', () => {
  it.each([
    ['db.corp', 5432, 'db'],
    ['db.CORP', 80, 'web'],
    ['10.1.2.3', 5432, 'db'],
    ['10.2.2.3', 5432, undefined],
    ['2001:db8::7', 5432, 'db'],
    ['a.deep.corp', 80, 'deep'],
    ['a.deep.corp', 81, 'web'],
    ['corp', 80, undefined],
    ['voice.corp', 5060, undefined],
    ['mine.corp', 1, undefined],
    ['db.ziti', 1, 'db'],
    ['plain', 443, 'Plain'],
    ['plain.ziti', 443, 'Plain'],
    ['odd', 1, 'odd'],
    ['example.com', 80, undefined],
  ])('%s:%i is %s', async (host, port, expected) => {
    expect(await world().names.find(host, port)).toBe(expected);
  });

  it('knows the ports behind a name', async () => {
    const { names } = world();
    expect(await names.allOf('db.corp')).toMatchObject([
      { service: 'db', ports: [{ low: 5432, high: 5432 }] },
      { service: 'web', ports: [{ low: 80, high: 90 }] },
    ]);
    expect(await names.allOf('db.ziti')).toMatchObject([{ service: 'db' }]);
    // Nothing says by which port it is meant.
    expect(await names.allOf('plain.ziti')).toEqual([]);
    expect([names.isOwnDomain('x.ziti'), names.isOwnDomain('x.corp')]).toEqual([true, false]);
  });

  it('asks again for what it does not know, and when its knowledge is old', async () => {
    const { names, ask, pass } = world();
    await Promise.all([names.find('db.corp', 5432), names.find('new.example', 1)]);
    expect(ask).toHaveBeenCalledOnce();
    pass(2_001);
    await names.find('db.corp', 5432);
    expect(ask).toHaveBeenCalledOnce();
    await names.find('new.example', 1);
    expect(ask).toHaveBeenCalledTimes(2);
    pass(30_001);
    await names.find('db.corp', 5432);
    expect(ask).toHaveBeenCalledTimes(3);
  });
});
