import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse, type Server } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import type {
  ApplicationInfo,
  CrossOriginGrantResponse,
  OriginDigests,
  SecondFactor,
} from '@postern/shared/schemas';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestContext, type TestContext } from '../../../test/harness/controller-context.ts';
import { createProofKey } from '../../../test/harness/dpop.ts';
import {
  AppClient,
  crossOriginGrant,
  json,
  LoginPage,
  refusalOf,
  type DialGrantResponse,
  type LoginResult,
  type TokenResponse,
} from '../../../test/harness/sign-in-flow.ts';
import { UserAgent } from '../../../test/harness/user-agent.ts';
import { openTokenServices, type TokenServices } from '../grants/token-services.ts';
import { repositories } from '../store/repositories.ts';
import { createPublicApp } from './public-app.ts';

const LOGIN_ORIGIN = 'http://login.localhost:1';
const PASSWORD = 'correct horse';

let server: Server;
let ctx: TestContext;
let tokens: TokenServices;
let agent: UserAgent;
let base: string;

beforeEach(async () => {
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ctx = await createTestContext({
    publicUrl: base,
    loginOrigin: LOGIN_ORIGIN,
    auth: {
      verifyPassword: async (username, password) => {
        const identity = await repositories.identities.get(ctx.store.db, username);
        return password === PASSWORD && identity
          ? { identity, authenticatorId: 'updb' }
          : undefined;
      },
    },
  });
  await seed();
  tokens = await openTokenServices(ctx);
  const app = createPublicApp(ctx, tokens);
  server.on('request', (request, response) => app.handle(request, response));
  agent = new UserAgent();
});

afterEach(async () => {
  tokens.close();
  server.closeAllConnections();
  server.close();
  await ctx.dispose();
});

async function seed(): Promise<void> {
  for (const id of ['alice', 'mallory', 'host']) {
    await ctx.insert('identities', { id });
  }
  await ctx.insert('edgeRouters', {
    id: 'r1',
    name: 'r1',
    isOnline: true,
    edgeUrls: ['ws://127.0.0.1:9/edge'],
  });
  await ctx.insert('services', { id: 'wiki', name: 'wiki' });
  await ctx.insert('services', { id: 'chat', name: 'chat' });
  for (const id of ['wiki', 'chat']) {
    await ctx.insert('applications', {
      id: `app-${id}`,
      name: id,
      origin: `http://${id}.localhost:1`,
      serviceId: id,
      loginMethods: ['password'],
      sessionHours: 12,
    });
    await ctx.insert('terminators', {
      id: `t-${id}`,
      serviceId: id,
      routerId: 'r1',
      hostId: 'host',
    });
  }
  const any = { semantic: 'AnyOf' as const };
  await ctx.insert('servicePolicies', {
    id: 'dial',
    type: 'Dial',
    ...any,
    identityRoles: ['@alice'],
    serviceRoles: ['#all'],
  });
  await ctx.insert('servicePolicies', {
    id: 'bind',
    type: 'Bind',
    ...any,
    identityRoles: ['@host'],
    serviceRoles: ['#all'],
  });
  await ctx.insert('edgeRouterPolicies', {
    id: 'erp',
    ...any,
    identityRoles: ['#all'],
    edgeRouterRoles: ['#all'],
  });
  await ctx.insert('serviceEdgeRouterPolicies', {
    id: 'serp',
    ...any,
    serviceRoles: ['#all'],
    edgeRouterRoles: ['#all'],
  });
}

async function lookup(host: string): Promise<ApplicationInfo> {
  return json(await agent.fetch(`${base}/postern/v1/applications/lookup?host=${host}`));
}

async function signIn(username = 'alice', host = 'wiki.localhost:1') {
  const app = await AppClient.create(agent, await lookup(host));
  const page = await LoginPage.create(agent, app.info);
  const uid = await app.begin();
  const login = await json<LoginResult>(
    await page.call('POST', `/interactions/${uid}/password`, {
      body: { username, password: PASSWORD },
    }),
  );
  const code = await app.resume(login.resumeUrl);
  return { app, page, login, code };
}

async function signInWithTokens(username?: string) {
  const signedIn = await signIn(username);
  const issued = await json<TokenResponse>(await signedIn.app.exchange(signedIn.code));
  return { ...signedIn, issued };
}

