/**
 * Signing in over real HTTP: our controller, an identity provider of somebody else's make, and a
 * browser's requests one by one. What must be refused is tried too.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  type RunningController,
} from '@postern/controller';
import { silentLogger } from '@postern/shared/log';
import type { ApplicationInfo } from '@postern/shared/schemas';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningDevIdp } from '../../cli/src/demo/dev-idp.ts';
import { ManagementClient } from '../harness/management-client.ts';
import { PERSON, startDevIdp } from '../harness/dev-idp.ts';
import { createProofKey } from '../harness/dpop.ts';
import {
  AppClient,
  json,
  LoginPage,
  refusalOf,
  type LoginResult,
  type TokenResponse,
} from '../harness/sign-in-flow.ts';
import { UserAgent } from '../harness/user-agent.ts';

const LOGIN_ORIGIN = 'http://login.localhost:8080';
const WIKI = 'wiki.localhost:8080';
const CHAT = 'chat.localhost:8080';

let dataDir: string;
let controller: RunningController;
let idp: RunningDevIdp;
let management: ManagementClient;
let agent: UserAgent;
let dialPolicyId: string;
let personId: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'postern-sign-in-'));
  idp = await startDevIdp(LOGIN_ORIGIN);
  const config = controllerConfigSchema.parse({
    dataDir,
    admin: { port: 0 },
    public: { port: 0, tls: 'none' },
    control: { port: 0 },
    loginOrigin: LOGIN_ORIGIN,
    auth: { allowPrivateJwks: true, attemptsPerMinute: 1000 },
  });
  controller = await createController(config, { logger: silentLogger });
  management = await ManagementClient.signIn(controller, {
    username: 'admin',
    password: (await readFile(join(dataDir, 'admin-password'), 'utf8')).trim(),
  });
  await seed();
});

afterAll(async () => {
  await controller.close();
  await idp.close();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(() => {
  agent = new UserAgent();
});

async function seed(): Promise<void> {
  const signerId = await management.create('external-jwt-signers', {
    name: 'dev idp',
    issuer: idp.issuer,
    audience: 'postern-login',
    clientId: 'postern-login',
    scopes: ['openid', 'profile', 'email'],
    jwksEndpoint: `${idp.issuer}/jwks`,
    claimsProperty: '/sub',
    useExternalId: true,
    targetToken: 'ID',
    enabled: true,
  });
  personId = await management.create('identities', {
    name: PERSON.name,
    type: 'Default',
    isAdmin: false,
    externalId: PERSON.username,
  });
  for (const host of [WIKI, CHAT]) {
    const serviceId = await management.create('services', { name: host, encryptionRequired: true });
    await management.create('applications', {
      name: host,
      origin: `http://${host}`,
      serviceId,
      loginMethods: ['ext-jwt'],
      signerIds: [signerId],
      sessionHours: 12,
    });
  }
  const all = ['#all'];
  dialPolicyId = await management.create('service-policies', {
    name: 'everybody dials',
    type: 'Dial',
    semantic: 'AnyOf',
    identityRoles: all,
    serviceRoles: all,
  });
}

const api = (path: string) => `${controller.public.url}/postern/v1${path}`;

async function lookup(host: string): Promise<ApplicationInfo> {
  return json(await agent.fetch(api(`/applications/lookup?host=${host}`)));
}

/** Opens an application up to the login page. */
async function open(host: string) {
  const app = await AppClient.create(agent, await lookup(host));
  return { app, uid: await app.begin() };
}

async function externalToken(page: LoginPage, uid: string, nonce = page.nonce(uid)) {
  const { methods } = await page.interaction(uid);
  const method = methods[0];
  if (method?.type !== 'ext-jwt') throw new Error('no external sign-in offered');
  const { username, password } = PERSON;
  const token = await page.externalIdToken(method, { username, password }, nonce);
  return { signerId: method.signerId, token };
}

async function signIn() {
  const { app, uid } = await open(WIKI);
  const page = await LoginPage.create(agent, app.info);
  const body = await externalToken(page, uid);
  const login = await json<LoginResult>(
    await page.call('POST', `/interactions/${uid}/ext-jwt`, { body }),
  );
  const code = await app.resume(login.resumeUrl);
  return { app, page, login, code };
}

async function signInWithTokens() {
  const signedIn = await signIn();
  const issued = await json<TokenResponse>(await signedIn.app.exchange(signedIn.code));
  return { ...signedIn, issued };
}

