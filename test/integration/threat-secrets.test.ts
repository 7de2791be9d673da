/**
 * Nothing secret rests where it could be read later (threat model, "Secrets", "Audit"): a person signs
 * in and a request goes through the whole chain of processes, all with known secrets; then every log,
 * the database and every refusal is searched for them.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pointFromJwk, signEs256 } from '@postern/shared/crypto';
import { createKeySet, type VerificationKey } from '@postern/shared/grants';
import { connectSecure } from '@postern/shared/protocol/handshake';
import type { ApplicationInfo } from '@postern/shared/schemas';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { request as requestInside } from '../harness/connector-client.ts';
import { startDemo } from '../harness/demo.ts';
import { connectBrowser } from '../harness/router-peers.ts';
import {
  AppClient,
  json,
  LoginPage,
  type DialGrantResponse,
  type LoginResult,
  type TokenResponse,
} from '../harness/sign-in-flow.ts';
import { UserAgent } from '../harness/user-agent.ts';

/** What a request carries and nobody on its way may keep. */
const marks = {
  cookie: 'marked-cookie-4a1c',
  header: 'marked-header-77f0',
  query: 'marked-query-93be',
  body: 'marked-body-c2d4',
  password: 'marked-password-5e88',
  token: 'marked-token-0d61-and-longer-than-16',
};

