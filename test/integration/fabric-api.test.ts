/** The network as it is now over `/fabric/v1`, and access that ends in the middle of circuits. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Circuit } from '@postern/shared/protocol/edge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MANAGEMENT, type EdgeCall } from '../harness/edge-client.ts';
import { ended, LiveNetwork, roundTrip, type SignedIn } from '../harness/live-network.ts';

/** `design.md`, Numbers: revocation to closed stream. */
const CLOSED_WITHIN_MS = 1000;

let network: LiveNetwork;

beforeAll(async () => {
  network = await LiveNetwork.start();
});
afterAll(() => network.close());

const fabric = (path: string, call: EdgeCall = {}) =>
  network.edge(`/fabric/v1${path}`, { session: network.admin, ...call });
const manage = (path: string, call: EdgeCall = {}) =>
  network.edge(MANAGEMENT + path, { session: network.admin, ...call });

async function openCircuit(): Promise<{ signedIn: SignedIn; circuit: Circuit }> {
  const signedIn = await network.signIn();
  const circuit = await signedIn.dial();
  await roundTrip(circuit);
  return { signedIn, circuit };
}
const listed = async (id: string): Promise<boolean> =>
  (await fabric(`/circuits/${id}`)).status === 200;

describe('circuits', () => {
  it('are listed while they are open, by the routers’ reports', async () => {
    const { signedIn, circuit } = await openCircuit();
    await network.until(() => listed(circuit.circuitId));
    const { data } = await fabric(`/circuits/${circuit.circuitId}`);
    expect(data).toMatchObject({
      clientId: network.ids.person,
      sessionId: signedIn.sessionId,
      service: { id: network.ids.service, name: 'wiki' },
      path: { nodes: [{ id: network.ids.router, name: 'router 1' }], links: [] },
    });
    const session = await network.login();
    const { data: leave } = await network.edge('/edge/client/v1/sessions', {
      session,
      body: { serviceId: network.ids.service },
    });
    expect((await manage(`/sessions/${leave.id}/route-path`)).data.routePath).toEqual([
      network.ids.router,
    ]);
    for (const id of [network.ids.person, network.ids.host])
      expect((await manage(`/identities/${id}`)).data.edgeRouterConnectionStatus).toBe('online');
    const filter = (text: string) => fabric(`/circuits?filter=${encodeURIComponent(text)}`);
    expect((await filter(`clientId = "${network.ids.person}" limit none`)).data).toHaveLength(1);
    expect((await filter(`clientId = "nobody"`)).data).toEqual([]);
    expect((await filter(`nothing = "x"`)).code).toBe('INVALID_FILTER');
    expect((await filter(`clientId = 1`)).code).toBe('INVALID_FILTER');
    circuit.close();
    await network.until(async () => !(await listed(circuit.circuitId)));
    signedIn.browser.socket.terminate();
  });

  it('are closed by an administrator, saying so', async () => {
    const { signedIn, circuit } = await openCircuit();
    await network.until(() => listed(circuit.circuitId));
    const end = ended(circuit);
    const answer = await fabric(`/circuits/${circuit.circuitId}`, { method: 'DELETE' });
    expect(answer.status).toBe(200);
    expect((await end).code).toBe('ERR_CIRCUIT_ENDED');
    expect((await fabric('/circuits/unknown', { method: 'DELETE' })).status).toBe(404);
    // The session goes on: another circuit is the caller's to open.
    await roundTrip(await signedIn.dial());
    signedIn.browser.socket.terminate();
  });
});

describe('access that ends', () => {
  const cases: [
    what: string,
    code: string,
    end: (signedIn: SignedIn) => Promise<unknown>,
    undo?: () => Promise<unknown>,
  ][] = [
    [
      'by revoking the sign-in session',
      'ERR_SESSION_ENDED',
      ({ sessionId }) => manage('/revocations', { body: { id: sessionId, type: 'API_SESSION' } }),
    ],
    [
      'by revoking all of an identity’s sessions',
      'ERR_SESSION_ENDED',
      () => manage('/revocations', { body: { id: network.ids.person, type: 'IDENTITY' } }),
    ],
    [
      'by disabling the identity',
      'ERR_IDENTITY_DISABLED',
      () => manage(`/identities/${network.ids.person}/disable`, { body: { durationMinutes: 0 } }),
      () => manage(`/identities/${network.ids.person}/enable`, { method: 'POST' }),
    ],
    [
      'by taking a role attribute away',
      'ERR_ACCESS_REMOVED',
      () => patchPerson({ roleAttributes: [] }),
      () => patchPerson({ roleAttributes: ['staff'] }),
    ],
    [
      'by narrowing the policy',
      'ERR_ACCESS_REMOVED',
      () => patchPolicy(['#nobody']),
      () => patchPolicy(['#staff']),
    ],
  ];
  const patchPerson = (body: object) =>
    manage(`/identities/${network.ids.person}`, { method: 'PATCH', body });
  const patchPolicy = (identityRoles: string[]) =>
    manage(`/service-policies/${network.ids.dialPolicy}`, {
      method: 'PATCH',
      body: { identityRoles },
    });

  it.each(cases)('%s closes the circuit within a second, %s', async (_, code, end, undo) => {
    const { signedIn, circuit } = await openCircuit();
    const apiSession = await network.login();
    const closed = ended(circuit);
    const startMs = performance.now();
    expect([200, 201]).toContain(((await end(signedIn)) as { status: number }).status);
    const why = await closed;
    const closedMs = performance.now() - startMs;
    await undo?.();
    expect(why.code).toBe(code);
    // Not a measurement: the promise of the product.
    expect(closedMs).toBeLessThan(CLOSED_WITHIN_MS);
    // The connector is told too, and does not depend on the router.
    await network.hostControl.until('hostRevocation', (told) => told.code === code);
    signedIn.browser.socket.terminate();
    await network.edge('/edge/client/v1/current-api-session', {
      method: 'DELETE',
      session: apiSession,
    });
  });

  it('for one token alone leaves the session', async () => {
    const { signedIn, circuit } = await openCircuit();
    const closed = ended(circuit);
    const jti = signedIn.tokenId;
    expect((await manage('/revocations', { body: { id: jti, type: 'JTI' } })).status).toBe(201);
    expect((await closed).code).toBe('ERR_TOKEN_INVALID');
    const again = await signedIn.page.call('GET', '/sessions', {
      token: signedIn.login.sessionToken,
    });
    expect(again.status).toBe(200);
  });
});