describe('a person', () => {
  it('signs in at the identity provider and gets a token bound to the application and its key', async () => {
    const { app, issued } = await signInWithTokens();
    expect(decodeJwt(issued.access_token)).toMatchObject({
      iss: `${controller.public.url}/oidc`,
      aud: app.info.resource,
      sub: personId,
      cnf: { jkt: app.key.thumbprint },
    });
    // Policy allows the dial; that nothing hosts the service is all that is missing.
    const refused = await refusalOf(await app.dialGrant(issued.access_token));
    expect(refused.status).not.toBe(401);
    expect(refused.code).not.toBe('ERR_TOKEN_INVALID');
  });

  it('opens a second application without signing in again, and signs out of both', async () => {
    const { app, issued, page, login } = await signInWithTokens();
    const { app: chat, uid } = await open(CHAT);
    const second = await json<LoginResult>(
      await page.call('POST', `/interactions/${uid}/session`, { token: login.sessionToken }),
    );
    const chatTokens = await json<TokenResponse>(
      await chat.exchange(await chat.resume(second.resumeUrl)),
    );
    expect(decodeJwt(chatTokens.access_token)['sid']).toBe(decodeJwt(issued.access_token)['sid']);

    const ended = await page.call('POST', '/session/end', { token: second.sessionToken });
    expect(ended.status).toBe(204);
    for (const [client, tokens] of [
      [app, issued],
      [chat, chatTokens],
    ] as const) {
      expect((await client.refresh(tokens.refresh_token)).status).toBe(400);
      expect(await refusalOf(await client.dialGrant(tokens.access_token))).toEqual({
        status: 401,
        code: 'ERR_SESSION_ENDED',
      });
    }
  });

  it('who is disabled loses tokens and session at once', async () => {
    const { app, issued } = await signInWithTokens();
    await management.post(`identities/${personId}/disable`, { durationMinutes: 0 });
    expect((await app.refresh(issued.refresh_token)).status).toBe(400);
    expect((await app.dialGrant(issued.access_token)).status).toBeGreaterThanOrEqual(401);
    await management.post(`identities/${personId}/enable`, {});
    expect((await app.refresh(issued.refresh_token)).status).toBe(400);
  });

  it('without policy is told so, signed in or not', async () => {
    const { app, issued } = await signInWithTokens();
    const policy = await management.get(`service-policies/${dialPolicyId}`);
    await management.delete(`service-policies/${dialPolicyId}`);
    expect(await refusalOf(await app.dialGrant(issued.access_token))).toEqual({
      status: 403,
      code: 'ERR_ACCESS_NO_POLICY',
    });
    const { name, type, semantic, identityRoles, serviceRoles } = policy;
    dialPolicyId = await management.create('service-policies', {
      name,
      type,
      semantic,
      identityRoles,
      serviceRoles,
    });
  });
});

describe('the controller refuses', () => {
  it('an ID token with the nonce of another interaction or device', async () => {
    const { app, uid } = await open(WIKI);
    const page = await LoginPage.create(agent, app.info);
    const other = await LoginPage.create(agent, app.info);
    for (const nonce of [page.nonce('another'), other.nonce(uid), 'x'.repeat(43)]) {
      const body = await externalToken(page, uid, nonce);
      const response = await page.call('POST', `/interactions/${uid}/ext-jwt`, { body });
      expect(await refusalOf(response)).toEqual({ status: 401, code: 'ERR_LOGIN_REFUSED' });
    }
    // A token won for one device is worth nothing on another.
    const body = await externalToken(page, uid);
    const stolen = await other.call('POST', `/interactions/${uid}/ext-jwt`, { body });
    expect(await refusalOf(stolen)).toEqual({ status: 401, code: 'ERR_LOGIN_REFUSED' });
  });

  it('a token that is not a JWT of the identity provider', async () => {
    const { app, uid } = await open(WIKI);
    const page = await LoginPage.create(agent, app.info);
    const { signerId, token } = await externalToken(page, uid);
    const [header, payload] = token.split('.');
    for (const forged of ['x', `${header}.${payload}.${'A'.repeat(86)}`, `${header}.${payload}.`]) {
      const response = await page.call('POST', `/interactions/${uid}/ext-jwt`, {
        body: { signerId, token: forged },
      });
      expect(response.status).toBe(401);
    }
  });

  it('a proof that was used before', async () => {
    const { app, uid } = await open(WIKI);
    const page = await LoginPage.create(agent, app.info);
    const proof = await page.key.proof('GET', api(`/interactions/${uid}`));
    expect((await page.call('GET', `/interactions/${uid}`, { proof })).status).toBe(200);
    const again = await page.call('GET', `/interactions/${uid}`, { proof });
    expect(await refusalOf(again)).toEqual({ status: 401, code: 'ERR_DPOP_INVALID' });
  });

  it('a code without its verifier or by another key', async () => {
    const { app, code } = await signIn();
    const wrong = { code_verifier: 'x'.repeat(43) };
    expect((await app.exchange(code, wrong)).status).toBe(400);
    expect((await app.exchange(code, {}, await createProofKey())).status).toBe(400);
  });

  it('a spent refresh token, and with it the family', async () => {
    const { app, issued } = await signInWithTokens();
    const next = await json<TokenResponse>(await app.refresh(issued.refresh_token));
    expect((await app.refresh(issued.refresh_token)).status).toBe(400);
    expect((await app.refresh(next.refresh_token)).status).toBe(400);
  });

  it('a spent session token, and with it the session', async () => {
    const { page, login } = await signInWithTokens();
    const { uid } = await open(CHAT);
    const path = `/interactions/${uid}/session`;
    const second = await json<LoginResult>(
      await page.call('POST', path, { token: login.sessionToken }),
    );
    const spent = await page.call('POST', path, { token: login.sessionToken });
    expect(await refusalOf(spent)).toEqual({ status: 401, code: 'ERR_SESSION_ENDED' });
    expect((await page.call('POST', path, { token: second.sessionToken })).status).toBe(401);
  });

  it('pages of any other origin', async () => {
    const { app, uid } = await open(WIKI);
    const page = await LoginPage.create(agent, app.info);
    for (const origin of ['http://evil.test', 'http://wiki.localhost', 'null']) {
      const response = await page.call('GET', `/interactions/${uid}`, { origin });
      expect(await refusalOf(response)).toEqual({ status: 403, code: 'ERR_ORIGIN_NOT_ALLOWED' });
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('an interaction finished in another browser than it was begun in', async () => {
    const { app, uid } = await open(WIKI);
    const victim = new UserAgent();
    const page = await LoginPage.create(victim, app.info);
    const body = await externalToken(page, uid);
    const login = await json<LoginResult>(
      await page.call('POST', `/interactions/${uid}/ext-jwt`, { body }),
    );
    const attacker = await agent.navigate(login.resumeUrl.split('?')[0] ?? '', () => false);
    expect(attacker.response?.status).toBe(400);
    const resumed = await victim.navigate(login.resumeUrl, () => false);
    expect(resumed.response?.status).toBe(400);
  });
});
