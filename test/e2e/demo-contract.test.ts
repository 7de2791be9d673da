/** What other programs rely on when they drive `npm run demo`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { startDemo } from '../harness/demo.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const profiles = mkdtempSync(join(tmpdir(), 'postern-home-'));
afterAll(() => rmSync(profiles, { recursive: true, force: true }));
/** SIGTERM to exit. */
const stopWithinMs = 3_000;

/** Runs `npm run demo` itself, as the README prints it. */
async function npmRunDemo(...args: string[]) {
  const child = spawn('npm', ['run', '--silent', 'demo', '--', ...args], {
    cwd: root,
    env: { ...process.env, POSTERN_PROFILES: join(profiles, 'profiles.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const exited = once(child, 'exit');
  return { child, exited, out: () => out, err: () => err };
}

interface Preparation {
  args: string[];
  word: string;
  end?: () => unknown;
}

describe('npm run demo', () => {
  const data = mkdtempSync(join(tmpdir(), 'postern-demo-test-'));
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  it('prints one JSON object first, with everything a driver needs, and stops on SIGINT', async () => {
    const demo = await npmRunDemo('--json', '--port', '0', '--data', data);
    while (!demo.out().includes('\n')) await once(demo.child.stdout, 'data');
    const report = JSON.parse(demo.out().split('\n')[0]!);
    expect(report).toMatchObject({
      apps: [
        {
          name: 'sample',
          url: expect.stringMatching(/^http:\/\/sample\.localhost:\d+\/$/),
          service: expect.any(String),
        },
      ],
      login: {
        url: expect.any(String),
        username: expect.any(String),
        password: expect.any(String),
      },
      admin: {
        url: expect.stringMatching(/^https:/),
        username: 'admin',
        password: expect.any(String),
      },
      routers: [
        {
          name: 'router-1',
          edge: expect.stringMatching(/^ws:/),
          metrics: expect.stringMatching(/^http:/),
        },
        { name: 'router-2', edge: expect.any(String), metrics: expect.any(String) },
      ],
      gateway: { url: expect.any(String) },
      idp: { issuer: expect.any(String) },
      dataDir: data,
    });
    const pids = [
      report.pids.controller,
      ...report.pids.routers,
      report.pids.connector,
      report.pids.gateway,
      report.pids.idp,
    ];
    expect(new Set(pids).size).toBe(6);
    for (const pid of pids) expect(() => process.kill(pid, 0)).not.toThrow();
    for (const router of report.routers) {
      expect(await (await fetch(router.metrics)).text()).toContain('# HELP');
    }
    const startedMs = Date.now();
    demo.child.kill('SIGINT');
    expect(await demo.exited).toEqual([0, null]);
    expect(Date.now() - startedMs).toBeLessThan(stopWithinMs);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  });

  it('starts again from what was stored', async () => {
    const first = await startDemo('--data', data);
    const created = await first.admin('POST', '/services', {
      name: 'kept',
      encryptionRequired: true,
    });
    expect(created.status).toBe(201);
    expect(await first.stop()).toMatchObject({ code: 0 });
    const second = await startDemo('--data', data);
    expect(second.report.login).toEqual({ ...first.report.login, url: second.report.login.url });
    expect(second.app('sample').service).toBe(first.app('sample').service);
    const filter = encodeURIComponent('name = "kept"');
    expect((await second.admin('GET', `/services?filter=${filter}`)).data).toHaveLength(1);
    const { code, elapsedMs } = await second.stop();
    expect(code).toBe(0);
    expect(elapsedMs).toBeLessThan(stopWithinMs);
  });

  it.each([
    [
      'a port in use',
      async (): Promise<Preparation> => {
        const server = createServer();
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        return {
          args: ['--port', String((server.address() as AddressInfo).port)],
          word: 'in use',
          end: () => server.close(),
        };
      },
    ],
    [
      'a missing folder',
      async (): Promise<Preparation> => ({
        args: ['--data', join(data, 'missing')],
        word: 'missing',
      }),
    ],
    [
      'an unreachable app',
      async (): Promise<Preparation> => ({
        args: ['--port', '0', '--app', 'wiki=http://127.0.0.1:9'],
        word: 'wiki',
      }),
    ],
    [
      'a wrong option',
      async (): Promise<Preparation> => ({
        args: ['--app', 'nonsense'],
        word: 'NAME',
      }),
    ],
  ] as const)('says in one line what is wrong: %s', async (_, prepare) => {
    const { args, word, end } = await prepare();
    const demo = await npmRunDemo('--json', ...args);
    const [code] = await demo.exited;
    end?.();
    expect(code).not.toBe(0);
    expect(demo.out()).toBe('');
    expect(demo.err().trim().split('\n')).toHaveLength(1);
    expect(demo.err()).toContain(word);
  });
});
