/** `postern connector run` reads its configuration again when told to by SIGHUP. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestPki } from '../harness/router-pki.ts';

const postern = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));

describe('SIGHUP', () => {
  let folder: string;
  let child: ChildProcess;
  let lines: AsyncIterator<string>;
  const path = (name: string) => join(folder, name);
  const configure = (...services: string[]) =>
    writeFile(
      path('connector.yaml'),
      [
        `stateDir: ${folder}`,
        'controlAddresses: [tls:127.0.0.1:1]',
        'services:',
        ...services.map((service) => `  - { service: ${service}, target: 'tcp://127.0.0.1:1' }`),
      ].join('\n'),
    );
  /** The next line of one of these events. */
  const logged = async (...events: string[]): Promise<Record<string, unknown>> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error('the connector ended');
      const line = JSON.parse(value) as Record<string, unknown>;
      if (events.includes(String(line['event']))) return line;
    }
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-reload-'));
    const pki = await createTestPki();
    const { key, cert } = await pki.issue('identity/host-1');
    const id = { key: `pem:${key}`, cert: `pem:${cert}`, ca: `pem:${pki.ca}` };
    const ztAPI = 'https://127.0.0.1:1/edge/client/v1';
    await writeFile(path('identity.json'), JSON.stringify({ ztAPI, id }), { mode: 0o600 });
    await configure('wiki');
    const config = path('connector.yaml');
    child = spawn(process.execPath, [postern, 'connector', 'run', '--config', config], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
    await logged('ready');
  });
  afterAll(async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
    await rm(folder, { recursive: true, force: true });
  });

  it('takes other services', async () => {
    await configure('wiki', 'database');
    child.kill('SIGHUP');
    expect(await logged('connector.reloaded', 'reload-failed')).toMatchObject({
      services: ['wiki', 'database'],
    });
  });

  it('keeps those there are when the file has a problem, and says which', async () => {
    await configure('wiki', 'wiki');
    child.kill('SIGHUP');
    expect(await logged('connector.reloaded', 'reload-failed')).toMatchObject({
      event: 'reload-failed',
      error: { message: expect.stringContaining('services.1.service: is listed twice') },
    });
    await configure('mail');
    child.kill('SIGHUP');
    expect(await logged('connector.reloaded', 'reload-failed')).toMatchObject({
      services: ['mail'],
    });
  });
});
