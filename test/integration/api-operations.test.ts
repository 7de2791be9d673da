/**
 * Every operation of the REST APIs succeeds at least once with the answer it declares, here or in
 * the test that `operations-tested-elsewhere.ts` names. docs/api.md tells which.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLIENT,
  FABRIC,
  MANAGEMENT,
  PASSWORD,
  startEdgeController,
  type Answer,
  type CallOptions,
  type EdgeController,
} from '../harness/edge-controller.ts';
import { makeCsr } from '../harness/csr.ts';
import { testedElsewhere } from '../harness/operations-tested-elsewhere.ts';
import { isStream, targetsOf, type Target } from '../harness/request-generator.ts';

let edge: EdgeController;
let targets: Target[];
/** `method base path` of what succeeded. */
const succeeded = new Set<string>();

const keyOf = ({ method, base, path }: Pick<Target, 'method' | 'base' | 'path'>): string =>
  `${method} ${base}${path}`;

/** Calls an operation by its path as documented; `ids` replace its parameters in turn. */
async function run(
  method: string,
  base: string,
  path: string,
  {
    ids = [],
    query = '',
    token = edge.admin,
    ...options
  }: CallOptions & { ids?: string[]; query?: string } = {},
): Promise<Answer> {
  const left = [...ids];
  const filled = path.replaceAll(/\{\w+\}/g, () => left.shift() ?? '');
  const answer = await edge.call(method, `${base}${filled}${query}`, { token, ...options });
  if (answer.status < 300) succeeded.add(keyOf({ method, base, path }));
  return answer;
}

const manage = async (method: string, path: string, options?: Parameters<typeof run>[3]) => {
  const answer = await run(method, MANAGEMENT, path, options);
  expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300);
  return answer.body?.data;
};

beforeAll(async () => {
  edge = await startEdgeController();
  const documents = await Promise.all(
    [MANAGEMENT, CLIENT, FABRIC].map(async (base) => targetsOf(base, await edge.document(base))),
  );
  targets = documents.flat();
});
afterAll(() => edge.dispose());

let owners = 0;
/** What each entity type is made of; `put` where replacing takes something else. */
const entities: Record<string, () => Promise<{ post: object; put?: object; patch?: object }>> = {
  identities: () => Promise.resolve({ post: { name: 'i', type: 'User', isAdmin: false } }),
  services: () => Promise.resolve({ post: { name: 's', encryptionRequired: true } }),
  'config-types': () => Promise.resolve({ post: { name: 'ct', schema: { type: 'object' } } }),
  configs: async () => ({
    post: { name: 'c', configTypeId: await made('config-types'), data: { a: 1 } },
  }),
  'edge-routers': () => Promise.resolve({ post: { name: 'er' } }),
  'transit-routers': () => Promise.resolve({ post: { name: 'tr' } }),
  routers: () => Promise.resolve({ post: { name: 'r' } }),
  'service-policies': () =>
    Promise.resolve({
      post: { name: 'sp', type: 'Dial', semantic: 'AnyOf', serviceRoles: ['#all'] },
    }),
  'edge-router-policies': () => Promise.resolve({ post: { name: 'erp', semantic: 'AllOf' } }),
  'service-edge-router-policies': () =>
    Promise.resolve({ post: { name: 'serp', semantic: 'AllOf' } }),
  terminators: async () => ({
    post: {
      service: await made('services'),
      router: await made('edge-routers'),
      binding: 'edge',
      address: 'here',
    },
    patch: { cost: 7 },
  }),
  'auth-policies': () =>
    Promise.resolve({
      post: {
        name: 'ap',
        primary: {
          cert: { allowed: true, allowExpiredCerts: false },
          updb: {
            allowed: true,
            minPasswordLength: 8,
            requireMixedCase: false,
            requireNumberChar: false,
            requireSpecialChar: false,
            maxAttempts: 5,
            lockoutDurationMinutes: 1,
          },
          extJwt: { allowed: false, allowedSigners: [] },
        },
        secondary: { requireTotp: false, requireExtJwtSigner: null },
      },
    }),
  'external-jwt-signers': () =>
    Promise.resolve({
      post: {
        name: 'ejs',
        issuer: 'https://idp.example.com',
        audience: 'postern',
        enabled: true,
        jwksEndpoint: 'https://idp.example.com/jwks',
      },
    }),
  authenticators: async () => {
    const name = `owner-${(owners += 1)}`;
    const identityId = await edge.create('/identities', { name, type: 'User', isAdmin: false });
    return {
      post: { method: 'updb', identityId, username: name, password: PASSWORD },
      put: { username: `${name}-put`, password: PASSWORD },
      patch: { username: `${name}-patched` },
    };
  },
  enrollments: async () => ({
    post: {
      method: 'ott',
      identityId: await made('identities'),
      expiresAt: '2099-01-01T00:00:00Z',
    },
  }),
  'posture-checks': () =>
    Promise.resolve({ post: { name: 'pc', typeId: 'DOMAIN', domains: ['example.com'] } }),
  applications: async () => ({
    post: { name: 'app', origin: 'https://app.example.com', serviceId: await made('services') },
  }),
  brandings: async () => ({
    post: { name: 'look', applicationId: await made('applications'), displayName: 'Acme' },
  }),
  revocations: () =>
    Promise.resolve({ post: { id: '4a9cd7a9-6b0a-4a6b-8c1e-0d7e0a6f5a10', type: 'JTI' } }),
};

