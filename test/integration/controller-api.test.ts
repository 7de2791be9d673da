import { X509Certificate, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import {
  controllerConfigSchema,
  createController,
  type RunningController,
} from '@postern/controller';
import { silentLogger } from '@postern/shared/log';
import { decodeJwt, jwtVerify } from 'jose';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCsr } from '../harness/csr.ts';
import { defaultKind, type TestDatabase } from '../harness/stores.ts';

const MANAGEMENT = '/edge/management/v1';
const CLIENT = '/edge/client/v1';

let dir: string;
let database: TestDatabase;
let controller: RunningController;
let agent: Agent;
let token: string;
let offsetMs = 0;

interface Answer {
  status: number;
  body: any;
  headers: Record<string, string | string[] | undefined>;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  options: {
    token?: string;
    dispatcher?: Agent;
    contentType?: string;
    headers?: Record<string, string>;
  } = {},
): Promise<Answer> {
  const session = options.token ?? token;
  const response = await request(controller.admin.url + path, {
    method: method as 'GET',
    dispatcher: options.dispatcher ?? agent,
    headers: {
      ...(session && { 'zt-session': session }),
      ...(body !== undefined && { 'content-type': options.contentType ?? 'application/json' }),
      ...options.headers,
    },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.body.text();
  const json = response.headers['content-type'] === 'application/json';
  return {
    status: response.statusCode,
    body: json && text ? JSON.parse(text) : text,
    headers: response.headers,
  };
}
const manage = (method: string, path: string, body?: unknown, options = {}) =>
  call(method, MANAGEMENT + path, body, options);

async function create(path: string, body: unknown): Promise<string> {
  const answer = await manage('POST', path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data.id as string;
}
const get = async (path: string) => (await manage('GET', path)).body.data;
const names = async (path: string): Promise<string[]> =>
  (await get(path)).map((row: { name: string }) => row.name);
const start = async () =>
  createController(
    controllerConfigSchema.parse({
      dataDir: dir,
      store: await database.config(),
      admin: { port: 0 },
      public: { port: 0, tls: 'none' },
      control: { port: 0 },
      loginOrigin: 'http://login.localhost:8080',
      auth: { attemptsPerMinute: 1000 },
    }),
    { logger: silentLogger, clock: () => Date.now() + offsetMs },
  );
async function login(username: string, password: string): Promise<Answer> {
  return call(
    'POST',
    `${MANAGEMENT}/authenticate?method=password`,
    { username, password },
    { token: '' },
  );
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-controller-'));
  database = await defaultKind.create();
  controller = await start();
  agent = new Agent({ connect: { ca: controller.trustBundlePem } });
  const password = (await readFile(join(dir, 'admin-password'), 'utf8')).trim();
  token = (await login('admin', password)).body.data.token as string;
});
afterAll(async () => {
  await agent.close();
  await controller.close();
  await database.dispose();
  await rm(dir, { recursive: true });
});

describe('first start', () => {
  it('writes a generated administrator password only its owner reads', async () => {
    const file = join(dir, 'admin-password');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, 'utf8')).trim()).toHaveLength(24);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
  });
});

describe('version and CA certificates', () => {
  it.each(['/version', '/', `${CLIENT}/version`, `${MANAGEMENT}/version`, '/edge/v1/version/'])(
    '%s',
    async (path) => {
      const { status, body } = await call('GET', path, undefined, {
        token: '',
        headers: { authorization: 'Bearer nonsense' },
      });
      expect(status).toBe(200);
      expect(body.data.apiVersions['edge-management'].v1.path).toBe(MANAGEMENT);
      expect(body.data.apiVersions.edge.v1.path).toBe(CLIENT);
      expect(body.data.capabilities).toEqual([]);
    },
  );

  it('serves cacerts as base64 PKCS#7', async () => {
    const { headers, body } = await call('GET', '/.well-known/est/cacerts', undefined, {
      token: '',
    });
    expect(headers['content-type']).toBe('application/pkcs7-mime');
    expect(headers['content-transfer-encoding']).toBe('base64');
    expect(Buffer.from(body as string, 'base64')[0]).toBe(0x30);
  });

  it('describes both APIs', async () => {
    const { paths, components } = JSON.parse(
      await (
        await request(`${controller.admin.url}${MANAGEMENT}/openapi.json`, { dispatcher: agent })
      ).body.text(),
    );
    expect(paths['/identities/{id}'].patch['x-access']).toBe('identity.update');
    expect(paths['/applications'].post.requestBody.content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/ApplicationCreate',
    });
    expect(components.schemas.ApplicationCreate.required).toContain('origin');
  });
});

