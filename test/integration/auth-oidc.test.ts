/** `/oidc` of the admin listener as OpenZiti's C and Go SDKs use it, and what must be refused. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  type RunningController,
} from '@postern/controller';
import { silentLogger } from '@postern/shared/log';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeAt } from '../../controller/src/auth/totp.ts';
import { makeCsr } from '../harness/csr.ts';
import { CLIENT, edgeClient, MANAGEMENT, type EdgeClient } from '../harness/edge-client.ts';
import { defaultKind, type TestDatabase } from '../harness/stores.ts';
import { startTestIssuer, type TestIssuer } from '../harness/test-issuer.ts';

const PASSWORD = 'correct horse';
const GO = { client_id: 'native', redirect_uri: 'http://localhost:8080/auth/callback' };
const C = { client_id: 'openziti', redirect_uri: 'http://localhost:20314/auth/callback' };
const TYPE = 'urn:ietf:params:oauth:token-type:';

let dataDir: string;
let database: TestDatabase;
let controller: RunningController;
let edge: EdgeClient;
let admin: string;
let issuer: TestIssuer;
let signerId: string;
let offsetMs = 0;
let serial = 0;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'postern-oidc-'));
  database = await defaultKind.create();
  controller = await createController(
    controllerConfigSchema.parse({
      dataDir,
      store: await database.config(),
      admin: { port: 0 },
      public: { port: 0, tls: 'none' },
      control: { port: 0 },
      loginOrigin: 'http://login.localhost:8080',
      auth: { allowPrivateJwks: true, attemptsPerMinute: 10_000 },
    }),
    { logger: silentLogger, clock: () => Date.now() + offsetMs },
  );
  edge = edgeClient(controller);
  const password = (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim();
  const opened = await edge(`${CLIENT}/authenticate?method=password`, {
    body: { username: 'admin', password },
  });
  admin = opened.data.token as string;
  issuer = await startTestIssuer('https://idp.example', () => Date.now() + offsetMs);
  signerId = await create('external-jwt-signers', {
    name: 'idp',
    issuer: issuer.issuer,
    audience: 'postern',
    enabled: true,
    jwksEndpoint: issuer.jwksEndpoint,
    useExternalId: true,
  });
});
afterAll(async () => {
  await issuer.close();
  await controller.close();
  await database.dispose();
  await rm(dataDir, { recursive: true, force: true });
});

async function create(plural: string, body: unknown): Promise<string> {
  const answer = await edge(`${MANAGEMENT}/${plural}`, { body, session: admin });
  expect(answer.status, answer.bytes.toString()).toBe(201);
  return answer.data.id as string;
}

async function createPerson(more: object = {}) {
  const username = `user${++serial}`;
  const identity = { name: username, type: 'Default', isAdmin: false, ...more };
  const id = await create('identities', identity);
  await create('authenticators', { method: 'updb', identityId: id, username, password: PASSWORD });
  return { id, username };
}

async function policyAsking(secondary: object): Promise<string> {
  const [{ primary }] = (await edge(`${MANAGEMENT}/auth-policies`, { session: admin })).data;
  return create('auth-policies', {
    name: `policy ${++serial}`,
    primary,
    secondary: { requireTotp: false, requireExtJwtSigner: null, ...secondary },
  });
}

/** An SDK's side of one log-in. */
class Sdk {
  readonly verifier = randomBytes(32).toString('base64url');
  readonly client: typeof GO;
  id = '';

  constructor(client: typeof GO = GO) {
    this.client = client;
  }

  async authorize(overrides: Record<string, string> = {}, method = 'GET') {
    const query = new URLSearchParams({
      ...this.client,
      response_type: 'code',
      scope: 'openid offline_access',
      state: 'the state',
      nonce: 'the nonce',
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...overrides,
    });
    const answer = await edge(`/oidc/authorize?${query.toString()}`, { method });
    this.id = String(answer.headers['auth-request-id'] ?? '');
    return answer;
  }