const ids = new Map<string, string>();
async function made(plural: string): Promise<string> {
  const known = ids.get(plural);
  if (known !== undefined) return known;
  const { post } = (await entities[plural]?.()) ?? { post: {} };
  const { id } = await manage('post', `/${plural}`, { body: post });
  ids.set(plural, id as string);
  return id as string;
}

describe('the Management API', () => {
  it.each(Object.keys(entities))('creates, shows, changes and replaces %s', async (plural) => {
    const id = await made(plural);
    const { put, patch, post } = (await entities[plural]?.()) ?? { post: {} };
    const has = (method: string): boolean =>
      targets.some(
        (target) =>
          target.base === MANAGEMENT &&
          target.method === method &&
          target.path === `/${plural}/{id}`,
      );
    expect((await manage('get', `/${plural}/{id}`, { ids: [id] })).id).toBe(id);
    if (has('patch'))
      await manage('patch', `/${plural}/{id}`, {
        ids: [id],
        body: patch ?? { name: `${plural}-2`, ...patchExtra(plural) },
      });
    if (has('put')) await manage('put', `/${plural}/{id}`, { ids: [id], body: put ?? post });
  });

  it('lists everything, and what belongs to each', async () => {
    for (const target of targets) {
      const { base, method, path } = target;
      if (base !== MANAGEMENT || method !== 'get' || isStream(target)) continue;
      const [, plural = ''] = /^\/([\w-]+)\/\{id\}\/[\w-]+$/.exec(path) ?? [];
      if (!path.includes('{')) await run(method, base, path);
      else if (plural in entities) await run(method, base, path, { ids: [await made(plural)] });
    }
  });

  it('acts on entities', async () => {
    const identity = await made('identities');
    const body = { durationMinutes: 1 };
    await manage('post', '/identities/{id}/disable', { ids: [identity], body });
    await manage('post', '/identities/{id}/enable', { ids: [identity] });
    await manage('post', '/identities/{id}/request-extend', {
      ids: [identity],
      body: { rollKeys: true },
    });
    const trace = { enabled: true, duration: '1m' };
    expect(
      await manage('put', '/identities/{id}/trace', { ids: [identity], body: trace }),
    ).toMatchObject({ enabled: false });
    await manage('post', '/edge-routers/{id}/re-enroll', { ids: [await made('edge-routers')] });
    const refreshed = { expiresAt: '2099-01-02T00:00:00Z' };
    await manage('post', '/enrollments/{id}/refresh', {
      ids: [await made('enrollments')],
      body: refreshed,
    });
    await manage('get', '/identities/{id}/policy-advice/{serviceId}', {
      ids: [identity, await made('services')],
    });
    const config = await edge.create('/configs', {
      name: 'override',
      configTypeId: 'f2dd2df0-9c04-4b84-a91e-71437ac229f1',
      data: { hostname: 'h', port: 1 },
    });
    const overrides = [{ serviceId: await made('services'), configId: config }];
    for (const method of ['post', 'delete'])
      await manage(method, '/identities/{id}/service-configs', {
        ids: [identity],
        body: overrides,
      });
    await manage('post', '/authenticators/{id}/re-enroll', {
      ids: [await made('authenticators')],
      body: { expiresAt: '2099-01-01T00:00:00Z' },
    });
    ids.delete('authenticators');
    await manage('get', '/identities/{id}/access-advice/{serviceId}', {
      ids: [identity, await made('services')],
    });
    await manage('post', '/policy-simulations', {
      body: {
        changes: [{ type: 'services', op: 'delete', id: await made('services') }],
      },
    });
    await manage('post', '/key-rotations', { body: { keys: ['grant', 'issuing-authority'] } });
    await manage('get', '/identity-types/{id}', { ids: ['Router'] });
    await manage('get', '/posture-check-types/{id}', { ids: ['OS'] });
    const [record] = await manage('get', '/audit', { query: '?limit=1' });
    await manage('get', '/audit/{id}', { ids: [String(record.id)] });
    for (const path of ['check-data-integrity', 'fix-data-integrity', 'snapshot']) {
      await manage('post', `/database/${path}`);
      await integrityJobDone();
    }
    for (const path of ['/specs/{id}', '/specs/{id}/spec'])
      await manage('get', path, { ids: ['openapi'] });
  });

  it('hands out certificates of sessions', async () => {
    const { csr } = await makeCsr('anybody');
    for (const base of [MANAGEMENT, CLIENT]) {
      const path = '/current-api-session/certificates';
      const { body } = await run('post', base, path, { body: { csr } });
      for (const method of ['get', 'delete'])
        await run(method, base, `${path}/{id}`, { ids: [body.data.id as string] });
    }
  });

  it('shows and ends sessions', async () => {
    const { token, sessionId, ownerId } = await userWithService();
    const [session] = await manage('get', '/api-sessions', {
      query: `?filter=${encodeURIComponent(`identity = "${ownerId}"`)}`,
    });
    await manage('get', '/api-sessions/{id}', { ids: [session.id] });
    await manage('get', '/sessions/{id}', { ids: [sessionId] });
    await manage('get', '/sessions/{id}/route-path', { ids: [sessionId] });
    await manage('delete', '/sessions/{id}', { ids: [sessionId] });
    await manage('delete', '/api-sessions/{id}', { ids: [session.id] });
    expect((await edge.call('GET', `${CLIENT}/current-api-session`, { token })).status).toBe(401);
  });

  it.each(Object.keys(entities).reverse())('deletes %s', async (plural) => {
    const hasDelete = targets.some(
      (target) =>
        keyOf(target) === keyOf({ method: 'delete', base: MANAGEMENT, path: `/${plural}/{id}` }),
    );
    const id = ids.get(plural);
    if (hasDelete && id !== undefined) await manage('delete', `/${plural}/{id}`, { ids: [id] });
    else if (plural === 'authenticators')
      await manage('delete', '/authenticators/{id}', { ids: [await made(plural)] });
  });
});