describe('signing in', () => {
  it('leads from the authorization request to a dial grant', async () => {
    const { app, issued } = await signInWithTokens();
    expect(issued).toMatchObject({ token_type: 'DPoP', expires_in: 300 });
    expect(decodeProtectedHeader(issued.access_token)).toMatchObject({
      alg: 'ES256',
      typ: 'at+jwt',
    });
    expect(decodeJwt(issued.access_token)).toMatchObject({
      iss: `${base}/oidc`,
      aud: 'urn:postern:service:wiki',
      sub: 'alice',
      client_id: 'app-wiki',
      cnf: { jkt: app.key.thumbprint },
    });

    const grant = await json<DialGrantResponse>(await app.dialGrant(issued.access_token));
    expect(decodeJwt(grant.dialGrant)).toMatchObject({
      sub: 'alice',
      svc: 'wiki',
      hosts: ['host'],
      cnf: { jkt: app.key.thumbprint },
    });
    expect(decodeJwt(grant.assertion)).toMatchObject({
      sub: 'alice',
      aud: 'http://wiki.localhost:1',
    });
    expect(grant.routers).toEqual([{ id: 'r1', name: 'r1', edgeUrls: ['ws://127.0.0.1:9/edge'] }]);
  });

  it('describes the interaction to the login page only', async () => {
    const app = await AppClient.create(agent, await lookup('wiki.localhost:1'));
    const page = await LoginPage.create(agent, app.info);
    const uid = await app.begin();
    expect(await page.interaction(uid)).toMatchObject({
      application: { id: 'app-wiki' },
      methods: [{ type: 'password' }],
    });
    for (const origin of ['http://evil.test', app.info.origin, 'http://chat.localhost:1']) {
      for (const path of [`/interactions/${uid}`, '/session/end']) {
        const foreign = await page.call(path.endsWith('end') ? 'POST' : 'GET', path, { origin });
        expect(await refusalOf(foreign)).toEqual({ status: 403, code: 'ERR_ORIGIN_NOT_ALLOWED' });
        expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
      }
    }
  });

  it('refuses to finish in a browser that did not prove the login', async () => {
    const app = await AppClient.create(agent, await lookup('wiki.localhost:1'));
    const victim = await LoginPage.create(new UserAgent(), app.info);
    const uid = await app.begin();
    const login = await json<LoginResult>(
      await victim.call('POST', `/interactions/${uid}/password`, {
        body: { username: 'alice', password: PASSWORD },
      }),
    );
    // The attacker, who began and holds the cookie, never sees the ticket…
    const attack = await agent.navigate(`${base}/oidc/auth/${uid}`, () => false);
    expect(attack.response?.status).toBe(400);
    // … and the victim, who holds the ticket, has no cookie.
    const other = await new UserAgent().navigate(login.resumeUrl, () => false);
    expect(other.response?.status).toBe(400);
    expect(await other.response?.text()).toContain('Sign-in could not be completed');
  });

  it('never signs in by a cookie alone', async () => {
    const { app } = await signInWithTokens();
    const again = await AppClient.create(agent, app.info);
    expect(await again.begin()).toMatch(/^[\w-]{20,}$/);
  });

  it('asks for a second factor before it opens a session', async () => {
    await ctx.insert('authPolicies', {
      id: 'strict',
      secondary: { requireTotp: true, requireExtJwtSigner: null },
    });
    await ctx.insert('identities', { id: 'bob', name: 'bob', authPolicyId: 'strict' });
    const app = await AppClient.create(agent, await lookup('wiki.localhost:1'));
    const page = await LoginPage.create(agent, app.info);
    const uid = await app.begin();
    const body = { username: 'bob', password: PASSWORD };
    const answer = await json<SecondFactor>(
      await page.call('POST', `/interactions/${uid}/password`, { body }),
    );
    expect(answer).toMatchObject({ factor: { type: 'totp', code: true, passkey: false } });
    expect(answer).not.toHaveProperty('sessionToken');
  });
});