describe('the public listener', () => {
  /** Sends the path as it is: `fetch` and undici would resolve dots first. */
  const open = (path: string, method = 'GET', body?: unknown): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(controller.public.url);
      const headers = { 'zt-session': token, 'content-type': 'application/json' };
      const outgoing = httpRequest({ hostname, port, path, method, headers }, (response) => {
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          resolve({ status, body: text === '' ? '' : JSON.parse(text), headers: response.headers });
        });
      });
      outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });

  it('serves the Client API', async () => {
    expect((await open(`${CLIENT}/services`)).status).toBe(200);
    expect((await open('/edge/v1/current-identity')).body.data.isAdmin).toBe(true);
    const login = { username: 'admin', password: 'wrong password' };
    expect((await open(`${CLIENT}/authenticate?method=password`, 'POST', login)).status).toBe(401);
  });

  it('speaks of itself alone', async () => {
    const { apiVersions } = (await open('/version')).body.data;
    expect(apiVersions['edge-client'].v1.apiBaseUrls).toEqual([controller.public.url + CLIENT]);
    expect(apiVersions).not.toHaveProperty('edge-management');
    expect(JSON.stringify(apiVersions)).not.toContain(controller.admin.url);
  });

  it.each([
    '/edge/management/v1/identities',
    '/edge/management/v1/version',
    '/edge/management/v1',
    '/edge/client/v1/../../management/v1/identities',
    '/edge/client/v1/%2e%2e/%2e%2e/management/v1/identities',
    '/edge/v1/../management/v1/identities',
    '/edge/client/v1/edge/management/v1/identities',
    '/version/../edge/management/v1/identities',
    '/edge/client/v1/identities',
    '/identities',
  ])('has no Management API at %s, not even for an administrator', async (path) => {
    expect((await manage('GET', '/identities')).status).toBe(200);
    const { status, body } = await open(path);
    expect(status).toBe(404);
    expect(body).not.toHaveProperty('data');
  });
});

