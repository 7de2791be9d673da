/** Posture at the routers: what they are told, what they see for themselves, also without a controller. */
import type { Circuit, CloseReason } from '@postern/shared/protocol/edge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RouterNetwork, SERVICE, SESSION, USER } from '../harness/router-network.ts';

let network: RouterNetwork;
beforeEach(async () => {
  network = await RouterNetwork.create();
  await network.startRouter('r1');
  await network.startRouter('r2');
  await network.linked('r1', 'r2');
  await network.startHost('r2', (circuit) => {
    circuit.onMessage = (message) => circuit.send(message.slice());
  });
});
afterEach(() => network.close());

const closed = (circuit: Circuit): Promise<CloseReason> =>
  new Promise((resolve) => (circuit.onClose = resolve));
const refusal = (code: string) => expect.objectContaining({ code }) as Error;
async function roundTrip(circuit: Circuit): Promise<void> {
  const answer = new Promise<number[]>((resolve) => (circuit.onMessage = (m) => resolve([...m])));
  circuit.send(Uint8Array.of(1, 2, 3));
  expect(await answer).toEqual([1, 2, 3]);
}
async function dial(): Promise<Circuit> {
  const { edge } = await network.browser('r1');
  return edge.dial(await network.dialGrant());
}
/** The person's policy asks for these checks from now on. */
async function demand(...postureCheckRoles: string[]): Promise<void> {
  ask(...postureCheckRoles);
  await network.inSync();
}
function ask(...postureCheckRoles: string[]): void {
  network.controller.put('servicePolicy', {
    id: 'dial',
    type: 'Dial',
    semantic: 'AnyOf',
    identityRoles: ['#users'],
    serviceRoles: [`@${SERVICE}`],
    postureCheckRoles,
  });
}
const report = (passing: { id: string; untilMs?: number }[], id = SESSION, identityId = USER) =>
  network.controller.put('posture', { id, identityId, passing });

describe('a router', () => {
  it('refuses a dial that no report allows, and allows it with one of this session', async () => {
    network.controller.put('postureCheck', { id: 'os', roleAttributes: [] });
    await demand('@os');
    await expect(dial()).rejects.toEqual(refusal('ERR_POSTURE_FAILED'));
    report([{ id: 'os' }], 'another session');
    report([{ id: 'os' }], SESSION, 'somebody else');
    await network.inSync();
    await expect(dial()).rejects.toEqual(refusal('ERR_POSTURE_FAILED'));
    report([{ id: 'os' }]);
    await network.inSync();
    await roundTrip(await dial());
  });

  it.each([
    ['a report no longer passes it', () => report([])],
    ['the report is withdrawn', () => network.controller.delete('posture', SESSION)],
    ['the check is gone', () => network.controller.delete('postureCheck', 'os')],
    [
      'the policy asks for more',
      () => {
        network.controller.put('postureCheck', { id: 'mfa', roleAttributes: [] });
        ask('@os', '@mfa');
      },
    ],
  ])('closes a running circuit within a second when %s', async (_name, change) => {
    network.controller.put('postureCheck', { id: 'os', roleAttributes: [] });
    report([{ id: 'os' }]);
    await demand('@os');
    const circuit = await dial();
    await roundTrip(circuit);
    const end = closed(circuit);
    const startMs = performance.now();
    change();
    expect((await end).code).toBe('ERR_POSTURE_FAILED');
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  it('ends a check on time, also while no controller can be reached', async () => {
    network.controller.put('postureCheck', { id: 'mfa', roleAttributes: [] });
    report([{ id: 'mfa', untilMs: Date.now() + 4000 }]);
    await demand('@mfa');
    const circuit = await dial();
    await roundTrip(circuit);
    const end = closed(circuit);
    await network.controller.stop();
    expect((await end).code).toBe('ERR_POSTURE_FAILED');
    await expect(dial()).rejects.toEqual(refusal('ERR_POSTURE_FAILED'));
  });

  it('decides checks of networks by the address it sees', async () => {
    network.controller.put('postureCheck', {
      id: 'here',
      roleAttributes: [],
      networks: ['127.0.0.0/8'],
    });
    await demand('@here');
    const circuit = await dial();
    await roundTrip(circuit);
    const end = closed(circuit);
    network.controller.put('postureCheck', {
      id: 'here',
      roleAttributes: [],
      networks: ['192.0.2.0/24'],
    });
    expect((await end).code).toBe('ERR_POSTURE_FAILED');
    // A report cannot say otherwise.
    report([{ id: 'here' }]);
    await network.inSync();
    await expect(dial()).rejects.toEqual(refusal('ERR_POSTURE_FAILED'));
  });

  it('leaves circuits alone that a report is not about', async () => {
    const circuit = await dial();
    report([], 'x', 'somebody else');
    report([], SESSION);
    await network.inSync();
    await roundTrip(circuit);
  });
});