describe('codes and tokens', () => {
  it('refuses a code without its verifier, or with another key', async () => {
    const { app, code } = await signIn();
    const noVerifier = await app.exchange(code, { code_verifier: '' });
    expect(await refusalOf(noVerifier)).toMatchObject({ status: 400 });
    const otherKey = await createProofKey();
    expect(await refusalOf(await app.exchange(code, {}, otherKey))).toEqual({
      status: 400,
      code: 'invalid_grant',
    });
  });

  it('requires PKCE', async () => {
    const app = await AppClient.create(agent, await lookup('wiki.localhost:1'));
    const url = new URL(app.authorizeUrl());
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const { url: back } = await agent.navigate(url, ({ origin }) => origin === app.info.origin);
    expect(back.searchParams.get('error')).toBe('invalid_request');
  });

  it('refuses the resource of another application', async () => {
    const app = await AppClient.create(agent, await lookup('wiki.localhost:1'));
    const { url } = await agent.navigate(
      app.authorizeUrl({ resource: 'urn:postern:service:chat' }),
      ({ origin }) => origin === app.info.origin,
    );
    expect(url.searchParams.get('error')).toBe('invalid_target');
  });

  it('rotates refresh tokens and ends the family when a spent one comes back', async () => {
    const { app, issued } = await signInWithTokens();
    const next = await json<TokenResponse>(await app.refresh(issued.refresh_token));
    expect(next.refresh_token).not.toBe(issued.refresh_token);
    expect((await app.refresh(issued.refresh_token)).status).toBe(400);
    expect((await app.refresh(next.refresh_token)).status).toBe(400);
  });

  it('binds refresh tokens to the key', async () => {
    const { app, issued } = await signInWithTokens();
    const other = await createProofKey();
    expect(await refusalOf(await app.refresh(issued.refresh_token, other))).toEqual({
      status: 400,
      code: 'invalid_grant',
    });
  });

  it('keeps nothing usable in the database', async () => {
    const { issued, login } = await signInWithTokens();
    const tables = ['oidcPayloads', 'signInTokens', 'signInSessions', 'signInGrants'] as const;
    const db = ctx.store.db.withTables<Record<string, Record<string, unknown>>>();
    const dump = JSON.stringify(
      await Promise.all(tables.map((table) => db.selectFrom(table).selectAll().execute())),
    );
    expect(dump.length).toBeGreaterThan(500);
    expect(dump).not.toContain(issued.refresh_token);
    expect(dump).not.toContain(login.sessionToken);
    expect(dump).not.toContain('alice@');
  });
});

describe('grants for pages of another application', () => {
  const chat = 'http://chat.localhost:1';

  it('say whose pages they are for, and bring no identity assertion', async () => {
    const { app, issued } = await signInWithTokens();
    const grant = await json<CrossOriginGrantResponse>(
      await crossOriginGrant(agent, app, issued.access_token, chat),
    );
    expect(decodeJwt(grant.dialGrant)).toMatchObject({
      aud: 'postern:dial-cross-origin',
      via: app.info.origin,
      svc: 'chat',
      sub: 'alice',
      cnf: { jkt: app.key.thumbprint },
    });
    expect(grant).not.toHaveProperty('assertion');
    expect(decodeJwt(grant.accessToken)).toMatchObject({
      aud: 'urn:postern:service:chat',
      client_id: 'app-wiki',
      cnf: { jkt: app.key.thumbprint },
    });
  });

  it('come with a token that gets no further grants', async () => {
    const { app, issued } = await signInWithTokens();
    const { accessToken } = await json<CrossOriginGrantResponse>(
      await crossOriginGrant(agent, app, issued.access_token, chat),
    );
    expect(await refusalOf(await app.dialGrant(accessToken))).toEqual({
      status: 403,
      code: 'ERR_ACCESS_NO_POLICY',
    });
    for (const origin of [chat, app.info.origin]) {
      expect(await refusalOf(await crossOriginGrant(agent, app, accessToken, origin))).toEqual({
        status: 404,
        code: 'ERR_APPLICATION_NOT_FOUND',
      });
    }
  });

  it('are refused to who may not dial the other application', async () => {
    const { app, issued } = await signInWithTokens();
    await ctx.store.write((tx) => repositories.servicePolicies.remove(tx, 'dial'));
    expect(await refusalOf(await crossOriginGrant(agent, app, issued.access_token, chat))).toEqual({
      status: 403,
      code: 'ERR_ACCESS_NO_POLICY',
    });
  });

  it('are refused where the other application asks for another sign-in', async () => {
    const { app, issued } = await signInWithTokens();
    await ctx.insert('services', { id: 'vault', name: 'vault' });
    await ctx.insert('terminators', {
      id: 't-v',
      serviceId: 'vault',
      routerId: 'r1',
      hostId: 'host',
    });
    await ctx.insert('applications', {
      id: 'app-vault',
      name: 'vault',
      origin: 'http://vault.localhost:1',
      serviceId: 'vault',
      loginMethods: ['passkey'],
      sessionHours: 12,
    });
    const answer = await crossOriginGrant(
      agent,
      app,
      issued.access_token,
      'http://vault.localhost:1',
    );
    expect(await refusalOf(answer)).toEqual({ status: 403, code: 'ERR_LOGIN_REQUIRED' });
  });

  it.each(['http://other.localhost:1', 'http://wiki.localhost:1', 'chat.localhost:1', ''])(
    'are for other applications alone, not "%s"',
    async (origin) => {
      const { app, issued } = await signInWithTokens();
      expect(
        await refusalOf(await crossOriginGrant(agent, app, issued.access_token, origin)),
      ).toEqual({ status: 404, code: 'ERR_APPLICATION_NOT_FOUND' });
    },
  );

  it('are found by a few digits of a digest, which name no origin', async () => {
    const digest = createHash('sha256').update(chat).digest('hex').slice(0, 32);
    const at = (prefix: string) => agent.fetch(`${base}/postern/v1/applications/origins/${prefix}`);
    expect(await json(await at(digest.slice(0, 2)))).toEqual({ digests: [digest] });
    const other = digest.startsWith('00') ? '01' : '00';
    expect(await json<OriginDigests>(await at(other))).toMatchObject({ digests: [] });
    for (const bad of ['', 'zz', digest.slice(0, 1), digest])
      expect((await at(bad)).status).toBe(404);
  });
});