describe('log-in', () => {
  it('answers session, header and expiry', async () => {
    const { body } = await call('GET', `${MANAGEMENT}/current-api-session`);
    expect(body.data).toMatchObject({
      token,
      identity: { name: 'Default Admin' },
      authQueries: [],
    });
    expect(body.data).not.toHaveProperty('tokenHash');
    expect(body.data.expirationSeconds).toBeGreaterThan(1700);
  });

  it('is 401 for whatever is wrong', async () => {
    expect((await login('admin', 'wrong')).body.error.code).toBe('INVALID_AUTH');
    expect((await login('nobody', 'wrong')).body.error.code).toBe('INVALID_AUTH');
    const missing = await manage('GET', '/identities', undefined, { token: '' });
    expect(missing).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHORIZED' } } });
    expect(missing.headers['www-authenticate']).toContain('error="missing"');
    expect((await manage('GET', '/identities', undefined, { token: 'x' })).status).toBe(401);
    const incomplete = await manage(
      'POST',
      '/authenticate?method=password',
      { username: 'admin' },
      { token: '' },
    );
    expect(incomplete).toMatchObject({
      status: 400,
      body: { error: { code: 'COULD_NOT_VALIDATE', cause: { field: 'password' } } },
    });
  });

  it('locks an identity out after the policy’s number of bad passwords', async () => {
    const identityId = await create('/identities', {
      name: 'locked',
      type: 'User',
      isAdmin: false,
    });
    await create('/authenticators', {
      method: 'updb',
      identityId,
      username: 'locked',
      password: 'right-password',
    });
    expect((await login('locked', 'right-password')).status).toBe(200);
    for (let i = 0; i < 10; i++) expect((await login('locked', 'wrong')).status).toBe(401);
    expect((await login('locked', 'right-password')).status).toBe(401);
    expect(await get(`/identities/${identityId}`)).toMatchObject({
      disabled: true,
      hasApiSession: false,
    });
    await manage('POST', `/identities/${identityId}/enable`);
    expect((await login('locked', 'right-password')).status).toBe(200);
  });

  it('gives others than administrators only what their permissions name, with 401', async () => {
    const identityId = await create('/identities', {
      name: 'reader',
      type: 'User',
      isAdmin: false,
      permissions: ['service.read'],
    });
    await create('/authenticators', {
      method: 'updb',
      identityId,
      username: 'reader',
      password: 'reader-password',
    });
    const reader = { token: (await login('reader', 'reader-password')).body.data.token as string };
    expect((await manage('GET', '/services', undefined, reader)).status).toBe(200);
    expect(
      (await manage('POST', '/services', { name: 'x', encryptionRequired: true }, reader)).status,
    ).toBe(401);
    expect((await manage('GET', '/identities', undefined, reader)).status).toBe(401);
    expect((await manage('GET', '/summary', undefined, reader)).status).toBe(401);
    expect((await manage('DELETE', '/current-api-session', undefined, reader)).status).toBe(200);
    expect((await manage('GET', '/services', undefined, reader)).status).toBe(401);
  });
});

