/** The Client API as SDKs call it: services, sessions and routers of somebody's own, and nobody else's. */
import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT, MANAGEMENT, type EdgeAnswer, type EdgeCall } from '../harness/edge-client.ts';
import { LiveNetwork } from '../harness/live-network.ts';

let network: LiveNetwork;
let alice: string;
let serial = 0;

beforeAll(async () => {
  network = await LiveNetwork.start();
  alice = await network.login();
});
afterAll(() => network.close());

const client = (path: string, call: EdgeCall = {}): Promise<EdgeAnswer> =>
  network.edge(CLIENT + path, { session: alice, ...call });
const manage = (path: string, call: EdgeCall = {}): Promise<EdgeAnswer> =>
  network.edge(MANAGEMENT + path, { session: network.admin, ...call });

async function create(plural: string, body: object): Promise<string> {
  const answer = await manage(`/${plural}`, { body });
  expect(answer.status, answer.bytes.toString()).toBe(201);
  return answer.data.id as string;
}

/** A service that alice may use as the policy says. */
async function serviceFor(type: 'Dial' | 'Bind', more: object = {}): Promise<string> {
  const name = `service ${++serial}`;
  const id = await create('services', { name, encryptionRequired: true, ...more });
  await create('service-policies', {
    name,
    type,
    semantic: 'AnyOf',
    identityRoles: [`@${network.ids.person}`],
    serviceRoles: [`@${id}`],
  });
  return id;
}