describe('dial grants', () => {
  it('are refused without policy, at once after it was removed', async () => {
    const { app, issued } = await signInWithTokens();
    expect((await app.dialGrant(issued.access_token)).status).toBe(200);
    await ctx.store.write((tx) => repositories.servicePolicies.remove(tx, 'dial'));
    expect(await refusalOf(await app.dialGrant(issued.access_token))).toEqual({
      status: 403,
      code: 'ERR_ACCESS_NO_POLICY',
    });
  });

  it('are refused to who may sign in but not dial', async () => {
    const { app, issued } = await signInWithTokens('mallory');
    expect(await refusalOf(await app.dialGrant(issued.access_token))).toEqual({
      status: 403,
      code: 'ERR_ACCESS_NO_POLICY',
    });
  });

  it('need a fresh proof by the token’s own key, once', async () => {
    const { app, issued } = await signInWithTokens();
    const token = issued.access_token;
    const url = `${app.info.apiUrl}/dial-grants`;
    const proof = await app.key.proof('POST', url, token);
    expect((await app.dialGrant(token, { proof })).status).toBe(200);
    const bad = [
      proof,
      await app.key.proof('GET', url, token),
      await app.key.proof('POST', `${url}x`, token),
      await app.key.proof('POST', url, 'another token'),
      await app.key.proof('POST', url),
      await app.key.proof('POST', url, token, { iat: Math.floor(Date.now() / 1000) - 61 }),
      await app.key.proof('POST', url, token, { iat: Math.floor(Date.now() / 1000) + 62 }),
      '',
    ];
    for (const one of bad) {
      expect(await refusalOf(await app.dialGrant(token, { proof: one }))).toEqual({
        status: 401,
        code: 'ERR_DPOP_INVALID',
      });
    }
    const stolen = await app.dialGrant(token, { key: await createProofKey() });
    expect(await refusalOf(stolen)).toEqual({ status: 401, code: 'ERR_TOKEN_INVALID' });
  });

  it('say when nobody hosts the service and when no router is up', async () => {
    const { app, issued } = await signInWithTokens();
    await ctx.store.write((tx) => repositories.terminators.remove(tx, 't-wiki'));
    expect(await refusalOf(await app.dialGrant(issued.access_token))).toEqual({
      status: 409,
      code: 'ERR_SERVICE_NOT_HOSTED',
    });
    await ctx.store.write((tx) => repositories.edgeRouters.update(tx, 'r1', { isOnline: false }));
    expect(await refusalOf(await app.dialGrant(issued.access_token))).toEqual({
      status: 409,
      code: 'ERR_NO_ROUTER',
    });
  });
});