describe('entities', () => {
  it('creates, shows, replaces, changes and deletes', async () => {
    const id = await create('/identities', {
      name: 'ann',
      type: 'User',
      isAdmin: false,
      roleAttributes: ['b', 'a'],
      tags: { team: 'red', n: null },
      externalId: 'ann@idp',
    });
    expect(await get(`/identities/${id}/`)).toMatchObject({
      name: 'ann',
      typeId: 'Default',
      type: { id: 'Default', entity: 'identity-types' },
      roleAttributes: ['a', 'b'],
      tags: { team: 'red', n: null },
      appData: {},
      disabled: false,
      authPolicy: { id: 'default' },
      externalId: 'ann@idp',
      _links: { self: { href: `./identities/${id}` } },
    });
    expect(
      (
        await manage('PATCH', `/identities/${id}`, {
          roleAttributes: ['c'],
          externalId: null,
          name: null,
        })
      ).body,
    ).toEqual({ data: {}, meta: {} });
    expect(await get(`/identities/${id}`)).toMatchObject({
      name: 'ann',
      roleAttributes: ['c'],
      externalId: 'ann@idp',
      tags: { team: 'red', n: null },
    });
    await manage('PUT', `/identities/${id}`, { name: 'ann2', type: 'User', isAdmin: false });
    expect(await get(`/identities/${id}`)).toMatchObject({
      name: 'ann2',
      roleAttributes: [],
      externalId: null,
      tags: {},
    });
    expect((await manage('DELETE', `/identities/${id}`)).status).toBe(200);
    expect((await manage('GET', `/identities/${id}`)).body.error.code).toBe('NOT_FOUND');
  });

  it.each([
    ['/identities', { name: '', type: 'User', isAdmin: false }, 'name'],
    ['/identities', { type: 'User', isAdmin: false }, 'name'],
    [
      '/identities',
      { name: 'x1', type: 'User', isAdmin: false, roleAttributes: ['#a'] },
      'roleAttributes.0',
    ],
    [
      '/identities',
      { name: 'x2', type: 'User', isAdmin: false, permissions: ['root'] },
      'permissions.0',
    ],
    ['/identities', { name: 'Default Admin', type: 'User', isAdmin: false }, 'name'],
    [
      '/service-policies',
      { name: 'x3', type: 'Dial', semantic: 'AnyOf', identityRoles: ['@nobody'], serviceRoles: [] },
      'identityRoles',
    ],
    [
      '/service-policies',
      {
        name: 'x4',
        type: 'Dial',
        semantic: 'AnyOf',
        identityRoles: ['#all', '#x'],
        serviceRoles: [],
      },
      'identityRoles',
    ],
    ['/service-policies', { name: 'x5', type: 'Both', semantic: 'AnyOf' }, 'type'],
    [
      '/applications',
      { name: 'x6', origin: 'http://x6.localhost:1/path', serviceId: 'no' },
      'origin',
    ],
    ['/applications', { name: 'x7', origin: 'http://x7.example.com', serviceId: 'no' }, 'origin'],
    [
      '/applications',
      { name: 'x8', origin: 'http://x8.localhost:1', serviceId: 'no' },
      'serviceId',
    ],
    [
      '/external-jwt-signers',
      { name: 'x9', issuer: 'i', audience: 'a', enabled: true },
      'jwksEndpoint',
    ],
  ])('refuses a bad body naming the member: %s %j', async (path, body, field) => {
    const answer = await manage('POST', path, body);
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'COULD_NOT_VALIDATE', cause: { field } } },
    });
  });

  it('answers the other errors by their codes', async () => {
    expect((await manage('POST', '/services', '{"name":')).body.error.code).toBe(
      'COULD_NOT_PARSE_BODY',
    );
    expect((await manage('GET', '/services?filter=nothing%20%3D%20%22x%22')).body.error.code).toBe(
      'INVALID_FILTER',
    );
    expect((await manage('GET', '/services?limit=abc')).body.error.code).toBe('INVALID_PAGINATION');
    expect((await manage('GET', '/services?sort=!')).body.error.code).toBe(
      'INVALID_SORT_IDENTIFIER',
    );
    expect((await manage('GET', '/no-such-thing')).status).toBe(404);
    expect((await manage('DELETE', '/services')).status).toBe(405);
    expect(await statusOfAnnounced(1_100_000)).toBe(413);
    expect((await manage('DELETE', '/auth-policies/default')).body.error.code).toBe(
      'ENTITY_CAN_NOT_BE_DELETED',
    );
    const [admin] = await get('/identities?filter=isDefaultAdmin');
    expect((await manage('DELETE', `/identities/${admin.id}`)).body.error.code).toBe(
      'ENTITY_CAN_NOT_BE_DELETED',
    );
  });

  it('pages, sorts and filters as the console and the CLI ask', async () => {
    for (const n of [1, 2, 3, 4])
      await create('/services', {
        name: `page-${n}`,
        encryptionRequired: true,
        roleAttributes: n > 2 ? ['high'] : [],
      });
    const filter = (text: string) => `/services?filter=${encodeURIComponent(text)}`;
    const page = await manage(
      'GET',
      `${filter(' name contains "page"')}&limit=2&offset=1&sort=name%20%20desc`,
    );
    expect(page.body.data.map((row: { name: string }) => row.name)).toEqual(['page-3', 'page-2']);
    expect(page.body.meta.pagination).toEqual({ limit: 2, offset: 1, totalCount: 4 });
    expect(await names(filter('name contains "page" sort by name skip 1 limit 2'))).toEqual([
      'page-2',
      'page-3',
    ]);
    expect(await names(filter('id = "page-1" or name="page-1"'))).toEqual(['page-1']);
    expect(
      await names(
        filter(' name icontains "PAGE" and anyOf(roleAttributes) = "high" sort by name limit none'),
      ),
    ).toEqual(['page-3', 'page-4']);
    expect(await names(filter('id = "no such \\" id"'))).toEqual([]);
    expect((await manage('GET', '/services/?limit=-1')).body.data.length).toBeGreaterThanOrEqual(4);
    expect(await get('/service-role-attributes')).toEqual(['high']);
  });
});

