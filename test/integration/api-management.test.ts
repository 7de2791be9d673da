/** The Management API's own ways: parameters, sub-lists, conditional writes, entities with rules of their own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLIENT,
  MANAGEMENT,
  startEdgeController,
  type Answer,
  type EdgeController,
} from '../harness/edge-controller.ts';

let edge: EdgeController;
beforeAll(async () => {
  edge = await startEdgeController();
});
afterAll(() => edge.dispose());

const get = async (path: string) => {
  const answer = await edge.manage('GET', path);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.data;
};
const names = async (path: string): Promise<string[]> =>
  (await get(path)).map((row: { name: string }) => row.name);
const refused = (code: string, field?: string) => ({
  body: { error: { code, ...(field !== undefined && { cause: { field } }) } },
});
const user = (name: string, values: object = {}) =>
  edge.create('/identities', { name, type: 'User', isAdmin: false, ...values });

describe('conditional writes', () => {
  const send = (method: string, id: string, etag: string | undefined, body?: unknown) =>
    edge.call(method, `${MANAGEMENT}/services/${id}`, {
      token: edge.admin,
      body,
      ...(etag !== undefined && { headers: { 'if-match': etag } }),
    });
  const tagOf = async (id: string) => String((await send('GET', id, undefined)).headers['etag']);

  it('are refused when the entity has changed since it was read', async () => {
    const id = await edge.create('/services', { name: 'tagged', encryptionRequired: true });
    const first = await tagOf(id);
    expect(first).toMatch(/^"[\w-]{22}"$/);
    expect((await send('PATCH', id, first, { tags: { a: 1 } })).status).toBe(200);
    expect(await tagOf(id)).not.toBe(first);
    for (const method of ['PATCH', 'PUT', 'DELETE']) {
      const body = method === 'DELETE' ? undefined : { name: 'late', encryptionRequired: true };
      expect(await send(method, id, first, body)).toMatchObject({
        status: 412,
        ...refused('PRECONDITION_FAILED'),
      });
    }
    const current = await tagOf(id);
    expect((await send('PATCH', id, `"x", ${current}`, { name: 'in time' })).status).toBe(200);
    expect((await send('DELETE', id, '*')).status).toBe(200);
  });

  it('let one of many through', async () => {
    const id = await edge.create('/services', { name: 'contended', encryptionRequired: true });
    const etag = await tagOf(id);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => send('PATCH', id, etag, { name: `contended ${n}` })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('do not mind what an entity does meanwhile', async () => {
    const { id, token } = await edge.createUser('active');
    const path = `${MANAGEMENT}/identities/${id}`;
    const tag = async () => (await edge.call('GET', path, { token: edge.admin })).headers['etag'];
    const before = await tag();
    await edge.call('DELETE', `${CLIENT}/current-api-session`, { token });
    expect(await tag()).toBe(before);
  });
});

describe('requests', () => {
  it('may say what their body is, or nothing, but nothing else', async () => {
    const post = (type: string | undefined, name: string): Promise<Answer> =>
      edge.call('POST', `${MANAGEMENT}/services`, {
        token: edge.admin,
        body: JSON.stringify({ name, encryptionRequired: true }),
        headers: type === undefined ? {} : { 'content-type': type },
      });
    expect((await post('application/json; charset=utf-8', 'typed')).status).toBe(201);
    expect(await post('text/plain', 'text')).toMatchObject({
      status: 415,
      ...refused('UNSUPPORTED_MEDIA'),
    });
    const bad = { token: edge.admin, body: '{"name":1}', headers: { 'content-type': '' } };
    expect(await edge.call('POST', `${MANAGEMENT}/services`, bad)).toMatchObject(
      refused('COULD_NOT_VALIDATE', 'name'),
    );
  });

  it('without a session carry little', async () => {
    const body = JSON.stringify({ username: 'x'.repeat(20_000), password: 'x' });
    const path = `${CLIENT}/authenticate?method=password`;
    expect((await edge.call('POST', path, { body })).status).toBe(413);
  });

  it('answers a GET wholly that brings a large body for nothing', async () => {
    const body = ' '.repeat(900_000);
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => edge.call('GET', `${MANAGEMENT}/openapi.json`, { body })),
    );
    for (const { status, body: document } of answers) {
      expect(status).toBe(200);
      expect(document).toHaveProperty('paths');
    }
  });

  it.each([
    ['{"__proto__":{"isAdmin":true}}'],
    ['{"tags":{"a\\u0000":"b"}}'],
    ['{"name":"a\\u0000b"}'],
    [`{"tags":${'['.repeat(80)}${']'.repeat(80)}}`],
  ])('with %s are refused before they are looked at', async (body) => {
    const options = { token: edge.admin, body };
    expect(await edge.call('POST', `${MANAGEMENT}/identities`, options)).toMatchObject(
      refused('COULD_NOT_VALIDATE', 'body'),
    );
  });

  it('sorted by what is no symbol, or no single value, are told so', async () => {
    for (const sort of ['nothing', 'roleAttributes', '!'])
      expect(await edge.manage('GET', `/services?sort=${sort}`)).toMatchObject(
        refused('INVALID_SORT_IDENTIFIER'),
      );
  });

  it('of other methods learn which there are', async () => {
    const answer = await edge.manage('DELETE', '/services');
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, POST');
  });
});

describe('roleFilter', () => {
  it('keeps entities in roles, all attributes or any', async () => {
    await user('both', { roleAttributes: ['x', 'y'] });
    await user('one', { roleAttributes: ['x'] });
    const id = await user('none');
    const filtered = (query: string) => names(`/identities?sort=name&${query}`);
    const roles = (...list: string[]) =>
      list.map((role) => `roleFilter=${encodeURIComponent(role)}`).join('&');
    expect(await filtered(roles('#x', '#y'))).toEqual(['both']);
    expect(await filtered(`${roles('#x', '#y')}&roleSemantic=AnyOf`)).toEqual(['both', 'one']);
    expect(await filtered(roles('#x', '#y', `@${id}`))).toEqual(['both', 'none']);
    expect(await filtered(`${roles('#x')}&filter=${encodeURIComponent('name != "one"')}`)).toEqual([
      'both',
    ]);
    expect(await filtered(roles('#nowhere'))).toEqual([]);
    expect((await filtered(roles('#all'))).length).toBeGreaterThan(3);
    expect(await edge.manage('GET', '/identities?roleFilter=x')).toMatchObject(
      refused('COULD_NOT_VALIDATE', 'roleFilter'),
    );
    expect(await edge.manage('GET', '/identities?roleSemantic=Some')).toMatchObject(
      refused('COULD_NOT_VALIDATE', 'roleSemantic'),
    );
  });
});

describe('a service', () => {
  const intercept = (host: string) => ({
    protocols: ['tcp'],
    addresses: [host],
    portRanges: [{ low: 80, high: 80 }],
  });

  it('is shown as another identity sees it, its own configs before the service’s', async () => {
    const identity = await user('viewer');
    const router = await edge.create('/edge-routers', { name: 'viewed router' });
    const create = (name: string) =>
      edge.create('/configs', { name, configTypeId: 'g7cIWbcGg', data: intercept(`${name}.test`) });
    const [general, own] = await Promise.all([create('general'), create('own')]);
    const service = await edge.create('/services', {
      name: 'viewed',
      encryptionRequired: true,
      configs: [general],
    });
    await edge.create('/service-policies', {
      name: 'viewed dial',
      type: 'Dial',
      semantic: 'AnyOf',
      identityRoles: [`@${identity}`],
      serviceRoles: [`@${service}`],
    });
    await edge.create('/edge-router-policies', {
      name: 'viewed erp',
      semantic: 'AnyOf',
      identityRoles: [`@${identity}`],
      edgeRouterRoles: [`@${router}`],
    });
    await edge.create('/service-edge-router-policies', {
      name: 'viewed serp',
      semantic: 'AnyOf',
      serviceRoles: [`@${service}`],
      edgeRouterRoles: [`@${router}`],
    });
    const shown = (query: string) => get(`/services/${service}?${query}`);
    expect(await shown('')).toMatchObject({ permissions: ['Invalid'], config: {} });
    const asViewer = 'asIdentity=viewer&configTypes=intercept.v1';
    expect(await shown(asViewer)).toMatchObject({
      permissions: ['Dial'],
      config: { 'intercept.v1': { addresses: ['general.test'] } },
    });
    await edge.manage('POST', `/identities/${identity}/service-configs`, [
      { serviceId: service, configId: own },
    ]);
    for (const types of ['g7cIWbcGg', 'all', 'host.v1,intercept.v1', 'host.v1&configTypes=all'])
      expect((await shown(`asIdentity=${identity}&configTypes=${types}`)).config).toEqual({
        'intercept.v1': intercept('own.test'),
      });
    expect((await shown('configTypes=host.v1')).config).toEqual({});
    expect((await edge.manage('GET', `/services/${service}?asIdentity=nobody`)).status).toBe(404);
    expect(await edge.manage('DELETE', `/configs/${own}`)).toMatchObject({
      status: 409,
      ...refused('CAN_NOT_DELETE_REFERENCED_ENTITY'),
    });
    expect(await names(`/identities/${identity}/services?policyType=dial`)).toEqual(['viewed']);
    expect(await names(`/identities/${identity}/services?policyType=bind`)).toEqual([]);
    expect(await names(`/services/${service}/identities?policyType=dial`)).toEqual(['viewer']);
    expect(await names(`/services/${service}/edge-routers`)).toEqual(['viewed router']);
    expect(await names(`/identities/${identity}/edge-routers`)).toEqual(['viewed router']);
    expect(await names(`/edge-routers/${router}/identities`)).toEqual(['viewer']);
    expect(await names(`/edge-routers/${router}/services`)).toEqual(['viewed']);
  });

  it('has one config of each type, none of them a router’s', async () => {
    const link = await edge.create('/configs', {
      name: 'link',
      configTypeId: 'router.link.v1',
      data: {},
    });
    const body = { name: 'with link', encryptionRequired: true, configs: [link] };
    expect(await edge.manage('POST', '/services', body)).toMatchObject(
      refused('COULD_NOT_VALIDATE', 'configs'),
    );
    const router = await edge.create('/edge-routers', { name: 'linked', configs: [link] });
    expect((await edge.manage('DELETE', `/configs/${link}`)).status).toBe(200);
    expect((await get(`/edge-routers/${router}`)).configs).toEqual([]);
  });
});

describe('config types', () => {
  it('hold their configs to their schema, also when it changes', async () => {
    const schema = {
      type: 'object',
      properties: { port: { type: 'integer' } },
      required: ['port'],
      additionalProperties: false,
    };
    const type = await edge.create('/config-types', { name: 'ports.v1', schema });
    const post = (data: object) =>
      edge.manage('POST', '/configs', { name: 'ports', configTypeId: type, data });
    expect(await post({ port: 'x' })).toMatchObject(refused('COULD_NOT_VALIDATE', 'data.port'));
    expect(await post({ port: 1, more: 1 })).toMatchObject(
      refused('COULD_NOT_VALIDATE', 'data.more'),
    );
    expect((await post({ port: 1 })).status).toBe(201);
    const stricter = { ...schema, properties: { port: { type: 'integer', minimum: 2 } } };
    expect(await edge.manage('PATCH', `/config-types/${type}`, { schema: stricter })).toMatchObject(
      refused('COULD_NOT_VALIDATE', 'schema'),
    );
    expect(await edge.manage('DELETE', `/config-types/${type}`)).toMatchObject({ status: 409 });
  });

  it('that are built in stay as they are', async () => {
    expect(await names('/config-types?filter=target%20%3D%20%22service%22&sort=name')).toEqual(
      expect.arrayContaining(['host.v1', 'host.v2', 'intercept.v1', 'ziti-tunneler-client.v1']),
    );
    expect(await edge.manage('DELETE', '/config-types/NH5p4FpGR')).toMatchObject(
      refused('ENTITY_CAN_NOT_BE_DELETED'),
    );
    expect(await edge.manage('PATCH', '/config-types/NH5p4FpGR', { schema: {} })).toMatchObject(
      refused('ENTITY_CAN_NOT_BE_UPDATED'),
    );
  });

  it('refer to nothing outside themselves', async () => {
    const schema = { $ref: 'http://169.254.169.254/latest/meta-data' };
    expect(await edge.manage('POST', '/config-types', { name: 'remote', schema })).toMatchObject(
      refused('COULD_NOT_VALIDATE', 'schema'),
    );
  });
});

describe('routers', () => {
  it('that tunnel have an identity and a policy of their own, while they do', async () => {
    const id = await edge.create('/edge-routers', { name: 'tunneler', isTunnelerEnabled: true });
    expect(await get(`/identities/${id}`)).toMatchObject({ name: 'tunneler', typeId: 'Router' });
    const [policy] = await get(`/edge-routers/${id}/edge-router-policies`);
    expect(policy).toMatchObject({ name: `edge-router-${id}-system`, isSystem: true });
    expect((await edge.manage('DELETE', `/edge-router-policies/${policy.id}`)).status).toBe(400);
    expect(await edge.manage('DELETE', `/identities/${id}`)).toMatchObject(
      refused('ENTITY_CAN_NOT_BE_DELETED'),
    );
    await edge.manage('PATCH', `/edge-routers/${id}`, { name: 'renamed tunneler' });
    expect((await get(`/identities/${id}`)).name).toBe('renamed tunneler');
    await edge.manage('PATCH', `/edge-routers/${id}`, { isTunnelerEnabled: false });
    expect((await edge.manage('GET', `/identities/${id}`)).status).toBe(404);
    await edge.manage('PATCH', `/edge-routers/${id}`, { isTunnelerEnabled: true });
    expect((await edge.manage('DELETE', `/edge-routers/${id}`)).status).toBe(200);
    expect((await edge.manage('GET', `/identities/${id}`)).status).toBe(404);
  });

  it('in transit are apart from edge routers, but for their names', async () => {
    const id = await edge.create('/transit-routers', { name: 'transit' });
    expect((await get(`/routers/${id}`)).enrollmentJwt).toMatch(/^ey/);
    expect(await names('/routers')).toEqual(['transit']);
    expect(await names('/edge-routers?limit=-1')).not.toContain('transit');
    for (const method of ['GET', 'DELETE'])
      expect((await edge.manage(method, `/edge-routers/${id}`)).status).toBe(404);
    expect((await edge.manage('POST', `/edge-routers/${id}/re-enroll`)).status).toBe(404);
    expect(await edge.manage('POST', '/edge-routers', { name: 'transit' })).toMatchObject(
      refused('COULD_NOT_VALIDATE', 'name'),
    );
    expect((await edge.manage('DELETE', `/transit-routers/${id}`)).status).toBe(200);
  });
});

describe('replacing', () => {
  it.each([
    ['/identities', { name: 'r', type: 'User', isAdmin: false }, ['type', 'isAdmin']],
    ['/service-policies', { name: 'r', type: 'Dial', semantic: 'AnyOf' }, ['type', 'semantic']],
    ['/edge-router-policies', { name: 'r', semantic: 'AnyOf' }, ['semantic']],
    ['/service-edge-router-policies', { name: 'r', semantic: 'AnyOf' }, ['semantic']],
    ['/configs', { name: 'r', configTypeId: 'router.link.v1', data: {} }, ['data']],
  ])('%s needs every member the Edge API requires', async (path, body, members) => {
    const id = await edge.create(path, body);
    for (const member of members) {
      const rest: Record<string, unknown> = { ...body };
      Reflect.deleteProperty(rest, member);
      expect(await edge.manage('PUT', `${path}/${id}`, rest)).toMatchObject(
        refused('COULD_NOT_VALIDATE', member),
      );
    }
    expect((await edge.manage('PUT', `${path}/${id}`, body)).status).toBe(200);
    expect(
      (await edge.manage('PATCH', `${path}/${id}`, { name: null, tags: { a: 1 } })).status,
    ).toBe(200);
    expect(await get(`${path}/${id}`)).toMatchObject({ name: 'r', tags: { a: 1 } });
  });
});

describe('allowances', () => {
  it('answer 429 with the time to wait, a session at a time', async () => {
    const limited = await startEdgeController({ adminRequestsPerMinute: 20 });
    try {
      const statuses = [];
      for (let n = 0; n < 25; n++) statuses.push((await limited.manage('GET', '/version')).status);
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(4);
      const { status, headers, body } = await limited.manage('GET', '/services');
      expect([status, headers['retry-after'], body.error.code]).toEqual([
        429,
        '60',
        'RATE_LIMITED',
      ]);
      limited.advance(61_000);
      expect((await limited.manage('GET', '/services')).status).toBe(200);
    } finally {
      await limited.dispose();
    }
  });
});