describe('services', () => {
  it('are those that policy allows, with permissions', async () => {
    await create('services', { name: 'hidden', encryptionRequired: true });
    const { data } = await client('/services');
    expect(data.map((one: any) => [one.name, one.permissions])).toEqual([['wiki', ['Dial']]]);
    expect((await client(`/services/${network.ids.service}`)).data.name).toBe('wiki');
  });

  it('are not shown to an administrator either, unless a policy says so', async () => {
    const { data } = await client('/services', { session: network.admin });
    expect(data).toEqual([]);
  });

  it('are not written here', async () => {
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const answer = await client(`/services/${network.ids.service}`, { method, body: {} });
      expect([answer.status, answer.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    }
  });

  it('that are not allowed look as if they were not there', async () => {
    const id = await create('services', { name: 'secret', encryptionRequired: true });
    for (const path of ['', '/terminators', '/edge-routers'])
      expect((await client(`/services/${id}${path}`)).status).toBe(404);
    expect((await client(`/services/${id}?asIdentity=${network.ids.person}`)).status).toBe(404);
  });

  it('show the data of config types asked for, the identity’s own first', async () => {
    const { data: types } = await manage('/config-types?filter=name="host.v1"');
    const config = (name: string, address: string) =>
      create('configs', {
        name,
        configTypeId: types[0].id,
        data: { protocol: 'tcp', address, port: 80 },
      });
    const own = await config('own', 'own.test');
    const other = await config('override', 'override.test');
    const serviceId = await serviceFor('Bind', { configs: [own] });
    const addressOf = async () =>
      (await client(`/services/${serviceId}?configTypes=host.v1`)).data.config['host.v1']?.address;
    expect(await addressOf()).toBe('own.test');

    const path = `/identities/${network.ids.person}/service-configs`;
    const before = (await client('/current-api-session/service-updates')).data.lastChangeAt;
    const body = [{ serviceId, configId: other }];
    expect((await manage(path, { body })).status).toBe(200);
    expect((await manage(path, { body })).status).toBe(200);
    expect(await addressOf()).toBe('override.test');
    expect((await manage(path)).data).toMatchObject([{ serviceId, configId: other }]);
    const after = (await client('/current-api-session/service-updates')).data.lastChangeAt;
    expect(Date.parse(after)).toBeGreaterThan(Date.parse(before));
    expect((await manage(`/configs/${other}`, { method: 'DELETE' })).status).toBe(409);

    expect((await manage(path, { method: 'DELETE', body })).status).toBe(200);
    expect(await addressOf()).toBe('own.test');
    const unknown = [{ serviceId, configId: 'nothing' }];
    expect((await manage(path, { body: unknown })).status).toBe(404);
    expect((await client(path, { body })).status).toBe(404);
  });

  it('tell who hosts them and through which routers', async () => {
    const { service, router } = network.ids;
    const { data } = await client(`/services/${service}/terminators`);
    expect(data).toMatchObject([{ serviceId: service, routerId: router, identity: '' }]);
    const { edgeRouters } = (await client(`/services/${service}/edge-routers`)).data;
    expect(edgeRouters).toMatchObject([{ id: router, name: 'router 1', isOnline: true }]);
    expect(edgeRouters[0].supportedProtocols).toEqual({
      tls: network.router.fabricAddresses[0]?.replace('tls:', 'tls://'),
      ws: network.router.edgeUrls[0],
    });
  });
});

describe('dial grants of programs', () => {
  const thumbprint = createHash('sha256').update('a key').digest('base64url');
  const grant = (body: object, call: EdgeCall = {}) => client('/dial-grants', { body, ...call });

  it('are for the caller, the service and the key', async () => {
    const { status, data } = await grant({ service: 'wiki', thumbprint });
    expect(status).toBe(200);
    expect(data).toMatchObject({
      service: { id: network.ids.service, name: 'wiki' },
      identity: { id: network.ids.person },
    });
    expect(decodeJwt(data.dialGrant)).toMatchObject({
      sub: network.ids.person,
      cnf: { jkt: thumbprint },
    });
    expect(data.routers.length).toBeGreaterThan(0);
    // By its id as well.
    expect((await grant({ service: network.ids.service, thumbprint })).status).toBe(200);
  });

  it('are refused without a session, and for what policy does not allow as if it were not there', async () => {
    expect((await grant({ service: 'wiki', thumbprint }, { session: '' })).status).toBe(401);
    const secret = await create('services', { name: 'no grants', encryptionRequired: true });
    for (const service of ['nowhere', 'no grants', secret])
      expect((await grant({ service, thumbprint })).code).toBe('NOT_FOUND');
    const bound = await serviceFor('Bind');
    expect((await grant({ service: bound, thumbprint })).code).toBe('NOT_FOUND');
  });

  it('are not made for a service that nobody hosts', async () => {
    const answer = await grant({ service: await serviceFor('Dial'), thumbprint });
    expect([answer.status, answer.code]).toEqual([409, 'SERVICE_NOT_HOSTED']);
  });

  it.each([[{ service: 'wiki' }], [{ service: 'wiki', thumbprint: 'short' }], [{ thumbprint }]])(
    'say what is wrong with %j',
    async (body) => {
      expect((await grant(body)).code).toBe('COULD_NOT_VALIDATE');
    },
  );
});

describe('routers', () => {
  it('are shown without what enrols or identifies them', async () => {
    const pending = await create('edge-routers', { name: 'pending' });
    const { data, bytes } = await client('/current-identity/edge-routers');
    expect(data.map((one: any) => one.id)).toEqual([network.ids.router]);
    expect(bytes.toString()).not.toContain('enrollment');
    expect(bytes.toString()).not.toContain('CERTIFICATE');
    const all = await client('/current-identity/edge-routers', { session: network.admin });
    expect(all.data.map((one: any) => one.id)).not.toContain(pending);
  });
});

describe('service sessions', () => {
  const ask = (serviceId: string, type?: string) =>
    client('/sessions', { body: { serviceId, ...(type && { type }) } });

  it('carry a signed token and the routers; asking again returns the same one', async () => {
    const { service, person, router } = network.ids;
    const [first, second] = await Promise.all([ask(service), ask(service, 'Dial')]);
    expect(first.status).toBe(201);
    expect(first.data).toMatchObject({
      type: 'Dial',
      serviceId: service,
      identityId: person,
      service: { name: 'wiki' },
      edgeRouters: [{ id: router, isOnline: true }],
    });
    expect(second.data.id).toBe(first.data.id);
    const { data: session } = await client('/current-api-session');
    expect(decodeJwt(first.data.token)).toMatchObject({
      sub: service,
      jti: first.data.id,
      z_t: 's',
      z_st: 'Dial',
      z_iid: person,
      z_asid: session.id,
    });
    expect(decodeProtectedHeader(first.data.token)).toMatchObject({ alg: 'ES256' });
  });

  it('are listed to their owner with tokens and to administrators without', async () => {
    const { data } = await ask(network.ids.service);
    const own = (await client('/sessions')).data as any[];
    expect(own.find(({ id }) => id === data.id).token).toMatch(/^ey/);
    expect((await client(`/sessions/${data.id}`)).data.token).toMatch(/^ey/);
    const { data: seen } = await manage(`/sessions/${data.id}`);
    expect(seen).toMatchObject({ id: data.id, token: '', apiSessionId: data.apiSessionId });
    const filter = encodeURIComponent(`identity.name = "alice" and service.name = "wiki"`);
    expect((await manage(`/sessions?filter=${filter}`)).data).toHaveLength(1);
    expect((await manage(`/sessions/${data.id}/route-path`)).data).toEqual({ routePath: [] });
  });

  it('belong to one API session: another of the same person sees and ends none', async () => {
    const { data } = await ask(network.ids.service);
    const session = await network.login();
    expect((await client('/sessions', { session })).data).toEqual([]);
    for (const method of ['GET', 'DELETE'])
      expect((await client(`/sessions/${data.id}`, { method, session })).status).toBe(404);
  });

  it('say why they are refused', async () => {
    const bindable = await serviceFor('Bind');
    const other = await ask(bindable, 'Dial');
    expect([other.status, other.code]).toEqual([400, 'COULD_NOT_VALIDATE']);
    expect(JSON.parse(other.bytes.toString()).error.cause.field).toBe('ServiceId');
    expect((await ask(bindable, 'Bind')).status).toBe(201);

    const hidden = await create('services', { name: 'forbidden', encryptionRequired: true });
    expect((await ask(hidden)).status).toBe(404);
    expect((await ask('nothing')).status).toBe(404);
    expect((await ask(network.ids.service, 'Both')).code).toBe('COULD_NOT_VALIDATE');

    const { data: policies } = await manage('/service-edge-router-policies');
    const path = `/service-edge-router-policies/${policies[0].id}`;
    await manage(path, { method: 'PATCH', body: { edgeRouterRoles: ['#none'] } });
    expect((await ask(network.ids.service)).code).toBe('NO_EDGE_ROUTERS_AVAILABLE');
    await manage(path, { method: 'PATCH', body: { edgeRouterRoles: ['#all'] } });
  });

  it('wait for posture checks, and go when those fail again', async () => {
    const check = await create('posture-checks', {
      name: 'domain',
      typeId: 'DOMAIN',
      domains: ['office.test'],
    });
    const serviceId = await create('services', { name: 'guarded', encryptionRequired: true });
    const policy = await create('service-policies', {
      name: 'guarded',
      type: 'Dial',
      semantic: 'AnyOf',
      identityRoles: [`@${network.ids.person}`],
      serviceRoles: [`@${serviceId}`],
      postureCheckRoles: [`@${check}`],
    });
    expect((await client(`/services/${serviceId}`)).status).toBe(200);
    const refused = await ask(serviceId);
    expect([refused.status, refused.code]).toEqual([409, 'INVALID_POSTURE']);
    expect(JSON.parse(refused.bytes.toString()).error.cause.data).toEqual({
      [policy]: [{ id: check, typeId: 'DOMAIN', isPassing: false }],
    });
    const { data: failed } = await manage(
      `/identities/${network.ids.person}/failed-service-requests`,
    );
    expect(failed).toMatchObject([
      { serviceId, policyFailures: [{ policyId: policy, checks: [{ postureCheckId: check }] }] },
    ]);

    const report = (domain: string) =>
      client('/posture-response', { body: { id: check, typeId: 'DOMAIN', domain } });
    expect((await report('office.test')).status).toBe(201);
    const { data, status } = await ask(serviceId);
    expect(status).toBe(201);
    expect((await manage(`/sessions/${data.id}`)).data.servicePolicies).toMatchObject([
      { id: policy, name: 'guarded' },
    ]);
    await report('elsewhere.test');
    await network.until(async () => (await client(`/sessions/${data.id}`)).status === 404);
  });

  it('go with the access they stand for', async () => {
    const serviceId = await serviceFor('Dial');
    const { data } = await ask(serviceId);
    const filter = encodeURIComponent(`name = "service ${serial}"`);
    const { data: policies } = await manage(`/service-policies?filter=${filter}`);
    await manage(`/service-policies/${policies[0].id}`, { method: 'DELETE' });
    await network.until(async () => (await client(`/sessions/${data.id}`)).status === 404);
    expect((await manage(`/revocations/${data.id}`)).status).toBe(200);
  });

  it('go with their API session, by logging out', async () => {
    const session = await network.login();
    const { data } = await client('/sessions', {
      session,
      body: { serviceId: network.ids.service },
    });
    await client('/current-api-session', { method: 'DELETE', session });
    expect((await manage(`/sessions/${data.id}`)).status).toBe(404);
    expect((await manage(`/revocations/${data.apiSessionId}`)).data.type).toBe('API_SESSION');
    expect((await client('/sessions', { session })).status).toBe(401);
  });

  it('leave no token in the database', async () => {
    const { data } = await ask(network.ids.service);
    const hash = createHash('sha256').update(alice).digest('hex');
    const { bytes } = await manage('/api-sessions?limit=-1');
    for (const secret of [data.token, alice, hash]) expect(bytes.toString()).not.toContain(secret);
  });
});

describe('what anyone may ask', () => {
  it.each(['/version', '/external-jwt-signers', '/protocols', '/network-jwts', '/specs'])(
    '%s without a session',
    async (path) => {
      const answer = await network.edge(CLIENT + path, { bearer: 'nonsense' });
      expect(answer.status, answer.bytes.toString()).toBe(200);
    },
  );

  it('the controllers, once logged in', async () => {
    expect((await network.edge(`${CLIENT}/controllers`)).status).toBe(401);
    const { data } = await client('/controllers');
    expect(data).toMatchObject([
      { name: new URL(network.controller.admin.url).host, isOnline: true },
    ]);
    expect((await manage('/controllers')).data).toHaveLength(1);
  });
});

describe('role attributes', () => {
  it('are whole lists, filtered by id', async () => {
    const { data } = await manage('/identity-role-attributes?limit=1&sort=name');
    expect(data).toContain('staff');
    const filter = encodeURIComponent('id contains "sta"');
    expect((await manage(`/identity-role-attributes?filter=${filter}`)).data).toEqual(['staff']);
    expect(
      (await manage(`/identity-role-attributes?filter=${encodeURIComponent('no = 1')}`)).code,
    ).toBe('INVALID_FILTER');
    for (const kind of ['service', 'edge-router', 'posture-check'])
      expect((await manage(`/${kind}-role-attributes`)).status).toBe(200);
  });
});

describe('revocations', () => {
  it('end one session, or all of an identity’s, and cannot be withdrawn', async () => {
    const session = await network.login();
    const { id } = (await client('/current-api-session', { session })).data;
    const body = { id, type: 'API_SESSION' };
    expect((await manage('/revocations', { body })).status).toBe(201);
    expect((await manage('/revocations', { body })).status).toBe(201);
    expect((await client('/current-api-session', { session })).status).toBe(401);

    const another = await network.login();
    await manage('/revocations', { body: { id: network.ids.person, type: 'IDENTITY' } });
    expect((await client('/current-api-session', { session: another })).status).toBe(401);
    alice = await network.login();
    expect((await client('/current-api-session')).status).toBe(200);

    const path = `/revocations/${id}`;
    expect((await manage(path, { method: 'DELETE' })).code).toBe('METHOD_NOT_ALLOWED');
    expect(
      (await manage('/revocations', { body: { id: 'nobody', type: 'IDENTITY' } })).status,
    ).toBe(404);
    expect((await manage('/revocations', { body: { id: 'a b', type: 'JTI' } })).code).toBe(
      'COULD_NOT_VALIDATE',
    );
  });
});