describe('policies', () => {
  it('grant by attributes, show sub-lists and display names, and follow deletions', async () => {
    const identityId = await create('/identities', {
      name: 'dialer',
      type: 'User',
      isAdmin: false,
      roleAttributes: ['staff'],
    });
    await create('/authenticators', {
      method: 'updb',
      identityId,
      username: 'dialer',
      password: 'dialer-password',
    });
    const serviceId = await create('/services', {
      name: 'wiki',
      encryptionRequired: true,
      roleAttributes: ['internal'],
    });
    const routerId = await create('/edge-routers', { name: 'r1' });
    const policy = await create('/service-policies', {
      name: 'wiki-dial',
      type: 'Dial',
      semantic: 'AllOf',
      identityRoles: ['#staff'],
      serviceRoles: [`@${serviceId}`],
    });
    await create('/edge-router-policies', {
      name: 'all',
      semantic: 'AnyOf',
      identityRoles: ['#all'],
      edgeRouterRoles: ['#all'],
    });
    await create('/service-edge-router-policies', {
      name: 'all',
      semantic: 'AnyOf',
      serviceRoles: ['#all'],
      edgeRouterRoles: ['#all'],
    });

    expect(await get(`/service-policies/${policy}`)).toMatchObject({
      serviceRolesDisplay: [{ role: `@${serviceId}`, name: '@wiki' }],
      identityRolesDisplay: [{ role: '#staff', name: '#staff' }],
      postureCheckRolesDisplay: [],
    });
    expect(await names(`/service-policies/${policy}/identities`)).toEqual(['dialer']);
    expect(await names(`/service-policies/${policy}/services/`)).toEqual(['wiki']);
    expect(await names(`/identities/${identityId}/services`)).toEqual(['wiki']);
    expect(await names(`/identities/${identityId}/services?policyType=bind`)).toEqual([]);
    expect(await names(`/identities/${identityId}/edge-routers`)).toEqual(['r1']);
    expect(await names(`/identities/${identityId}/service-policies`)).toEqual(['wiki-dial']);
    expect(await names(`/services/${serviceId}/identities`)).toEqual(['dialer']);
    expect(await names(`/edge-routers/${routerId}/services`)).toContain('wiki');
    expect(await get(`/identities/${identityId}/policy-advice/${serviceId}`)).toMatchObject({
      isDialAllowed: true,
      isBindAllowed: false,
      commonRouters: [{ id: routerId, isOnline: false }],
    });

    const dialer = { token: (await login('dialer', 'dialer-password')).body.data.token as string };
    const own = await call('GET', `${CLIENT}/services?configTypes=all`, undefined, dialer);
    expect(own.body.data).toMatchObject([
      {
        name: 'wiki',
        permissions: ['Dial'],
        config: {},
        postureQueries: [
          { policyId: policy, policyType: 'Dial', isPassing: true, postureQueries: [] },
        ],
      },
    ]);
    const before = (
      await call('GET', `${CLIENT}/current-api-session/service-updates`, undefined, dialer)
    ).body.data.lastChangeAt as string;
    await manage('DELETE', `/service-policies/${policy}`);
    expect((await call('GET', `${CLIENT}/services`, undefined, dialer)).body.data).toEqual([]);
    expect((await call('GET', `${CLIENT}/services/${serviceId}`, undefined, dialer)).status).toBe(
      404,
    );
    const after = (
      await call('GET', `${CLIENT}/current-api-session/service-updates`, undefined, dialer)
    ).body.data.lastChangeAt as string;
    expect(after >= before).toBe(true);

    const again = await create('/service-policies', {
      name: 'wiki-dial',
      type: 'Dial',
      semantic: 'AllOf',
      identityRoles: [`@${identityId}`],
      serviceRoles: ['#internal'],
    });
    await manage('DELETE', `/identities/${identityId}`);
    expect(await get(`/service-policies/${again}`)).toMatchObject({ identityRoles: [] });
    expect((await call('GET', `${CLIENT}/services`, undefined, dialer)).status).toBe(401);
  });

  it('binds an application to a service and keeps the service while it is shown', async () => {
    const serviceId = await create('/services', { name: 'shown', encryptionRequired: true });
    const id = await create('/applications', {
      name: 'Shown',
      origin: 'http://shown.localhost:8080',
      serviceId,
    });
    expect(await get(`/applications/${id}`)).toMatchObject({
      loginMethods: ['ext-jwt'],
      signerIds: [],
      sessionHours: 12,
      service: { name: 'shown' },
    });
    expect(
      (await manage('PATCH', `/applications/${id}`, { sessionHours: 13 })).body.error.cause.field,
    ).toBe('sessionHours');
    expect((await manage('DELETE', `/services/${serviceId}`)).body.error.code).toBe(
      'CAN_NOT_DELETE_REFERENCED_ENTITY',
    );
    await manage('DELETE', `/applications/${id}`);
    expect((await manage('DELETE', `/services/${serviceId}`)).status).toBe(200);
  });
});

