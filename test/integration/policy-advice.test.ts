/** Policy advice and simulation over the Management API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT, MANAGEMENT, type EdgeCall } from '../harness/edge-client.ts';
import { LiveNetwork } from '../harness/live-network.ts';

let network: LiveNetwork;
beforeAll(async () => {
  network = await LiveNetwork.start();
});
afterAll(() => network.close());

const manage = (path: string, call: EdgeCall = {}) =>
  network.edge(MANAGEMENT + path, { session: network.admin, ...call });
const codes = (findings: { code: string }[]) => findings.map(({ code }) => code);

describe('policy advice', () => {
  it('says why access is, in OpenZiti’s shape and in ours', async () => {
    const { person, service, router } = network.ids;
    const { data } = await manage(`/identities/${person}/policy-advice/${service}`);
    expect(data).toMatchObject({
      identityId: person,
      serviceId: service,
      isDialAllowed: true,
      isBindAllowed: false,
      identityRouterCount: 1,
      serviceRouterCount: 1,
      commonRouters: [{ id: router, isOnline: true }],
    });
    const ours = (await manage(`/identities/${person}/access-advice/${service}`)).data;
    expect(codes(ours.dial.findings)).toEqual(['ALLOWED']);
    expect(codes(ours.bind.findings)).toEqual(['NO_POLICY']);
    expect(ours.dial.policies).toMatchObject([{ name: 'staff dials', isGranting: true }]);
    expect((await manage(`/identities/none/access-advice/${service}`)).status).toBe(404);
  });

  it('tells by a simulation what a change would do, before it is made', async () => {
    const { person, service, dialPolicy } = network.ids;
    const body = {
      changes: [
        { op: 'update', type: 'identities', id: person, data: { roleAttributes: ['guest'] } },
        {
          op: 'create',
          type: 'service-policies',
          data: {
            name: 'guests host',
            type: 'Bind',
            semantic: 'AnyOf',
            identityRoles: ['#guest'],
            serviceRoles: [`@${service}`],
          },
        },
      ],
    };
    const { data } = await manage('/policy-simulations', { body });
    expect(data).toMatchObject({ gained: { bind: 1, dial: 0 }, lost: { dial: 1 }, identities: 1 });
    expect(data.effects).toEqual([
      { ...effect('lost', 'dial'), identityName: 'alice', targetName: 'wiki' },
      { ...effect('gained', 'bind'), identityName: 'alice', targetName: 'wiki' },
    ]);
    const removed = { changes: [{ op: 'delete', type: 'service-policies', id: dialPolicy }] };
    expect((await manage('/policy-simulations', { body: removed })).data.lost.dial).toBe(1);
    // Nothing has happened.
    const { data: advice } = await manage(`/identities/${person}/policy-advice/${service}`);
    expect(advice.isDialAllowed).toBe(true);
  });

  it.each([
    [{ changes: [] }, 400],
    [{ changes: [{ op: 'update', type: 'identities', data: {} }] }, 400],
    [{ changes: [{ op: 'update', type: 'identities', id: 'none', data: {} }] }, 404],
    [{ changes: [{ op: 'create', type: 'moods', data: {} }] }, 400],
    [{ changes: [{ op: 'create', type: 'service-policies', data: { type: 7 } }] }, 400],
  ])('refuses %j', async (body, status) => {
    expect((await manage('/policy-simulations', { body })).status).toBe(status);
  });

  it('is for administrators', async () => {
    const session = await network.login();
    const body = { changes: [{ op: 'delete', type: 'services', id: network.ids.service }] };
    expect((await manage('/policy-simulations', { session, body })).status).toBe(401);
    const client = `${CLIENT}/policy-simulations`;
    expect((await network.edge(client, { session, body })).status).toBe(404);
  });
});

const effect = (kind: string, access: string) => ({
  effect: kind,
  access,
  identityId: network.ids.person,
  targetId: network.ids.service,
});