  login(method: string, fields: Record<string, string>, more: object = {}) {
    return edge(`/oidc/login/${method}`, form({ id: this.id, ...fields }, more));
  }

  /** Follows what a log-in answers to the code. */
  async code(location: unknown): Promise<string> {
    const back = await edge(String(location));
    expect(back.status, back.bytes.toString()).toBe(302);
    const url = new URL(String(back.headers['location']));
    expect(url.origin + url.pathname).toBe(this.client.redirect_uri);
    expect(url.searchParams.get('state')).toBe('the state');
    return String(back.headers['location']).split('code=')[1] ?? '';
  }

  async token(fields: Record<string, string>, more: object = {}) {
    const answer = await edge('/oidc/oauth/token', form(fields, more));
    const body = JSON.parse(answer.bytes.toString()) as Record<string, string>;
    return { status: answer.status, body };
  }

  exchange(code: string, overrides: Record<string, string> = {}) {
    return this.token({
      grant_type: 'authorization_code',
      code,
      ...this.client,
      code_verifier: this.verifier,
      ...overrides,
    });
  }

  refresh(refresh_token: string) {
    return this.token({ grant_type: 'refresh_token', refresh_token });
  }
}

function form(fields: Record<string, string>, more: object = {}) {
  return {
    body: new URLSearchParams(fields).toString(),
    ...more,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(more as { headers?: Record<string, string> }).headers,
    },
  };
}

async function signIn(username: string, sdk = new Sdk()) {
  await sdk.authorize();
  const proved = await sdk.login('password', { username, password: PASSWORD });
  expect(proved.status, proved.bytes.toString()).toBe(302);
  const code = await sdk.code(proved.headers['location']);
  const { status, body } = await sdk.exchange(code);
  expect(status, JSON.stringify(body)).toBe(200);
  return { sdk, code, tokens: body };
}

const whoami = (bearer: string) => edge(`${CLIENT}/current-identity`, { bearer });
const now = () => Date.now() + offsetMs;
const freshCode = (secret: string) => {
  offsetMs += 30_000;
  return codeAt(secret, now());
};