let dataDir: string;
/** Every secret that came into being, by what it is. */
const secrets: Record<string, string> = { ...marks };
/** Bodies of all refusals. */
const refusals: string[] = [];
let answered: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'postern-secrets-'));
  const demo = await startDemo('--data', dataDir);
  const loopback = { address: '127.0.0.1', family: 4 };
  const dispatcher = new Agent({
    connect: {
      rejectUnauthorized: false,
      lookup: (_name, _options, found) => found(null, [loopback]),
    },
  });
  // The two kinds of `fetch` differ in types only.
  const send = ((url: URL, init: object) =>
    undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch;
  try {
    const agent = new UserAgent(send);
    const appUrl = demo.app('sample').url;
    const info = await json<ApplicationInfo>(await agent.fetch(`${appUrl}.postern/config.json`));
    const app = await AppClient.create(agent, info);
    const page = await LoginPage.create(agent, info);
    const uid = await app.begin();
    const [method] = (await page.interaction(uid)).methods;
    if (method?.type !== 'ext-jwt') throw new Error('no external sign-in offered');

    const refused = async (response: Response | Promise<Response>): Promise<void> => {
      const { status, text } = await Promise.resolve(response).then(async (one) => ({
        status: one.status,
        text: await one.text(),
      }));
      expect(status).toBeGreaterThanOrEqual(400);
      refusals.push(text);
    };
    const { login, admin } = demo.report;
    const idToken = await page.externalIdToken(method, login, page.nonce(uid));
    const { resumeUrl, sessionToken } = await json<LoginResult>(
      await page.call('POST', `/interactions/${uid}/ext-jwt`, {
        body: { signerId: method.signerId, token: idToken },
      }),
    );
    const code = await app.resume(resumeUrl);
    const issued = await json<TokenResponse>(await app.exchange(code));
    const grant = await json<DialGrantResponse>(await app.dialGrant(issued.access_token));
    Object.assign(secrets, {
      personPassword: login.password,
      adminPassword: admin.password,
      idToken,
      sessionToken,
      ticket: new URL(resumeUrl).searchParams.get('ticket'),
      code,
      verifier: app.verifier,
      accessToken: issued.access_token,
      refreshToken: issued.refresh_token,
      dialGrant: grant.dialGrant,
      assertion: grant.assertion,
    });

    const { privateKey, jwk, thumbprint } = app.key;
    const publicPoint = pointFromJwk(jwk as Parameters<typeof pointFromJwk>[0]);
    const { edge } = connectBrowser(grant.routers[0]?.edgeUrls[0] ?? '', issued.access_token, {
      thumbprint,
      publicPoint,
      sign: (bytes) => signEs256(privateKey, bytes),
    });
    const session = await connectSecure({
      circuit: await edge.dial(grant.dialGrant),
      serviceId: grant.service.id,
      keys: createKeySet(grant.keys as unknown as VerificationKey[]),
      dialGrant: grant.dialGrant,
      assertion: grant.assertion,
      key: { privateKey, publicPoint },
    });
    const answer = await requestInside(session, `/api/echo?q=${marks.query}`, {
      method: 'POST',
      fields: [
        ['cookie', `a=${marks.cookie}`],
        ['x-marked', marks.header],
        ['authorization', `Bearer ${marks.token}`],
      ],
      body: Buffer.from(marks.body),
    });
    answered = await answer.text();
    const broken = await requestInside(session, `/..%00?q=${marks.query}`, {
      fields: [['cookie', `a=${marks.cookie}`]],
    });
    refusals.push(await broken.text());
    edge.close();

    const adminCall = (path: string, init: RequestInit) => send(`${admin.url}${path}`, init);
    await refused(
      adminCall('/authenticate?method=password', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admin', password: marks.password }),
      }),
    );
    await refused(adminCall('/identities', { headers: { 'zt-session': marks.token } }));
    await refused(
      page.call('POST', `/interactions/${uid}/password`, {
        body: { username: login.username, password: marks.password },
      }),
    );
    await refused(page.call('POST', '/session/end', { token: marks.token }));
    await refused(app.exchange(marks.token));
    await refused(app.refresh(marks.token));
    await refused(app.dialGrant(marks.token));
    await refused(app.exchange(code));
    await refused(send(`${appUrl}api?q=${marks.query}`, { headers: { 'x-marked': marks.header } }));
    await refused(send(`${info.issuer}/auth?client_id=${marks.query}&redirect_uri=${marks.query}`));
  } finally {
    await demo.stop();
    await dispatcher.close();
  }
});
afterAll(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

const filesOf = (...folder: string[]) =>
  readdirSync(join(dataDir, ...folder)).map((name) => join(dataDir, ...folder, name));
const leaks = (text: Buffer) =>
  Object.entries(secrets)
    .filter(([, secret]) => text.includes(secret))
    .map(([name]) => name);

it('marks were really used', () => {
  expect(answered).toBe(marks.body);
  expect(refusals).toHaveLength(11);
  for (const [name, secret] of Object.entries(secrets)) {
    expect(`${name} ${secret}`).toMatch(/^\w+ .{8,}/);
  }
});

it('logs hold none of them', () => {
  const logs = filesOf('logs');
  expect(logs.map((file) => file.split('/').at(-1))).toEqual(
    expect.arrayContaining(['controller.log', 'connector.log', 'gateway.log', 'router-1.log']),
  );
  const all = logs.map((file) => readFileSync(file));
  // The request itself is there: by method and path.
  expect(Buffer.concat(all).includes('/api/echo')).toBe(true);
  logs.forEach((file, index) =>
    expect({ file, leaks: leaks(all[index]!) }).toEqual({ file, leaks: [] }),
  );
});

it('the database holds none of them, and no private key', () => {
  const files = filesOf('controller').filter((file) => file.includes('store.db'));
  expect(files.length).toBeGreaterThan(0);
  const all = Buffer.concat(files.map((file) => readFileSync(file)));
  expect(all.includes('$argon2id$')).toBe(true);
  expect(leaks(all)).toEqual([]);
  for (const text of ['PRIVATE KEY', '"d":"']) expect(all.includes(text)).toBe(false);
});

it('refusals repeat none of them', () => {
  for (const body of refusals)
    expect({ body, leaks: leaks(Buffer.from(body)) }).toEqual({ body, leaks: [] });
});

it('keys and tokens on disk are readable by their owner only', () => {
  const secretFile = /(?:key|secret|password|\.jwt|identity\.json|\.db(?:-wal|-shm)?)$/;
  const found = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
    .filter((name) => secretFile.test(name) && statSync(join(dataDir, name)).isFile())
    .map((name) => [name, statSync(join(dataDir, name)).mode & 0o077] as const);
  expect(found.length).toBeGreaterThan(5);
  expect(found.filter(([, mode]) => mode !== 0)).toEqual([]);
});
