import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCli } from '../harness/cli.ts';
import {
  adminPassword,
  AdminClient,
  copyAuthority,
  startController,
} from '../harness/store-controllers.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-backup-command-'));
});
afterAll(() => rm(dir, { recursive: true }));

it('backs up a running controller, and another goes on from there', async () => {
  const cli = createCli(dir);
  const [first, second] = [join(dir, 'first'), join(dir, 'second')];
  const out = join(dir, 'backup');
  const common = ['--set', 'loginOrigin=http://login.localhost:1'];
  const running = await startController(first, { kind: 'sqlite' });
  const client = new AdminClient([running]);
  await client.signIn(await adminPassword(first));
  const service = { name: 'kept', encryptionRequired: true };
  expect((await client.send('POST', 'services', service)).status).toBe(201);
  expect(
    await cli.ok('controller', 'backup', ...common, '--set', `dataDir=${first}`, '--out', out),
  ).toContain('keep the folders pki, keys and audit');
  const again = ['controller', 'backup', ...common, '--set', `dataDir=${first}`, '--out', out];
  expect((await cli.run(again)).status).not.toBe(0);
  await running.kill();

  await copyAuthority(first, second);
  await cli.ok('controller', 'restore', ...common, '--set', `dataDir=${second}`, '--in', out);
  const restored = await startController(second, { kind: 'sqlite' });
  const other = new AdminClient([restored]);
  await other.signIn(await adminPassword(first));
  const { body } = await other.send('GET', 'services?filter=name%3D%22kept%22');
  expect(body.data).toHaveLength(1);
  await restored.kill();
  await client.close();
  await other.close();
  const text = await readFile(out, 'utf8');
  expect(text).not.toContain(await adminPassword(first));
});