describe('sign-in sessions', () => {
  it('open a second application without a second sign-in, with a fresh token each time', async () => {
    const { page, login } = await signInWithTokens();
    const chat = await AppClient.create(agent, await lookup('chat.localhost:1'));
    const uid = await chat.begin();
    const path = `/interactions/${uid}/session`;
    const second = await json<LoginResult>(
      await page.call('POST', path, { token: login.sessionToken }),
    );
    expect(second.sessionToken).not.toBe(login.sessionToken);
    const issued = await json<TokenResponse>(
      await chat.exchange(await chat.resume(second.resumeUrl)),
    );
    expect((await chat.dialGrant(issued.access_token)).status).toBe(200);
  });

  it('end when a spent token comes back', async () => {
    const { app, issued, page, login } = await signInWithTokens();
    const chat = await AppClient.create(agent, await lookup('chat.localhost:1'));
    const path = `/interactions/${await chat.begin()}/session`;
    const second = await json<LoginResult>(
      await page.call('POST', path, { token: login.sessionToken }),
    );
    const spent = await page.call('POST', path, { token: login.sessionToken });
    expect(await refusalOf(spent)).toEqual({ status: 401, code: 'ERR_SESSION_ENDED' });
    const newest = await page.call('POST', path, { token: second.sessionToken });
    expect(await refusalOf(newest)).toEqual({ status: 401, code: 'ERR_TOKEN_INVALID' });
    expect((await app.dialGrant(issued.access_token)).status).toBe(401);
    expect((await app.refresh(issued.refresh_token)).status).toBe(400);
  });

  it('refuse a token shown by another device', async () => {
    const { app, login } = await signInWithTokens();
    const thief = await LoginPage.create(agent, app.info);
    const chat = await AppClient.create(agent, await lookup('chat.localhost:1'));
    const path = `/interactions/${await chat.begin()}/session`;
    const stolen = await thief.call('POST', path, { token: login.sessionToken });
    expect(await refusalOf(stolen)).toEqual({ status: 401, code: 'ERR_TOKEN_INVALID' });
  });

  it('end everywhere on sign-out, and tell the routers', async () => {
    const { app, issued, page, login } = await signInWithTokens();
    const ended = await page.call('POST', '/session/end', { token: login.sessionToken });
    expect(ended.status).toBe(204);
    expect(await refusalOf(await app.dialGrant(issued.access_token))).toEqual({
      status: 401,
      code: 'ERR_SESSION_ENDED',
    });
    expect((await app.refresh(issued.refresh_token)).status).toBe(400);
    const { revocation } = (await ctx.store.snapshot()).entities;
    expect(revocation.map(({ id }) => id)).toEqual([decodeJwt(issued.access_token)['sid']]);
  });

  it('end with the identity', async () => {
    const { app, issued } = await signInWithTokens();
    const told = new Promise((resolve) => {
      ctx.store.changes.subscribe(({ changes }) => {
        if (changes.some(({ kind }) => kind === 'revocation')) resolve(undefined);
      });
    });
    ctx.events.emit('identityEnded', { identityId: 'alice', reason: 'disabled' });
    await told;
    expect((await app.refresh(issued.refresh_token)).status).toBe(400);
  });

  it('count the application’s own limit from the sign-in', async () => {
    const { page, login } = await signInWithTokens();
    await ctx.store.write((tx) =>
      repositories.applications.update(tx, 'app-chat', { sessionHours: 0 }),
    );
    const chat = await AppClient.create(agent, await lookup('chat.localhost:1'));
    const path = `/interactions/${await chat.begin()}/session`;
    const refused = await page.call('POST', path, { token: login.sessionToken });
    expect(await refusalOf(refused)).toEqual({ status: 401, code: 'ERR_LOGIN_REQUIRED' });
  });
});

