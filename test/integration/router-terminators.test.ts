/** Who hosts a service is chosen by its strategy, through a real router. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BindOptions, Binding } from '@postern/shared/protocol/edge';
import type { Entity } from '@postern/shared/schemas';
import { RouterNetwork, SERVICE } from '../harness/router-network.ts';
import { connectHost } from '../harness/router-peers.ts';

const ROUTER = 'r1';
let network: RouterNetwork;
/** Host of each circuit, in the order they were opened. */
let dialed: string[];
const closers: (() => void)[] = [];

beforeEach(async () => {
  network = await RouterNetwork.create();
  dialed = [];
  await network.startRouter(ROUTER);
});
afterEach(async () => {
  closers.splice(0).forEach((close) => close());
  await network.close();
});

/** A host of its own identity; resolves when the controller knows its terminator. */
async function host(
  id: string,
  { maxCircuits = 100, ...options }: Partial<BindOptions> & { maxCircuits?: number } = {},
): Promise<Binding> {
  const { controller, pki } = network;
  controller.put('identity', { id, name: id, disabled: false, roleAttributes: ['hosts'] });
  await network.inSync();
  const [address = ''] = network.router(ROUTER).fabricAddresses;
  const edge = connectHost(address, await pki.issue(`identity/${id}`), pki.ca, { maxCircuits });
  closers.push(() => edge.close());
  await edge.opened;
  const binding = await edge.bind(
    { bindGrant: await network.bindGrant({ sub: id }), ...options },
    () => dialed.push(id),
  );
  await network.controller.changed.until(
    () => terminators().some(({ hostId }) => hostId === id),
    `terminator of ${id}`,
  );
  await network.inSync();
  return binding;
}

const terminators = (): Entity<'terminator'>[] => network.controller.all('terminator');

async function strategy(terminatorStrategy: string): Promise<void> {
  const service = network.controller.all('service').find(({ id }) => id === SERVICE)!;
  network.controller.put('service', { ...service, terminatorStrategy });
  await network.inSync();
}

const HOSTS = ['h1', 'h2', 'h3'];
async function dialer(hosts: string[] = HOSTS) {
  const { edge } = await network.browser(ROUTER);
  const grant = await network.dialGrant({ hosts });
  return (options: Parameters<typeof edge.dial>[1] = {}) => edge.dial(grant, options);
}

describe('a service', () => {
  it('is dialed by the strategy it names, whatever that becomes', async () => {
    await host('h1');
    await host('h2', { cost: 5 });
    await host('h3', { cost: 500, precedence: 'failed' });
    const dial = await dialer();
    // Costs 0 and 5; each open circuit adds 2.
    for (let i = 0; i < 4; i += 1) await dial();
    expect(dialed.splice(0)).toEqual(['h1', 'h1', 'h1', 'h2']);
    await strategy('round-robin');
    for (let i = 0; i < 6; i += 1) await dial();
    expect(dialed.filter((id) => id === 'h1')).toHaveLength(3);
    expect(dialed.splice(0)).not.toContain('h3');
    await strategy('sticky');
    for (let i = 0; i < 4; i += 1) await dial();
    expect(new Set(dialed.splice(0)).size).toBe(1);
  });

  it('is dialed at a failed host only when there is no other', async () => {
    const healthy = await host('h1', { cost: 60_000 });
    await host('h2', { precedence: 'failed' });
    const dial = await dialer();
    await dial();
    healthy.unbind();
    await network.controller.changed.until(() => terminators().length === 1, 'unbound');
    await dial();
    expect(dialed).toEqual(['h1', 'h2']);
  });

  it('leaves a host that refuses for one that does not, and stays away from it', async () => {
    await host('h1', { maxCircuits: 1 });
    await host('h2', { cost: 10 });
    const dial = await dialer();
    const first = await dial();
    await dial();
    first.close();
    // The refusal costs 20: more than h2 and its circuit.
    await dial();
    expect(dialed).toEqual(['h1', 'h2', 'h2']);
  });
});

describe('an instance', () => {
  it('is reached by those who name it, and by nobody else', async () => {
    await host('h1', { instanceId: 'alpha' });
    await host('h2', { cost: 9 });
    const dial = await dialer();
    await dial();
    await dial({ instanceId: 'alpha' });
    await dial({ instanceId: '' });
    expect(dialed).toEqual(['h2', 'h1', 'h2']);
    await expect(dial({ instanceId: 'beta' })).rejects.toMatchObject({
      code: 'ERR_SERVICE_NOT_HOSTED',
    });
  });

  it('is one host’s, or of those who share its secret', async () => {
    const instanceSecret = Uint8Array.of(1, 2, 3);
    await host('h1', { instanceId: 'alpha', instanceSecret });
    await expect(host('h2', { instanceId: 'alpha' })).rejects.toMatchObject({
      code: 'ERR_ACCESS_NO_POLICY',
    });
    await host('h3', { instanceId: 'alpha', instanceSecret });
    expect(terminators().map(({ instanceId }) => instanceId)).toEqual(['alpha', 'alpha']);
    expect(JSON.stringify(terminators())).not.toContain('AQID');
  });
});