describe('the Client API', () => {
  it('answers a user about themselves and what they may reach', async () => {
    const { token, serviceId, sessionId, username, ownerId } = await userWithService();
    const options = { token };
    await run('post', CLIENT, '/authenticate', {
      query: '?method=password',
      body: { username, password: PASSWORD },
      token: '',
    });
    for (const { base, method, path } of targets)
      if (base === CLIENT && method === 'get' && !path.includes('{'))
        await run(method, base, path, options);
    for (const path of [
      '/services/{id}',
      '/services/{id}/terminators',
      '/services/{id}/edge-routers',
    ])
      await run('get', CLIENT, path, { ...options, ids: [serviceId] });
    await run('get', CLIENT, '/sessions/{id}', { ...options, ids: [sessionId] });
    const body = { serviceId, type: 'Dial' };
    await run('post', CLIENT, '/sessions', { ...options, body });
    await run('delete', CLIENT, '/sessions/{id}', { ...options, ids: [sessionId] });
    for (const path of ['/posture-response', '/posture-response-bulk']) {
      const fact = { id: 'any', typeId: 'DOMAIN', domain: 'example.com' };
      await run('post', CLIENT, path, { ...options, body: path.endsWith('bulk') ? [fact] : fact });
    }
    const own = '/current-identity/authenticators/{id}';
    const { authenticators } = (await edge.manage('GET', `/identities/${ownerId}`)).body.data;
    const id = authenticators.updb.id as string;
    const change = { username, password: PASSWORD, currentPassword: PASSWORD };
    for (const base of [CLIENT, MANAGEMENT]) {
      await run('get', base, own, { ...options, ids: [id] });
      await run('patch', base, own, { ...options, ids: [id], body: change });
      await run('put', base, own, { ...options, ids: [id], body: change });
    }
    for (const path of ['/specs/{id}', '/specs/{id}/spec'])
      for (const base of [CLIENT, FABRIC]) await run('get', base, path, { ids: ['openapi'] });
    for (const base of [CLIENT, MANAGEMENT]) {
      const again = (await edge.login(username, PASSWORD)).body.data.token as string;
      await run('delete', base, '/current-api-session', { token: again });
    }
    await run('post', MANAGEMENT, '/authenticate', {
      query: '?method=password',
      body: { username, password: PASSWORD },
      token: '',
    });
  });
});