describe('enrollment', () => {
  it('turns a one-time token into a certificate that logs in', async () => {
    const id = await create('/identities', {
      name: 'device',
      type: 'Device',
      isAdmin: false,
      enrollment: { ott: true },
    });
    const { enrollment } = await get(`/identities/${id}`);
    const claims = decodeJwt(enrollment.ott.jwt);
    expect(claims).toMatchObject({
      iss: controller.admin.url,
      sub: id,
      em: 'ott',
      jti: enrollment.ott.token,
    });
    expect(claims['ctrls']).toEqual([expect.stringMatching(/^tls:/)]);
    await jwtVerify(enrollment.ott.jwt, await serverKey());

    const { csr, keyPem } = await makeCsr(id);
    const answer = await call('POST', `/enroll?method=ott&token=${enrollment.ott.token}`, csr, {
      token: '',
      contentType: 'application/x-pem-file',
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    const { cert } = answer.body.data;
    expect(new X509Certificate(cert as string).subjectAltName).toBe(
      `URI:spiffe://postern/identity/${id}`,
    );

    const device = new Agent({
      connect: { ca: controller.trustBundlePem, cert: cert as string, key: keyPem },
    });
    const session = await call(
      'POST',
      `${CLIENT}/authenticate?method=cert`,
      {},
      { token: '', dispatcher: device },
    );
    expect(session.body.data).toMatchObject({ identityId: id });
    expect(
      (await call('POST', `${CLIENT}/authenticate?method=cert`, {}, { token: '' })).body.error.code,
    ).toBe('INVALID_AUTH');
    await manage('POST', `/identities/${id}/disable`, {});
    expect(
      (
        await call(
          'POST',
          `${CLIENT}/authenticate?method=cert`,
          {},
          { token: '', dispatcher: device },
        )
      ).status,
    ).toBe(401);
    expect(
      (
        await call('GET', `${CLIENT}/current-identity`, undefined, {
          token: session.body.data.token as string,
        })
      ).status,
    ).toBe(401);
    await device.close();
  });

  it('lets exactly one of 50 parallel attempts through', async () => {
    const id = await create('/identities', {
      name: 'raced',
      type: 'Device',
      isAdmin: false,
      enrollment: { ott: true },
    });
    const { token: ott } = (await get(`/identities/${id}`)).enrollment.ott;
    const { csr } = await makeCsr(id);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        call('POST', `${CLIENT}/enroll?method=ott&token=${ott}`, csr, {
          token: '',
          contentType: 'text/plain',
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(
      answers.filter(({ body }) => body.error?.code === 'INVALID_ENROLLMENT_TOKEN'),
    ).toHaveLength(49);
    expect(await get(`/identities/${id}/authenticators`)).toHaveLength(1);
    expect(await get(`/identities/${id}/enrollments`)).toEqual([]);
  });

  it('enrols routers by two CSRs for their id, and again after re-enroll', async () => {
    const id = await create('/edge-routers', { name: 'enrolled-router' });
    const { enrollmentToken } = await get(`/edge-routers/${id}`);
    const [client, server, wrong] = await Promise.all([makeCsr(id), makeCsr(id), makeCsr('other')]);
    const enrol = (certCsr: string, routerToken: string) =>
      call(
        'POST',
        `/enroll?method=erott&token=${routerToken}`,
        { certCsr, serverCertCsr: server.csr },
        { token: '' },
      );
    expect((await enrol(wrong.csr, enrollmentToken)).body.error.code).toBe('INVALID_COMMON_NAME');
    const { data } = (await enrol(client.csr, enrollmentToken)).body;
    expect(new X509Certificate(data.serverCert as string).subjectAltName).toBe(
      `URI:spiffe://postern/router/${id}`,
    );
    expect(data.ca).toBe(controller.trustBundlePem);
    expect(await get(`/edge-routers/${id}`)).toMatchObject({
      isVerified: true,
      enrollmentToken: null,
    });
    await manage('POST', `/edge-routers/${id}/re-enroll`);
    const again = await get(`/edge-routers/${id}`);
    expect(again).toMatchObject({ isVerified: false, fingerprint: null });
    expect((await enrol(client.csr, again.enrollmentToken)).status).toBe(200);
  });

  it('sets a password by token, within the auth policy', async () => {
    const id = await create('/identities', {
      name: 'person',
      type: 'User',
      isAdmin: false,
      enrollment: { updb: 'person' },
    });
    const { token: updb } = (await get(`/identities/${id}`)).enrollment.updb;
    const enrol = (password: string) =>
      call(
        'POST',
        `${CLIENT}/enroll/updb?token=${updb}`,
        { username: 'other', password },
        { token: '' },
      );
    expect((await enrol('short')).body.error.cause.field).toBe('password');
    expect((await enrol('long-enough')).body.data).toEqual({ username: 'person' });
    expect((await enrol('long-enough')).body.error.code).toBe('INVALID_ENROLLMENT_TOKEN');
    expect((await login('person', 'long-enough')).status).toBe(200);
  });

  it('refuses expired tokens and methods it does not have', async () => {
    expect((await call('POST', '/enroll?method=fax', '', { token: '' })).body.error.code).toMatch(
      /INVALID_ENROLL/,
    );
    const identityId = await create('/identities', { name: 'late', type: 'User', isAdmin: false });
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const id = await create('/enrollments', { method: 'ott', identityId, expiresAt });
    const { token: ott } = await get(`/enrollments/${id}`);
    offsetMs = 61_000;
    const { csr } = await makeCsr('x');
    expect(
      (await call('POST', `/enroll?method=ott&token=${ott}`, csr, { token: '' })).body.error.code,
    ).toBe('ENROLLMENT_EXPIRED');
  });
});

describe('restart', () => {
  it('stops in under 2 s and starts from what was stored', async () => {
    const before = await names('/services?limit=-1');
    const startedAt = Date.now();
    await controller.close();
    expect(Date.now() - startedAt).toBeLessThan(2000);
    controller = await start();
    expect(await names('/services?limit=-1')).toEqual(before);
  });
});

/** The answer to a body that is announced but not sent. */
function statusOfAnnounced(bytes: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'zt-session': token, 'content-length': bytes };
    const url = `${controller.admin.url}${MANAGEMENT}/services`;
    const pending = httpsRequest(
      url,
      { method: 'POST', ca: controller.trustBundlePem, headers },
      (response) => {
        resolve(response.statusCode);
        pending.destroy();
      },
    ).on('error', reject);
    pending.flushHeaders();
  });
}

function serverKey(): Promise<KeyObject> {
  return new Promise<KeyObject>((resolve, reject) => {
    const socket = connect(
      { port: controller.admin.port, host: '127.0.0.1', ca: controller.trustBundlePem },
      () => {
        resolve(socket.getPeerX509Certificate()!.publicKey);
        socket.end();
      },
    ).on('error', reject);
  });
}