describe('the listener', () => {
  it('answers the gateway with an ETag and 304', async () => {
    const url = `${base}/postern/v1/applications/lookup?host=wiki.localhost:1`;
    const first = await agent.fetch(url);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    expect((await agent.fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
    const unknown = await agent.fetch(`${base}/postern/v1/applications/lookup?host=x.test`);
    expect(await refusalOf(unknown)).toEqual({ status: 404, code: 'ERR_APPLICATION_NOT_FOUND' });
    expect(unknown.headers.get('content-type')).toBe('application/problem+json');
  });

  it('refuses pages of other origins at the token endpoint', async () => {
    for (const method of ['OPTIONS', 'POST']) {
      const response = await agent.fetch(`${base}/oidc/token`, {
        method,
        headers: { origin: 'http://evil.test', 'access-control-request-method': 'POST' },
      });
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('allows application pages what they need', async () => {
    const headers = { origin: 'http://wiki.localhost:1', 'access-control-request-method': 'POST' };
    for (const path of ['/oidc/token', '/postern/v1/dial-grants']) {
      const response = await agent.fetch(base + path, { method: 'OPTIONS', headers });
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe(headers.origin);
    }
  });

  it('publishes metadata where both specifications look for it', async () => {
    for (const path of [
      '/oidc/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server/oidc',
    ]) {
      const metadata = await json<Record<string, unknown>>(await agent.fetch(base + path));
      expect(metadata).toMatchObject({
        issuer: `${base}/oidc`,
        token_endpoint: `${base}/oidc/token`,
        dpop_signing_alg_values_supported: ['ES256'],
      });
    }
  });

  it('publishes public keys only', async () => {
    const assertion = await json<{ keys: object[] }>(await agent.fetch(`${base}/postern/v1/jwks`));
    const token = await json<{ keys: object[] }>(await agent.fetch(`${base}/oidc/jwks`));
    for (const key of [...assertion.keys, ...token.keys]) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'sig' });
      expect(key).not.toHaveProperty('d');
    }
  });

  it('keeps serving tokens over a key rotation', async () => {
    const { app, issued } = await signInWithTokens();
    await tokens.keys.rotate('token');
    expect((await app.dialGrant(issued.access_token)).status).toBe(200);
    ctx.advance(11 * 60_000);
    const next = await json<TokenResponse>(await app.refresh(issued.refresh_token));
    const kids = [issued, next].map((one) => decodeProtectedHeader(one.access_token).kid);
    expect(kids[0]).not.toBe(kids[1]);
    // The clients of this test live by the real clock.
    ctx.advance(-11 * 60_000);
    expect((await app.dialGrant(issued.access_token)).status).toBe(200);
    expect((await app.dialGrant(next.access_token)).status).toBe(200);
  });

  it('refuses what a compromised key signed, at once, and renews it by another', async () => {
    const { app, issued } = await signInWithTokens();
    await tokens.keys.rotate('token', { isCompromised: true });
    expect((await app.dialGrant(issued.access_token)).status).toBe(401);
    const next = await json<TokenResponse>(await app.refresh(issued.refresh_token));
    expect((await app.dialGrant(next.access_token)).status).toBe(200);
  });

  it('keeps browsers to https where it has it', () => {
    const strict = (url: string): unknown => {
      const endpoints = { ...ctx.endpoints, public: url };
      const response = new ServerResponse(new IncomingMessage(new Socket()));
      const request = Object.assign(new IncomingMessage(new Socket()), { url: '/' });
      createPublicApp({ ...ctx, endpoints }, tokens).handle(request, response);
      return response.getHeader('strict-transport-security');
    };
    expect(strict('https://ctrl.test')).toBe('max-age=31536000');
    expect(strict(base)).toBeUndefined();
  });

  it('shows an error page that reflects nothing', async () => {
    const url = `${base}/oidc/auth?client_id=%3Cscript%3E&redirect_uri=http://evil.test/`;
    const response = await agent.fetch(url, { headers: { accept: 'text/html' } });
    const page = await response.text();
    expect(page).not.toContain('script');
    expect(page).not.toContain('evil');
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  it('refuses unknown hosts, oversized bodies and bad input', async () => {
    const big = await agent.fetch(`${base}/postern/v1/interactions/${'a'.repeat(20)}/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: 'x'.repeat(20_000),
    });
    expect(await refusalOf(big)).toEqual({ status: 413, code: 'ERR_REQUEST_TOO_LARGE' });
    const page = await LoginPage.create(agent, await lookup('wiki.localhost:1'));
    const missing = await page.call('GET', `/interactions/${'a'.repeat(20)}`);
    expect(await refusalOf(missing)).toEqual({ status: 404, code: 'ERR_INTERACTION_NOT_FOUND' });
    const invalid = await page.call('GET', '/interactions/a');
    expect(await refusalOf(invalid)).toEqual({ status: 400, code: 'ERR_REQUEST_INVALID' });
    expect((await agent.fetch(`${base}/healthz`)).status).toBe(200);
  });
});