describe('the code flow', () => {
  it('is described and its keys are published', async () => {
    for (const path of [
      '/oidc/.well-known/openid-configuration',
      '/.well-known/openid-configuration',
    ]) {
      const metadata = JSON.parse((await edge(path)).bytes.toString());
      expect(metadata).toMatchObject({ issuer: `${controller.admin.url}/oidc` });
    }
  });

  it('as Go runs it: header, callback, code, tokens, bearer, ID token with nonce', async () => {
    const { id, username } = await createPerson();
    const sdk = new Sdk();
    const began = await sdk.authorize();
    expect(began.status).toBe(302);
    const page = await edge(String(began.headers['location']));
    expect([page.status, page.headers['auth-request-id']]).toEqual([200, sdk.id]);
    const { tokens } = await signIn(username, sdk);
    expect(decodeJwt(tokens['access_token'] ?? '')).toMatchObject({
      sub: id,
      z_t: 'a',
      aud: ['openziti'],
      z_ia: false,
    });
    expect(decodeJwt(tokens['refresh_token'] ?? '')['z_t']).toBe('r');
    const keys = JSON.parse((await edge('/oidc/keys')).bytes.toString());
    const { payload } = await jwtVerify(tokens['id_token'] ?? '', createLocalJWKSet(keys), {
      issuer: `${controller.admin.url}/oidc`,
      audience: 'native',
      currentDate: new Date(now()),
    });
    expect(payload).toMatchObject({ name: username, nonce: 'the nonce' });
    expect((await whoami(tokens['access_token'] ?? '')).data.id).toBe(id);
  });

  it('as C runs it: POST with query parameters, JSON log-in, code and state reposted unescaped', async () => {
    const { id, username } = await createPerson();
    const sdk = new Sdk(C);
    const began = await sdk.authorize({}, 'POST');
    const requestId = String(began.headers['location']).split('authRequestID=')[1] ?? '';
    const proved = await edge(`/oidc/login/password?id=${requestId}`, {
      body: { username, password: PASSWORD },
    });
    const code = await sdk.code(proved.headers['location']);
    expect(code).toMatch(/^[A-Za-z0-9_-]+$/);
    const answer = await edge('/oidc/oauth/token', {
      body: `grant_type=authorization_code&code=${code}&state=the+state&client_id=openziti&redirect_uri=${encodeURIComponent(C.redirect_uri)}&code_verifier=${sdk.verifier}&state=again`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from('openziti:').toString('base64')}`,
      },
    });
    const tokens = JSON.parse(answer.bytes.toString());
    expect((await whoami(tokens.access_token)).data.id).toBe(id);
  });

  it('takes certificates and external JWTs', async () => {
    const holder = await create('identities', {
      name: 'holder',
      type: 'Default',
      isAdmin: false,
      externalId: 'holder@idp',
      enrollment: { ott: true },
    });
    const { enrollment } = (await edge(`${MANAGEMENT}/identities/${holder}`, { session: admin }))
      .data;
    const { csr, keyPem } = await makeCsr(holder);
    const enrolled = await edge(`${CLIENT}/enroll?method=ott&token=${enrollment.ott.token}`, {
      body: csr,
    });
    const certificate = { cert: enrolled.data.cert as string, key: keyPem };
    const byCertificate = new Sdk();
    await byCertificate.authorize();
    const proved = await byCertificate.login('cert', {}, { certificate });
    const set = await byCertificate.exchange(await byCertificate.code(proved.headers['location']));
    expect(decodeJwt(set.body['access_token'] ?? '')).toMatchObject({ sub: holder, amr: ['cert'] });
    expect(decodeJwt(set.body['access_token'] ?? '')['z_cfs']).toHaveLength(1);

    const byJwt = new Sdk();
    await byJwt.authorize();
    const bearer = await issuer.sign({ sub: 'holder@idp' });
    const other = await byJwt.login('ext-jwt', {}, { bearer });
    expect(other.status).toBe(302);
  });
});

describe('second factors', () => {
  it('TOTP is set up and asked for between log-in and code', async () => {
    const authPolicyId = await policyAsking({ requireTotp: true });
    const { username } = await createPerson({ authPolicyId });
    const sdk = new Sdk();
    await sdk.authorize();
    const proved = await sdk.login('password', { username, password: PASSWORD });
    expect([proved.status, proved.headers['totp-required']]).toEqual([200, 'true']);
    // Not proved wholly: no code, whatever is asked.
    expect((await edge(`/oidc/authorize/callback?id=${sdk.id}`)).status).toBe(400);
    const setup = await sdk.login('totp/enroll', {});
    expect(setup.status).toBe(201);
    const { provisioningUrl } = JSON.parse(setup.bytes.toString());
    const secret = new URL(provisioningUrl).searchParams.get('secret') ?? '';
    expect((await sdk.login('totp/enroll/verify', { code: '000000' })).status).toBe(401);
    const verified = await sdk.login('totp/enroll/verify', { code: freshCode(secret) });
    const first = await sdk.exchange(await sdk.code(verified.headers['location']));
    expect(decodeJwt(first.body['access_token'] ?? '')['amr']).toContain('totp');
    expect((await whoami(first.body['access_token'] ?? '')).status).toBe(200);

    const again = new Sdk();
    await again.authorize();
    await again.login('password', { username, password: PASSWORD });
    // Who has a factor cannot make another one on the way in.
    expect((await again.login('totp/enroll', {})).status).toBe(401);
    expect((await again.login('totp', { code: '123456' })).status).toBe(401);
    const passed = await again.login('totp', { code: freshCode(secret) });
    expect((await again.exchange(await again.code(passed.headers['location']))).status).toBe(200);
  });

  it('a second JWT must come with log-in and with every request', async () => {
    const authPolicyId = await policyAsking({ requireExtJwtSigner: signerId });
    const { username } = await createPerson({ authPolicyId, externalId: 'two@idp' });
    const sdk = new Sdk();
    await sdk.authorize();
    const alone = await sdk.login('password', { username, password: PASSWORD });
    expect(alone.status).toBe(200);
    const bearer = await issuer.sign({ sub: 'two@idp' });
    const both = await sdk.login('password', { username, password: PASSWORD }, { bearer });
    const { body } = await sdk.exchange(await sdk.code(both.headers['location']));
    const access = body['access_token'] ?? '';
    expect((await whoami(access)).status).toBe(401);
    const joined = { headers: { authorization: `Bearer ${access}, Bearer ${bearer}` } };
    expect((await edge(`${CLIENT}/current-identity`, joined)).status).toBe(200);
  });
});

describe('refreshing', () => {
  it('rotates, and a spent token that comes back ends the session', async () => {
    const { username } = await createPerson();
    const { sdk, tokens } = await signIn(username);
    const next = await sdk.refresh(tokens['refresh_token'] ?? '');
    expect(next.status).toBe(200);
    expect((await whoami(next.body['access_token'] ?? '')).status).toBe(200);
    expect((await sdk.refresh(tokens['refresh_token'] ?? '')).body).toEqual({
      error: 'invalid_grant',
    });
    expect((await whoami(next.body['access_token'] ?? '')).status).toBe(401);
    expect((await sdk.refresh(next.body['refresh_token'] ?? '')).status).toBe(400);
  });

  it('lets one of many at a time win', async () => {
    const { username } = await createPerson();
    const { sdk, tokens } = await signIn(username);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => sdk.refresh(tokens['refresh_token'] ?? '')),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('by token exchange, twice, as Go does', async () => {
    const { username } = await createPerson();
    const { sdk, tokens } = await signIn(username);
    const exchange = (requested: string) =>
      sdk.token({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: tokens['refresh_token'] ?? '',
        subject_token_type: `${TYPE}refresh_token`,
        requested_token_type: `${TYPE}${requested}`,
      });
    const set = await exchange('refresh_token');
    expect(set.status).toBe(200);
    const id = await exchange('id_token');
    expect(decodeJwt(id.body['access_token'] ?? '')).toMatchObject({ name: username });
    // An ID token opens nothing.
    expect((await whoami(id.body['access_token'] ?? '')).status).toBe(401);
    expect((await whoami(set.body['access_token'] ?? '')).status).toBe(200);
    offsetMs += 61_000;
    expect((await exchange('id_token')).status).toBe(400);
  });
});

describe('ending', () => {
  it.each([
    [
      'revocation',
      (sdk: Sdk, t: Record<string, string>) =>
        edge('/oidc/oauth/revoke', form({ token: t['refresh_token'] ?? '' })),
    ],
    [
      'logging out',
      (_: Sdk, t: Record<string, string>) =>
        edge(`${CLIENT}/current-api-session`, {
          method: 'DELETE',
          bearer: t['access_token'] ?? '',
        }),
    ],
  ])('%s makes every token of the session worthless at once', async (_, end) => {
    const { username } = await createPerson();
    const { sdk, tokens } = await signIn(username);
    expect((await end(sdk, tokens)).status).toBe(200);
    expect((await whoami(tokens['access_token'] ?? '')).status).toBe(401);
    expect((await sdk.refresh(tokens['refresh_token'] ?? '')).status).toBe(400);
  });

  it('a single token is withdrawn by its id, the others stay', async () => {
    const { username } = await createPerson();
    const { sdk, tokens } = await signIn(username);
    const withdraw = (token: string) =>
      create('revocations', { id: decodeJwt(token).jti, type: 'JTI' });
    await withdraw(tokens['access_token'] ?? '');
    expect((await whoami(tokens['access_token'] ?? '')).status).toBe(401);
    const next = await sdk.refresh(tokens['refresh_token'] ?? '');
    expect((await whoami(next.body['access_token'] ?? '')).status).toBe(200);
    await withdraw(next.body['refresh_token'] ?? '');
    expect((await sdk.refresh(next.body['refresh_token'] ?? '')).status).toBe(400);
  });

  it('so does disabling the identity', async () => {
    const { id, username } = await createPerson();
    const { sdk, tokens } = await signIn(username);
    await edge(`${MANAGEMENT}/identities/${id}/disable`, { body: {}, session: admin });
    expect((await whoami(tokens['access_token'] ?? '')).status).toBe(401);
    expect((await sdk.refresh(tokens['refresh_token'] ?? '')).status).toBe(400);
  });
});

describe('refused are', () => {
  it.each([
    ['another client', { client_id: 'wiki' }],
    ['a redirect elsewhere', { redirect_uri: 'https://evil.example/auth/callback' }],
    ['a redirect by prefix', { redirect_uri: 'http://localhost.evil.example/auth/callback' }],
    [
      'a redirect with user info',
      { redirect_uri: 'http://localhost:1@evil.example/auth/callback' },
    ],
    ['another path', { redirect_uri: 'http://localhost:8080/auth/callback/../x' }],
    ['the plain challenge', { code_challenge_method: 'plain' }],
    ['no challenge', { code_challenge: '' }],
    ['the implicit flow', { response_type: 'token' }],
  ])('%s, without a redirect', async (_, overrides) => {
    const answer = await new Sdk().authorize(overrides);
    expect([answer.status, answer.headers['location']]).toEqual([400, undefined]);
  });

  it('codes without their verifier, of another client, redirect, or used before', async () => {
    const { username } = await createPerson();
    for (const overrides of [
      { code_verifier: randomBytes(32).toString('base64url') },
      { code_verifier: '' },
      { client_id: 'openziti' },
      { redirect_uri: C.redirect_uri },
      { code: 'x'.repeat(43) },
    ]) {
      const sdk = new Sdk();
      await sdk.authorize();
      const proved = await sdk.login('password', { username, password: PASSWORD });
      const code = await sdk.code(proved.headers['location']);
      expect((await sdk.exchange(code, overrides)).body).toEqual({ error: 'invalid_grant' });
    }
    const { sdk, code, tokens } = await signIn(username);
    expect((await sdk.exchange(code)).status).toBe(400);
    // Whoever came first may have been the thief.
    expect((await whoami(tokens['access_token'] ?? '')).status).toBe(401);
  });

  it('bad passwords, unknown requests, and a finished request', async () => {
    const { username } = await createPerson();
    const sdk = new Sdk();
    await sdk.authorize();
    expect((await sdk.login('password', { username, password: 'wrong' })).status).toBe(401);
    expect((await edge(`/oidc/authorize/callback?id=${sdk.id}`)).status).toBe(400);
    expect((await sdk.login('cert', {})).status).toBe(401);
    const stranger = new Sdk();
    stranger.id = 'x'.repeat(43);
    expect((await stranger.login('password', { username, password: PASSWORD })).status).toBe(400);
    const proved = await sdk.login('password', { username, password: PASSWORD });
    await sdk.code(proved.headers['location']);
    expect((await edge(String(proved.headers['location']))).status).toBe(400);
    expect((await sdk.login('password', { username, password: PASSWORD })).status).toBe(400);
  });

  it('refresh tokens as access tokens, and the other way round', async () => {
    const { username } = await createPerson();
    const { sdk, tokens } = await signIn(username);
    expect((await whoami(tokens['refresh_token'] ?? '')).status).toBe(401);
    expect((await whoami(tokens['id_token'] ?? '')).status).toBe(401);
    expect((await sdk.refresh(tokens['access_token'] ?? '')).status).toBe(400);
    expect((await whoami(tokens['access_token'] ?? '')).status).toBe(200);
  });
});

it('the capability is not announced: routers do not take these tokens yet', async () => {
  expect((await edge('/version')).data.capabilities).not.toContain('OIDC_AUTH');
});
