/** The audit log through a running controller: who is named, what is kept out, what verification finds. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  controllerConfigSchema,
  createController,
  verifyAuditExport,
  verifyAuditStore,
  type RunningController,
} from '@postern/controller';
import { silentLogger } from '@postern/shared/log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/src/commands/program.ts';
import type { Terminal } from '../../cli/src/terminal/terminal.ts';
import { CLIENT, edgeClient, MANAGEMENT, type EdgeCall } from '../harness/edge-client.ts';
import { defaultKind, type TestDatabase } from '../harness/stores.ts';

const USER_PASSWORD = 'a password of somebody';

let dir: string;
let database: TestDatabase;
let config: ReturnType<typeof controllerConfigSchema.parse>;
let controller: RunningController;
let adminPassword: string;
let admin: string;

const call = (path: string, options: EdgeCall = {}) => edgeClient(controller)(path, options);
const manage = (path: string, options: EdgeCall = {}) =>
  call(MANAGEMENT + path, { session: admin, ...options });
async function create(plural: string, body: object): Promise<string> {
  const answer = await manage(`/${plural}`, { body });
  expect(answer.status, answer.bytes.toString()).toBe(201);
  return answer.data.id as string;
}
const login = (username: string, password: string) =>
  call(`${CLIENT}/authenticate?method=password`, { body: { username, password } });
const exported = async () => {
  const { bytes, headers } = await manage('/audit/export');
  expect(headers['content-type']).toBe('application/x-ndjson');
  return bytes.toString();
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-audit-'));
  database = await defaultKind.create();
  config = controllerConfigSchema.parse({
    dataDir: join(dir, 'controller'),
    store: await database.config(),
    admin: { port: 0 },
    public: { port: 0, tls: 'none' },
    control: { port: 0 },
    loginOrigin: 'http://login.localhost:8080',
    auth: { attemptsPerMinute: 10_000 },
  });
  controller = await createController(config, { logger: silentLogger, checkResponses: true });
  adminPassword = (await readFile(join(config.dataDir, 'admin-password'), 'utf8')).trim();
  admin = (await login('admin', adminPassword)).data.token as string;
});
afterAll(async () => {
  await controller.close();
  await database.dispose();
  await rm(dir, { recursive: true });
});

describe('the audit log', () => {
  it('names who changed what, from which session and address', async () => {
    const id = await create('identities', {
      name: 'bob',
      type: 'Default',
      isAdmin: false,
      roleAttributes: ['a'],
    });
    await manage(`/identities/${id}`, { method: 'PATCH', body: { roleAttributes: ['b'] } });
    await manage(`/identities/${id}`, { method: 'DELETE' });
    const filter = encodeURIComponent(`entityId = "${id}"`);
    const { data } = await manage(`/audit?filter=${filter}`);
    expect(data.map((record: any) => record.action)).toEqual(['delete', 'update', 'create']);
    const self = (await call(`${CLIENT}/current-api-session`, { session: admin })).data;
    expect(data[1]).toMatchObject({
      actorKind: 'identity',
      actorId: self.identityId,
      sessionId: self.id,
      entityKind: 'identities',
      outcome: 'success',
      details: { members: { roleAttributes: [['a'], ['b']] } },
    });
    expect(data[1].address).toMatch(/127\.0\.0\.1/);
    expect((await manage(`/audit/${data[1].id as string}`)).data.hash).toBe(data[1].hash);
    expect((await manage('/audit/0')).status).toBe(404);
  });

  it('keeps authentications, and refusals with their reason', async () => {
    const id = await create('identities', { name: 'carol', type: 'Default', isAdmin: false });
    await create('authenticators', {
      method: 'updb',
      identityId: id,
      username: 'carol',
      password: USER_PASSWORD,
    });
    const session = (await login('carol', USER_PASSWORD)).data.token as string;
    expect((await login('carol', 'wrong password')).status).toBe(401);
    expect((await call(`${MANAGEMENT}/identities`, { session })).status).toBe(401);
    expect((await call(`${MANAGEMENT}/audit`, { session })).status).toBe(401);
    const of = async (filter: string) => {
      const path = `/audit?limit=100&filter=${encodeURIComponent(filter)}`;
      return (await manage(path)).data as Record<string, unknown>[];
    };
    // Decisions are written beside the request.
    const holds = async (filter: string) => {
      for (let attempt = 0; attempt < 50; attempt += 1)
        if ((await of(filter)).length > 0) return true;
      return false;
    };
    expect(await holds(`action = "authenticate" and actorId = "${id}"`)).toBe(true);
    expect(await holds('action = "authenticate" and reason = "INVALID_AUTH"')).toBe(true);
    expect(await holds(`action = "call" and actorId = "${id}" and outcome = "refused"`)).toBe(true);
  });

  it('holds no password, token or key', async () => {
    const routerId = await create('edge-routers', { name: 'router' });
    const router = (await manage(`/edge-routers/${routerId}`)).data;
    const identityId = await create('identities', {
      name: 'dora',
      type: 'Default',
      isAdmin: false,
      enrollment: { ott: true },
      tags: { secret: 'in-a-tag' },
    });
    const { ott } = (await manage(`/identities/${identityId}`)).data.enrollment;
    const text = await exported();
    const secrets = [
      adminPassword,
      USER_PASSWORD,
      admin,
      ott.token,
      router.enrollmentToken,
      'in-a-tag',
    ];
    for (const folder of ['keys', 'audit', 'pki']) {
      const path = join(config.dataDir, folder);
      for (const name of (await readdir(path)).filter((file) => /jwk|key/.test(file))) {
        const content = await readFile(join(path, name), 'utf8');
        secrets.push(/"d":"([^"]+)"/.exec(content)?.[1] ?? content.split('\n')[1] ?? content);
      }
    }
    expect(secrets.length).toBeGreaterThan(8);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(7);
      expect(text).not.toContain(secret);
    }
    expect(text).not.toMatch(/argon2|PRIVATE KEY|eyJ[A-Za-z0-9_-]{20}/);
  });

  it('cannot be written over REST', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await manage('/audit/1', { method })).status).toBe(405);
  });

  it('verifies as exported, and no more once a line is changed or missing', async () => {
    const { data: head } = await manage('/audit/head');
    const text = await exported();
    const [file, heads, key] = ['audit.jsonl', 'heads', 'key'].map((name) => join(dir, name));
    await writeFile(heads!, `${head.jws as string}\n`);
    await writeFile(key!, JSON.stringify(head.publicKey));
    const verify = async (lines: string) => {
      await writeFile(file!, lines);
      return verifyAuditExport(file!, { heads: [heads!], keys: [key!] });
    };
    expect(await verify(text)).toMatchObject({ ok: true, head: { seq: head.seq } });
    expect(await verify(text.replace('"bob"', '"eve"'))).toMatchObject({
      ok: false,
      problems: [{ code: 'RECORD_ALTERED' }],
    });
    const lines = text.trimEnd().split('\n');
    expect((await verify(lines.slice(0, -1).join('\n'))).ok).toBe(false);
    await expect(verify('{"seq":1}')).rejects.toMatchObject({ code: 'ERR_AUDIT_EXPORT_INVALID' });
    const rest = await manage(`/audit/export?after=${lines.length - 1}`);
    expect(rest.bytes.toString().trimEnd()).toBe(lines.at(-1));
  });

  it('is checked by `postern audit verify` while the controller runs', async () => {
    await manage('/audit/head');
    expect(await verifyAuditStore(config, { logger: silentLogger })).toMatchObject({ ok: true });
    const file = join(dir, 'controller.json');
    await writeFile(
      file,
      JSON.stringify({
        dataDir: config.dataDir,
        store: await database.config(),
        loginOrigin: config.loginOrigin,
      }),
    );
    let out = '';
    const terminal: Terminal = {
      env: {},
      columns: undefined,
      interactive: false,
      out: (text) => (out += text),
      err: (text) => (out += text),
      ask: () => Promise.reject(new Error('nobody to ask')),
      readInput: () => Promise.resolve(''),
    };
    const run = (...args: string[]) =>
      createProgram(terminal).parseAsync(['audit', 'verify', ...args], { from: 'user' });
    await run('--config', file);
    expect(out).toMatch(/\nverified\n$/);
    await writeFile(join(dir, 'empty'), '');
    await expect(
      run('--file', join(dir, 'empty'), '--heads', join(dir, 'heads'), '--key', join(dir, 'key')),
    ).rejects.toMatchObject({ code: 'ERR_AUDIT_NOT_VERIFIED' });
    expect(out).toContain('TAIL_MISSING');
    await expect(run('--file', file)).rejects.toMatchObject({ code: 'ERR_CLI_USAGE' });
  });

  it('is signed when the controller stops', async () => {
    await create('services', { name: 'last', encryptionRequired: true });
    await controller.close();
    expect(await verifyAuditStore(config, { logger: silentLogger })).toMatchObject({
      ok: true,
      unsigned: 0,
    });
    controller = await createController(config, { logger: silentLogger, checkResponses: true });
  });
});
