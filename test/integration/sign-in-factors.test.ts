/**
 * Second factors, passkeys and first-time enrolment at the login origin over real HTTP, step by
 * step; what an attacker with one factor can try is tried.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  type RunningController,
} from '@postern/controller';
import { silentLogger } from '@postern/shared/log';
import type { LoginAnswer, LoginResult, OwnPasskeys, SecondFactor } from '@postern/shared/schemas';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeAt } from '../../controller/src/auth/totp.ts';
import { ManagementClient } from '../harness/management-client.ts';
import {
  AppClient,
  json,
  LoginPage,
  refusalOf,
  type TokenResponse,
} from '../harness/sign-in-flow.ts';
import { SoftAuthenticator } from '../harness/soft-authenticator.ts';
import { defaultKind, type TestDatabase } from '../harness/stores.ts';
import { startTestIssuer, type TestIssuer } from '../harness/test-issuer.ts';
import { UserAgent } from '../harness/user-agent.ts';

const LOGIN_ORIGIN = 'http://login.localhost:8080';
const HOST = 'wiki.localhost:8080';
const PASSWORD = 'correct horse';

let dataDir: string;
let database: TestDatabase;
let controller: RunningController;
let management: ManagementClient;
let issuer: TestIssuer;
let signerId: string;
let agent: UserAgent;
let serial = 0;
/** Everything in this process moves: controller, identity provider and proofs. */
const advance = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  dataDir = await mkdtemp(join(tmpdir(), 'postern-factors-'));
  database = await defaultKind.create();
  controller = await createController(
    controllerConfigSchema.parse({
      dataDir,
      store: await database.config(),
      admin: { port: 0 },
      public: { port: 0, tls: 'none' },
      control: { port: 0 },
      loginOrigin: LOGIN_ORIGIN,
      auth: { allowPrivateJwks: true, attemptsPerMinute: 10_000 },
    }),
    { logger: silentLogger },
  );
  management = await ManagementClient.signIn(controller, {
    username: 'admin',
    password: (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim(),
  });
  issuer = await startTestIssuer('https://idp.example');
  signerId = await management.create('external-jwt-signers', {
    name: 'idp',
    issuer: issuer.issuer,
    audience: 'postern',
    clientId: 'postern',
    jwksEndpoint: issuer.jwksEndpoint,
    useExternalId: true,
    enabled: true,
    enrollToTokenEnabled: true,
    enrollNameClaimsSelector: '/name',
    enrollAttributeClaimsSelector: '/groups',
  });
  const serviceId = await management.create('services', { name: 'wiki', encryptionRequired: true });
  await management.create('applications', {
    name: 'wiki',
    origin: `http://${HOST}`,
    serviceId,
    loginMethods: ['ext-jwt', 'password', 'passkey'],
    signerIds: [signerId],
    sessionHours: 12,
  });
});
afterAll(async () => {
  vi.useRealTimers();
  await issuer.close();
  await controller.close();
  await database.dispose();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(() => {
  agent = new UserAgent();
});

async function createPolicy(
  change: { primary?: object; secondary?: object } = {},
): Promise<string> {
  const { primary, secondary } = await management.get('auth-policies/default');
  return management.create('auth-policies', {
    name: `policy ${++serial}`,
    primary: { ...(primary as object), ...change.primary },
    secondary: { ...(secondary as object), ...change.secondary },
  });
}

async function createPerson(more: object = {}) {
  const username = `user${++serial}`;
  const id = await management.create('identities', {
    name: username,
    type: 'Default',
    isAdmin: false,
    ...more,
  });
  const proof = { method: 'updb', identityId: id, username, password: PASSWORD };
  await management.create('authenticators', proof);
  return { id, username };
}

/** Opens the application up to the login page. */
async function open() {
  const lookup = `${controller.public.url}/postern/v1/applications/lookup?host=${HOST}`;
  const app = await AppClient.create(agent, await json(await agent.fetch(lookup)));
  const page = await LoginPage.create(agent, app.info);
  const uid = await app.begin();
  const post = (how: string, body: object) =>
    page.call('POST', `/interactions/${uid}/${how}`, { body });
  return { app, page, uid, post };
}
type Opened = Awaited<ReturnType<typeof open>>;

const byPassword = async ({ post }: Opened, username: string): Promise<LoginAnswer> =>
  json(await post('password', { username, password: PASSWORD }));

const freshCode = (secret: string) => {
  advance(30_000);
  return codeAt(secret, Date.now());
};

/** A person with an authenticator app, signed in once. */
async function withTotp(more: object = {}) {
  const authPolicyId = await createPolicy({ secondary: { requireTotp: true } });
  const person = await createPerson({ authPolicyId, ...more });
  const opened = await open();
  const { step, factor } = (await byPassword(opened, person.username)) as SecondFactor;
  if (factor.type !== 'totp' || !factor.setup) throw new Error('no setup offered');
  const { secret } = factor.setup;
  const login = await json<LoginResult>(
    await opened.post('totp', { step, code: freshCode(secret) }),
  );
  return { ...person, authPolicyId, secret, opened, login };
}

/** Someone signed in who adds a passkey. */
async function withPasskey(more: object = {}) {
  const person = await createPerson(more);
  const opened = await open();
  const login = (await byPassword(opened, person.username)) as LoginResult;
  const authenticator = new SoftAuthenticator(LOGIN_ORIGIN);
  const own = (path: string, body: object) =>
    opened.page.call('POST', `/session/passkeys${path}`, { body, token: login.sessionToken });
  const { options = {} } = await json<OwnPasskeys>(await own('/options', {}));
  const response = authenticator.create(options);
  const added = await json<OwnPasskeys>(await own('', { name: 'Laptop', response }));
  expect(added.passkeys).toHaveLength(1);
  return { ...person, opened, login, authenticator, own };
}

const optionsOf = async ({ post }: Opened, step?: string) =>
  json<{ challenge: string; allowCredentials?: object[] }>(
    await post('passkey/options', step === undefined ? {} : { step }),
  );

describe('a code of the authenticator app', () => {
  it('is set up at the first sign-in, asked for at the next, and good once', async () => {
    const { username, secret } = await withTotp();
    const opened = await open();
    const { step, factor } = (await byPassword(opened, username)) as SecondFactor;
    expect(factor).toEqual({ type: 'totp', code: true, passkey: false });
    const code = freshCode(secret);
    const login = await json<LoginResult>(await opened.post('totp', { step, code }));
    const tokens = await opened.app.exchange(await opened.app.resume(login.resumeUrl));
    expect((await json<TokenResponse>(tokens)).access_token).toBeTruthy();

    const again = await open();
    const second = (await byPassword(again, username)) as SecondFactor;
    const replayed = await again.post('totp', { step: second.step, code });
    expect(await refusalOf(replayed)).toEqual({ status: 401, code: 'ERR_LOGIN_REFUSED' });
  });

  it('counts for its own step, interaction and device alone, and the step once', async () => {
    const { username, secret } = await withTotp();
    const mine = await open();
    const other = await open();
    const { step } = (await byPassword(mine, username)) as SecondFactor;
    const code = freshCode(secret);
    const stranger = { status: 401, code: 'ERR_LOGIN_STEP_INVALID' };
    expect(await refusalOf(await other.post('totp', { step, code }))).toEqual(stranger);
    const thief = await LoginPage.create(agent, mine.app.info);
    const stolen = await thief.call('POST', `/interactions/${mine.uid}/totp`, {
      body: { step, code },
    });
    expect(await refusalOf(stolen)).toEqual(stranger);
    const made = randomBytes(32).toString('base64url');
    expect(await refusalOf(await mine.post('totp', { step: made, code }))).toEqual(stranger);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => mine.post('totp', { step, code })),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    const spent = await mine.post('totp', { step, code: freshCode(secret) });
    expect(await refusalOf(spent)).toEqual(stranger);
  });

  it('cannot be guessed: ten bad ones lock the factor, whatever the step', async () => {
    const { username, secret } = await withTotp();
    for (let n = 0; n < 10; n++) {
      const opened = await open();
      const { step } = (await byPassword(opened, username)) as SecondFactor;
      await opened.post('totp', { step, code: '000000' });
    }
    const opened = await open();
    const { step } = (await byPassword(opened, username)) as SecondFactor;
    expect((await opened.post('totp', { step, code: freshCode(secret) })).status).toBe(401);
  });

  it('does not help who was disabled in between', async () => {
    const { id, username, secret } = await withTotp();
    const opened = await open();
    const { step } = (await byPassword(opened, username)) as SecondFactor;
    await management.post(`identities/${id}/disable`, { durationMinutes: 0 });
    expect((await opened.post('totp', { step, code: freshCode(secret) })).status).toBe(401);
  });
});

describe('a policy that asks for more than before', () => {
  it('ends what sessions without the factor can do: new applications, tokens', async () => {
    const authPolicyId = await createPolicy();
    const person = await createPerson({ authPolicyId });
    const opened = await open();
    const login = (await byPassword(opened, person.username)) as LoginResult;
    const tokens = await json<TokenResponse>(
      await opened.app.exchange(await opened.app.resume(login.resumeUrl)),
    );
    const policy = await management.get(`auth-policies/${authPolicyId}`);
    await management.patch(`auth-policies/${authPolicyId}`, {
      secondary: { ...(policy['secondary'] as object), requireTotp: true },
    });
    expect((await opened.app.refresh(tokens.refresh_token)).status).toBe(400);
    const next = await open();
    const path = `/interactions/${next.uid}/session`;
    const continued = await opened.page.call('POST', path, { token: login.sessionToken });
    expect(await refusalOf(continued)).toEqual({ status: 401, code: 'ERR_LOGIN_REQUIRED' });
  });
});

describe('a second JWT', () => {
  it('must name the same person and this very sign-in', async () => {
    const authPolicyId = await createPolicy({ secondary: { requireExtJwtSigner: signerId } });
    const person = await createPerson({ authPolicyId, externalId: 'paula' });
    const opened = await open();
    const { step, factor } = (await byPassword(opened, person.username)) as SecondFactor;
    expect(factor).toMatchObject({ type: 'ext-jwt', signerId });
    const nonce = opened.page.nonce(opened.uid);
    const show = async (claims: object) =>
      opened.post('second-jwt', { step, signerId, token: await issuer.sign({ ...claims }) });
    expect((await show({ sub: 'somebody else', nonce })).status).toBe(401);
    expect((await show({ sub: 'paula', nonce: 'of another sign-in' })).status).toBe(401);
    expect((await show({ sub: 'paula', nonce })).status).toBe(200);
    expect((await show({ sub: 'paula', nonce })).status).toBe(401);
  });
});

describe('a person the identity provider vouches for', () => {
  it('gets an identity at the first sign-in, mapped from the claims, and keeps it', async () => {
    const signIn = async () => {
      const opened = await open();
      const nonce = opened.page.nonce(opened.uid);
      const claims = { sub: 'new-here', name: 'New Here', groups: ['staff', '#all'], nonce };
      const body = { signerId, token: await issuer.sign(claims) };
      return opened.post('ext-jwt', body);
    };
    const answers = await Promise.all([signIn(), signIn(), signIn()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const filter = encodeURIComponent('externalId="new-here"');
    const made = (await management.get(`identities?filter=${filter}`)) as unknown as object[];
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({ name: 'New Here', roleAttributes: ['staff'] });
  });
});

describe('a passkey', () => {
  it('signs in alone, and stands for both factors', async () => {
    const authPolicyId = await createPolicy();
    const { authenticator } = await withPasskey({ authPolicyId });
    const policy = await management.get(`auth-policies/${authPolicyId}`);
    const set = (secondary: object) =>
      management.patch(`auth-policies/${authPolicyId}`, {
        secondary: { ...(policy['secondary'] as object), ...secondary },
      });
    await set({ requireTotp: true });
    const opened = await open();
    const response = authenticator.get(await optionsOf(opened));
    expect(await json<LoginResult>(await opened.post('passkey', { response }))).toHaveProperty(
      'resumeUrl',
    );
    await set({ requireTotp: true, acceptPasskey: false });
    const strict = await open();
    const again = authenticator.get(await optionsOf(strict));
    expect(await json(await strict.post('passkey', { response: again }))).toHaveProperty('step');
  });

  it('is the second factor of its owner alone', async () => {
    const authPolicyId = await createPolicy();
    const one = await withPasskey({ authPolicyId });
    const other = await withPasskey();
    const policy = await management.get(`auth-policies/${authPolicyId}`);
    await management.patch(`auth-policies/${authPolicyId}`, {
      secondary: { ...(policy['secondary'] as object), requireTotp: true },
    });
    const opened = await open();
    const { step, factor } = (await byPassword(opened, one.username)) as SecondFactor;
    expect(factor).toEqual({ type: 'totp', code: false, passkey: true });
    const wrong = other.authenticator.get(await optionsOf(opened, step));
    expect((await opened.post('passkey', { step, response: wrong })).status).toBe(401);
    const options = await optionsOf(opened, step);
    expect(options.allowCredentials).toHaveLength(1);
    const right = one.authenticator.get(options);
    expect((await opened.post('passkey', { step, response: right })).status).toBe(200);
  });

  it('is refused where the policy bars passkeys', async () => {
    const authPolicyId = await createPolicy({ primary: { passkey: { allowed: false } } });
    const { authenticator } = await withPasskey({ authPolicyId });
    const opened = await open();
    const response = authenticator.get(await optionsOf(opened));
    expect((await opened.post('passkey', { response })).status).toBe(401);
  });

  it('is refused in every way it can be forged', async () => {
    const { authenticator } = await withPasskey();
    const opened = await open();
    const other = await open();
    const foreign = (await optionsOf(other)).challenge;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const attempts = {
      'a page elsewhere': { origin: 'https://login.evil.example' },
      'an application’s page': { origin: `http://${HOST}` },
      'another relying party': { rpId: 'localhost' },
      'a challenge of our own making': { challenge: randomBytes(32).toString('base64url') },
      'the challenge of another interaction': { challenge: foreign },
      'no user verified': { flags: 0x01 },
      'no user present': { flags: 0x04 },
      'a registration': { type: 'webauthn.create' },
      'another key': { key: privateKey },
      'an unknown credential': { id: randomBytes(32).toString('base64url') },
    };
    for (const [name, bad] of Object.entries(attempts)) {
      const response = authenticator.get(await optionsOf(opened), bad);
      const answer = await opened.post('passkey', { response });
      expect(await refusalOf(answer), name).toEqual({ status: 401, code: 'ERR_LOGIN_REFUSED' });
    }
    const altered = authenticator.get(await optionsOf(opened)) as {
      response: Record<string, string>;
    };
    const data = Buffer.from(altered.response['authenticatorData'] ?? '', 'base64url');
    data[36] = (data[36] ?? 0) ^ 1;
    altered.response['authenticatorData'] = data.toString('base64url');
    expect((await opened.post('passkey', { response: altered })).status).toBe(401);

    const response = authenticator.get(await optionsOf(opened));
    expect((await opened.post('passkey', { response })).status).toBe(200);
    // The same answer once more: its challenge is spent.
    expect((await opened.post('passkey', { response })).status).toBe(401);
    // A clone: its counter stands still.
    const clone = authenticator.get(await optionsOf(opened), { counter: 1 });
    expect((await opened.post('passkey', { response: clone })).status).toBe(401);
  });

  it('is added only after a fresh sign-in, by the device that made it, and never twice', async () => {
    const { own, authenticator, opened, login } = await withPasskey();
    const { options = {} } = await json<OwnPasskeys>(await own('/options', {}));
    const body = { name: 'Again', response: authenticator.create(options) };
    expect(await refusalOf(await own('', body))).toEqual({
      status: 400,
      code: 'ERR_PASSKEY_REFUSED',
    });
    const next = new SoftAuthenticator(LOGIN_ORIGIN);
    for (const bad of [
      { origin: `http://${HOST}` },
      { rpId: 'localhost' },
      { flags: 0x01 },
      { challenge: randomBytes(32).toString('base64url') },
    ]) {
      const asked = await json<OwnPasskeys>(await own('/options', {}));
      const response = next.create(asked.options ?? {}, bad);
      expect((await own('', { name: 'Bad', response })).status).toBe(400);
    }
    const thief = await LoginPage.create(agent, opened.app.info);
    const stolen = await thief.call('POST', '/session/passkeys/options', {
      body: {},
      token: login.sessionToken,
    });
    expect(await refusalOf(stolen)).toEqual({ status: 401, code: 'ERR_TOKEN_INVALID' });
    advance(16 * 60_000);
    const late = await own('/options', {});
    expect(await refusalOf(late)).toEqual({ status: 403, code: 'ERR_LOGIN_NOT_FRESH' });
    expect((await json<OwnPasskeys>(await own('/list', {}))).passkeys).toHaveLength(1);
  });

  it('that was lost is taken away by an administrator', async () => {
    const { id, authenticator } = await withPasskey();
    const filter = encodeURIComponent(`identity="${id}"`);
    const [passkey] = (await management.get(`passkeys?filter=${filter}`)) as unknown as [
      { id: string; identity: { id: string } },
    ];
    expect(passkey.identity.id).toBe(id);
    expect(await management.get(`passkeys/${passkey.id}`)).toMatchObject({ name: 'Laptop' });
    await management.delete(`passkeys/${passkey.id}`);
    const opened = await open();
    const response = authenticator.get(await optionsOf(opened));
    expect((await opened.post('passkey', { response })).status).toBe(401);
  });

  it('of somebody else cannot be removed', async () => {
    const mine = await withPasskey();
    const theirs = await withPasskey();
    const { passkeys } = await json<OwnPasskeys>(await theirs.own('/list', {}));
    const id = passkeys[0]?.id ?? '';
    expect((await mine.own('/remove', { id })).status).toBe(404);
    expect((await json<OwnPasskeys>(await theirs.own('/remove', { id }))).passkeys).toEqual([]);
  });
});
