/** Posture checks from the API to circuits: reports, effect within a second, what cannot be claimed. */
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT, MANAGEMENT, type EdgeAnswer, type EdgeCall } from '../harness/edge-client.ts';
import { ended, LiveNetwork, roundTrip } from '../harness/live-network.ts';

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
const check = (typeId: string, definition: object, roleAttributes: string[] = []) =>
  create('posture-checks', {
    name: `${typeId} ${++serial}`,
    typeId,
    roleAttributes,
    ...definition,
  });

/** A service of its own that alice may use if the checks pass. */
async function guarded(postureCheckRoles: string[], type: 'Dial' | 'Bind' = 'Dial') {
  const name = `guarded ${++serial}`;
  const id = await create('services', { name, encryptionRequired: true });
  const policyId = await create('service-policies', {
    name,
    type,
    semantic: 'AnyOf',
    identityRoles: [`@${network.ids.person}`],
    serviceRoles: [`@${id}`],
    postureCheckRoles,
  });
  return { id, policyId };
}
const session = (serviceId: string) => client('/sessions', { body: { serviceId, type: 'Dial' } });

describe('definitions', () => {
  it.each([
    ['OS', { operatingSystems: [{ type: 'Windows', versions: ['>=10.0.0 <12.0.0'] }] }],
    ['DOMAIN', { domains: ['corp.example'] }],
    ['MAC', { macAddresses: ['00:1A:2B:3C:4D:5E'] }],
    ['PROCESS', { process: { osType: 'Linux', path: '/usr/bin/agent', hashes: ['AB'] } }],
    [
      'PROCESS_MULTI',
      { semantic: 'AnyOf', processes: [{ osType: 'Linux', path: '/usr/bin/agent' }] },
    ],
    ['MFA', { timeoutSeconds: 600, promptOnWake: true }],
    ['BROWSER', { browsers: [{ name: 'firefox', minMajorVersion: 128 }] }],
    ['PLATFORM', { platforms: [{ name: 'Windows', minVersion: '10' }] }],
    ['NETWORK', { networks: ['192.0.2.0/24', '2001:db8::/32'] }],
    [
      'TIME',
      { timeZone: 'Europe/Berlin', windows: [{ days: [1, 2], from: '08:00', to: '24:00' }] },
    ],
    ['COUNTRY', { countries: ['DE', 'FR'] }],
  ])('%s are made, shown, changed and deleted', async (typeId, definition) => {
    const id = await check(typeId, definition, ['b', 'a']);
    const { data } = await manage(`/posture-checks/${id}`);
    expect(data).toMatchObject({ id, typeId, version: 1, roleAttributes: ['a', 'b'] });
    for (const member of Object.keys(definition)) expect(data).toHaveProperty(member);
    expect(data).not.toHaveProperty('definition');
    const body = { typeId, roleAttributes: ['c'] };
    expect((await manage(`/posture-checks/${id}`, { method: 'PATCH', body })).status).toBe(200);
    const changed = (await manage(`/posture-checks/${id}`)).data;
    expect(changed).toMatchObject({ version: 2, roleAttributes: ['c'] });
    for (const member of Object.keys(definition)) expect(changed[member]).toEqual(data[member]);
    const found = await manage(
      `/posture-checks?filter=typeId="${typeId}" and anyOf(roleAttributes)="c"`.replaceAll(
        ' ',
        '%20',
      ),
    );
    expect(found.data.map((one: any) => one.id)).toContain(id);
    expect((await manage(`/posture-checks/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await manage(`/posture-checks/${id}`)).status).toBe(404);
  });

  it.each([
    ['an unknown type', { typeId: 'MOOD' }],
    ['no definition', { typeId: 'OS' }],
    ['a definition of another type', { typeId: 'OS', domains: ['x'] }],
    [
      'a bad range of versions',
      { typeId: 'OS', operatingSystems: [{ type: 'Linux', versions: ['x!'] }] },
    ],
    ['a MAC that is none', { typeId: 'MAC', macAddresses: ['nonsense'] }],
    ['a network that is none', { typeId: 'NETWORK', networks: ['192.0.2.1'] }],
    [
      'a time zone that is none',
      { typeId: 'TIME', timeZone: 'Mars', windows: [{ days: [1], from: '08:00', to: '09:00' }] },
    ],
    [
      'a window that ends before it begins',
      { typeId: 'TIME', timeZone: 'UTC', windows: [{ days: [1], from: '09:00', to: '08:00' }] },
    ],
    ['a country that is none', { typeId: 'COUNTRY', countries: ['Germany'] }],
  ])('with %s are refused', async (_name, body) => {
    const answer = await manage('/posture-checks', { body: { name: `bad ${++serial}`, ...body } });
    expect([answer.status, answer.code]).toEqual([400, 'COULD_NOT_VALIDATE']);
  });

  it('say whether they are attested or merely declared', async () => {
    const { data } = await manage('/posture-check-types');
    const by = (assurance: string) =>
      data.filter((type: any) => type.assurance === assurance).map((type: any) => type.id);
    expect(by('attested').sort()).toEqual(['COUNTRY', 'MFA', 'NETWORK', 'TIME']);
    expect(by('declared')).toContain('BROWSER');
    expect((await manage('/posture-check-types/OS')).data.id).toBe('OS');
    expect((await manage('/posture-check-types/NONE')).status).toBe(404);
  });

  it('in use cannot be deleted, whether named by id or by attribute: that would ask for less', async () => {
    const named = await check('DOMAIN', { domains: ['x'] });
    const meant = await check('DOMAIN', { domains: ['x'] }, ['meant']);
    const { policyId } = await guarded([`@${named}`, '#meant']);
    for (const id of [named, meant]) {
      const answer = await manage(`/posture-checks/${id}`, { method: 'DELETE' });
      expect([answer.status, answer.code]).toEqual([409, 'CAN_NOT_DELETE_REFERENCED_ENTITY']);
    }
    const { data } = await manage(`/service-policies/${policyId}/posture-checks`);
    expect(data.map((one: any) => one.id).sort()).toEqual([named, meant].sort());
    const unknown = {
      body: { name: 'x', type: 'Dial', semantic: 'AnyOf', postureCheckRoles: ['@none'] },
    };
    expect((await manage('/service-policies', unknown)).status).toBe(400);
  });
});

describe('an SDK', () => {
  it('is asked, answers, and may open a session only while all checks pass', async () => {
    const os = await check('OS', {
      operatingSystems: [{ type: 'Windows', versions: ['>=10.0.0'] }],
    });
    const domain = await check('DOMAIN', { domains: ['Corp.example'] });
    const { id } = await guarded([`@${os}`, `@${domain}`]);
    const queries = async () => (await client(`/services/${id}`)).data.postureQueries;
    expect(await queries()).toMatchObject([{ policyType: 'Dial', isPassing: false }]);
    expect((await session(id)).code).toBe('INVALID_POSTURE');

    const answer = await client('/posture-response-bulk', {
      body: [
        { id: os, typeId: 'OS', type: 'windows', version: '10.0.19045.3', build: '' },
        { id: domain, typeId: 'DOMAIN', domain: 'corp.EXAMPLE' },
      ],
    });
    expect([answer.status, answer.data]).toEqual([201, { services: [] }]);
    expect((await queries())[0]).toMatchObject({
      isPassing: true,
      postureQueries: expect.arrayContaining([
        expect.objectContaining({ id: os, queryType: 'OS', isPassing: true, timeout: -1 }),
      ]) as unknown,
    });
    const opened = await session(id);
    expect(opened.status).toBe(201);

    // Another session of the same person has reported nothing, and gains nothing.
    const other = await network.login();
    const refused = await client('/sessions', { session: other, body: { serviceId: id } });
    expect(refused.code).toBe('INVALID_POSTURE');

    await client('/posture-response', {
      body: { id: os, typeId: 'OS', type: 'Windows', version: '7.0.0' },
    });
    await network.until(
      async () => (await client(`/sessions/${opened.data.id as string}`)).status === 404,
    );
    expect((await session(id)).code).toBe('INVALID_POSTURE');
    const data = (await manage(`/identities/${network.ids.person}/posture-data`)).data;
    expect(data).toMatchObject({
      os: { type: 'Windows', version: '7.0.0' },
      domain: { domain: 'corp.EXAMPLE' },
    });
  });

  it('cannot claim what only the controller sees', async () => {
    const mfa = await check('MFA', { timeoutSeconds: -1 });
    const { id } = await guarded([`@${mfa}`]);
    for (const body of [
      { id: mfa, typeId: 'MFA', passedMfa: true },
      { id: mfa, typeId: 'DOMAIN', domain: 'x', mfaPassedAtMs: Date.now() },
    ])
      await client('/posture-response', { body });
    expect((await session(id)).code).toBe('INVALID_POSTURE');
  });
});

describe('a browser', () => {
  /** The person's own policy, with these checks. */
  const demand = async (roles: string[]): Promise<void> => {
    const answer = await manage(`/service-policies/${network.ids.dialPolicy}`, {
      method: 'PATCH',
      body: { postureCheckRoles: roles },
    });
    expect(answer.status, answer.bytes.toString()).toBe(200);
  };

  it('loses a running circuit within a second when its posture no longer does', async () => {
    const open = await check('NETWORK', { networks: ['127.0.0.0/8', '::1/128'] });
    await demand([`@${open}`]);
    const person = await network.signIn();
    const circuit = await person.dial();
    await roundTrip(circuit);
    const end = ended(circuit);
    const startMs = performance.now();
    const body = { typeId: 'NETWORK', networks: ['192.0.2.0/24'] };
    await manage(`/posture-checks/${open}`, { method: 'PATCH', body });
    expect((await end).code).toBe('ERR_POSTURE_FAILED');
    expect(performance.now() - startMs).toBeLessThan(1000);
    await demand([]);
  });

  it('gets no grant without the posture that policy asks for', async () => {
    const browser = await check('BROWSER', { browsers: [{ name: 'firefox', minMajorVersion: 1 }] });
    await demand([`@${browser}`]);
    const person = await network.signIn();
    await expect(person.dial()).rejects.toThrow(/ERR_POSTURE_FAILED/);
    const chrome = { browser: { name: 'chrome', majorVersion: 999 } };
    await expect(person.dial(chrome)).rejects.toThrow(/ERR_POSTURE_FAILED/);
    const firefox = { browser: { name: 'firefox', majorVersion: 128 } };
    const circuit = await person.dial(firefox);
    await roundTrip(circuit);
    const end = ended(circuit);
    // The next report withdraws what the last one gave.
    await expect(person.dial(chrome)).rejects.toThrow(/ERR_POSTURE_FAILED/);
    expect((await end).code).toBe('ERR_POSTURE_FAILED');
    await demand([]);
    await roundTrip(await person.dial());
  });
});