describe('enrollment', () => {
  it('turns tokens into credentials, by one path for each method', async () => {
    const pending = async (enrollment: object) => {
      const name = `enrolling-${(owners += 1)}`;
      const values = { name, type: 'User', isAdmin: false, enrollment };
      const id = await edge.create('/identities', values);
      return { id, ...(await edge.manage('GET', `/identities/${id}`)).body.data.enrollment };
    };
    const { id, ott } = await pending({ ott: true });
    const { csr: clientCsr } = await makeCsr(id as string);
    const body = { token: ott.token as string, clientCsr };
    await run('post', CLIENT, '/enroll/ott', { body, token: '' });
    const { updb } = await pending({ updb: 'enrolling' });
    await run('post', CLIENT, '/enroll/updb', {
      body: { token: updb.token as string, password: PASSWORD },
      token: '',
    });
    const router = await edge.create('/edge-routers', { name: 'enrolling router' });
    const { enrollmentToken } = (await edge.manage('GET', `/edge-routers/${router}`)).body.data;
    const [client, server] = await Promise.all([makeCsr(router), makeCsr(router)]);
    await run('post', CLIENT, '/enroll/erott', {
      body: {
        token: enrollmentToken as string,
        clientCsr: client.csr,
        serverCsr: server.csr,
      },
      token: '',
    });
  });
});

describe('the Fabric API', () => {
  it('lists the network', async () => {
    const { serviceId, routerId } = await userWithService();
    const terminatorId = await edge.create('/terminators', {
      service: serviceId,
      router: routerId,
      binding: 'edge',
      address: 'here',
    });
    for (const { base, method, path } of targets) {
      if (base !== FABRIC || method !== 'get') continue;
      const [, plural = ''] = /^\/(\w+)\/\{id\}/.exec(path) ?? [];
      const known = { routers: routerId, services: serviceId, terminators: terminatorId };
      if (plural in known) {
        await run(method, base, path, { ids: [known[plural as keyof typeof known]] });
      } else if (!path.includes('{')) await run(method, base, path);
    }
    const body = { appRegex: '.*', requestedValues: ['stackdump'] };
    await run('post', FABRIC, '/inspections', { body });
    // Snapshots are not made one right after the other.
    edge.advance(10 * 60_000);
    for (const path of ['check-data-integrity', 'fix-data-integrity', 'snapshot']) {
      await run('post', FABRIC, `/database/${path}`);
      await integrityJobDone();
    }
  });
});

it('leaves no operation untested, here or elsewhere', async () => {
  const elsewhere = new Map(
    Object.entries(testedElsewhere).flatMap(([file, keys]) => keys.map((key) => [key, file])),
  );
  const untested: string[] = [];
  for (const target of targets) {
    const key = keyOf(target);
    // Those that carry a note are there for existing clients' sake; the note says what they answer.
    if (succeeded.has(key) || target.operation.description !== undefined) continue;
    const file = elsewhere.get(key);
    const mentioned = file !== undefined && mentions(await readFile(file, 'utf8'), target.path);
    if (!mentioned) untested.push(`${key}${file === undefined ? '' : ` is not in ${file}`}`);
  }
  expect(untested.join('\n')).toBe('');
  const known = new Set(targets.map(keyOf));
  expect([...elsewhere.keys()].filter((key) => !known.has(key))).toEqual([]);
});

/** Whether a test names what the operation is about: the last fixed part of its path. */
function mentions(text: string, path: string): boolean {
  const subject = path.split('/').findLast((part) => part !== '' && !part.startsWith('{'));
  return subject !== undefined && text.includes(subject);
}

/** `typeId` goes with every change of a posture check. */
function patchExtra(plural: string): object {
  return plural === 'posture-checks' ? { typeId: 'DOMAIN' } : {};
}

/** One check of the database at a time. */
async function integrityJobDone(): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const { inProgress } = await manage('get', '/database/data-integrity-results');
    if (inProgress !== true) return;
  }
  throw new Error('the integrity check does not end');
}

let users = 0;
async function userWithService() {
  const name = `walker-${(users += 1)}`;
  const { id, token } = await edge.createUser(name);
  const router = await edge.create('/edge-routers', { name: `${name}-router` });
  const serviceId = await edge.create('/services', {
    name: `${name}-service`,
    encryptionRequired: true,
  });
  const semantic = 'AnyOf';
  const identityRoles = [`@${id}`];
  const serviceRoles = [`@${serviceId}`];
  const edgeRouterRoles = [`@${router}`];
  await edge.create('/service-policies', {
    name,
    type: 'Dial',
    semantic,
    identityRoles,
    serviceRoles,
  });
  await edge.create('/edge-router-policies', { name, semantic, identityRoles, edgeRouterRoles });
  await edge.create('/service-edge-router-policies', {
    name,
    semantic,
    serviceRoles,
    edgeRouterRoles,
  });
  const session = await edge.call('POST', `${CLIENT}/sessions`, {
    token,
    body: { serviceId, type: 'Dial' },
  });
  expect(session.status, session.text).toBe(201);
  const sessionId = session.body.data.id as string;
  return { token, serviceId, sessionId, routerId: router, ownerId: id, username: `user-${name}` };
}