describe('reads', () => {
  it('tell of routers, services and terminators', async () => {
    expect((await fabric('/routers')).data).toMatchObject([
      { id: network.ids.router, connected: true, listenerAddresses: [{ protocol: 'tls' }] },
    ]);
    expect((await fabric(`/routers/${network.ids.router}`)).data.name).toBe('router 1');
    expect((await fabric('/services')).data).toMatchObject([{ name: 'wiki' }]);
    const { data } = await fabric('/terminators?limit=1000');
    expect(data).toMatchObject([
      { serviceId: network.ids.service, routerId: network.ids.router, hostId: network.ids.host },
    ]);
    for (const path of [`/services/${network.ids.service}`, `/routers/${network.ids.router}`])
      expect((await fabric(`${path}/terminators`)).data).toHaveLength(1);
    expect((await fabric('/links')).data).toEqual([]);
    expect((await fabric('/routers/unknown')).status).toBe(404);
  });

  it('tell of controllers, and that none leads', async () => {
    expect((await fabric('/cluster/list-members')).data).toMatchObject([
      { connected: true, leader: false },
    ]);
    const refused = await fabric('/cluster/transfer-leadership', { method: 'POST' });
    expect([refused.status, refused.code]).toEqual([400, 'SERVER_NOT_RUNNING_IN_HA_MODE']);
  });

  it('are for those who may, and never for anybody without a session', async () => {
    const session = await network.login();
    for (const path of [
      '/routers',
      '/links',
      '/circuits',
      '/terminators',
      '/cluster/list-members',
    ]) {
      expect((await fabric(path, { session })).status).toBe(401);
      expect((await network.edge(`/fabric/v1${path}`)).status).toBe(401);
    }
    expect((await fetch(`${network.controller.public.url}/fabric/v1/routers`)).status).toBe(404);
  });

  it('answer what is not served with the reason', async () => {
    const refused = await fabric('/links/any', { method: 'DELETE' });
    expect([refused.status, refused.code]).toEqual([501, 'NOT_IMPLEMENTED']);
  });
});

describe('inspections', () => {
  const inspect = async (appRegex: string, ...requestedValues: string[]) =>
    (await fabric('/inspections', { body: { appRegex, requestedValues } })).data;

  it('read values of controllers and routers by name', async () => {
    const { success, values } = await inspect('.*', 'links', 'circuits');
    expect(success).toBe(true);
    expect(values.map(({ name }: { name: string }) => name).sort()).toEqual([
      'circuits',
      'circuits',
      'links',
      'links',
    ]);
    const one = await inspect('router.*', 'status', 'stackdump');
    expect(one).toMatchObject({
      success: false,
      errors: [`${network.ids.router} has no value stackdump`],
      values: [{ appId: network.ids.router, name: 'status', value: { isOnline: true } }],
    });
  });

  it('run no regular expression of the client', async () => {
    const hostile = `${'(a+)+'.repeat(40)}$`;
    expect((await inspect(hostile, 'links')).errors).toHaveLength(1);
  });
});

describe('the database', () => {
  it('is checked for policies that name what is gone, and mended', async () => {
    const run = async (what: string) => {
      expect((await fabric(`/database/${what}-data-integrity`, { method: 'POST' })).status).toBe(
        202,
      );
      let results: { inProgress: boolean; results: unknown[] } = { inProgress: true, results: [] };
      await network.until(async () => {
        results = (await fabric('/database/data-integrity-results')).data;
        return !results.inProgress;
      });
      return results.results;
    };
    expect(await run('check')).toEqual([]);
    expect(await run('fix')).toEqual([]);
    const fromFabric = (await fabric('/database/data-integrity-results')).data;
    expect((await manage('/database/data-integrity-results')).data).toEqual(fromFabric);
  });

  it('is backed up to a file of its owner’s, once a minute', async () => {
    const { status, data } = await manage('/database/snapshot', { method: 'POST' });
    expect(status).toBe(200);
    const file = join(network.dataDir, 'snapshots', data.path as string);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await fabric('/database/snapshot', { method: 'POST' })).code).toBe('RATE_LIMITED');
    const session = await network.login();
    expect((await manage('/database/snapshot', { method: 'POST', session })).status).toBe(401);
  });
});
