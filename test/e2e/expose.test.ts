/** From nothing to a page in a browser: `postern demo`, then `postern expose`, and nothing of it left afterwards. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';

const postern = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const kinds = [
  'applications',
  'services',
  'service-policies',
  'edge-router-policies',
  'service-edge-router-policies',
  'identities',
];

describe('postern expose', () => {
  const app = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>Mine</title><h1 id="mine">${request.headers.host}</h1>`);
  });
  let demo: RunningDemo;
  let browser: TestBrowser;
  let port: string;
  let before: string[];

  /** Starts an expose; resolves with the report it prints once the URL works. */
  const expose = async (...args: string[]) => {
    const child = start(...args);
    const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
    const { value } = await lines.next();
    if (value === undefined) throw new Error(`expose ended: ${await text(child.stderr!)}`);
    return { child, report: JSON.parse(value as string) as { url: string; service: string } };
  };
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [postern, 'expose', ...args, '--json'], {
      env: { ...process.env, POSTERN_PROFILES: join(demo.home, 'profiles.json') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const failure = async (...args: string[]) => {
    const child = start(...args);
    const [stderr] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
    return stderr;
  };
  const end = async (child: ChildProcess, signal: 'SIGINT' | 'SIGKILL') => {
    const exited = once(child, 'exit');
    child.kill(signal);
    return (await exited)[0] as number | null;
  };
  /** Names of everything at the controller. */
  const everything = async () =>
    (
      await Promise.all(
        kinds.map(async (kind) => {
          const { data } = await demo.admin('GET', `/${kind}?limit=500`);
          return (data as { name: string }[]).map(({ name }) => `${kind}: ${name}`);
        }),
      )
    ).flat();
  const folders = () => {
    const shares = join(demo.home, 'shares');
    return existsSync(shares) ? readdirSync(shares) : [];
  };

  beforeAll(async () => {
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    port = String((app.address() as AddressInfo).port);
    demo = await startDemo();
    browser = await launchBrowser('chromium');
    before = await everything();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app.close();
  });

  it('shows an app in a browser after two commands, and leaves nothing behind', async () => {
    const { child, report } = await expose(port, '--allow', 'alice', '--name', 'mine');
    const { url, service } = report;
    expect(url).toBe(`http://mine.localhost:${new URL(demo.report.gateway.url).port}/`);
    const page = await browser.newPage();
    await openSignedIn(page, demo, url);
    await page.waitFor(
      `document.querySelector('#mine')?.textContent === new URL(${JSON.stringify(url)}).host`,
    );
    expect(await everything()).not.toEqual(before);

    expect(await failure(port, '--allow', 'alice', '--name', 'mine')).toContain(
      'ERR_EXPOSE_NAME_TAKEN',
    );

    expect(await end(child, 'SIGINT')).toBe(0);
    expect(await everything()).toEqual(before);
    expect(folders()).toEqual([]);
    await page.goto(`${url}?after`);
    await page.waitFor(`!document.querySelector('#mine')`);
    expect(service).toBe('share-mine');
    await page.close();
  });

  it('finds and removes what a killed one left, when the next one starts', async () => {
    const { child } = await expose(port, '--allow-everyone', '--name', 'left');
    await end(child, 'SIGKILL');
    expect(await everything()).toContain('services: share-left');
    expect(folders()).toHaveLength(1);
    const next = await expose(port, '--allow', '#staff', '--name', 'left');
    expect(await end(next.child, 'SIGINT')).toBe(0);
    expect(await everything()).toEqual(before);
    expect(folders()).toEqual([]);
  });

  it('ends by itself when its time is over', async () => {
    const { child } = await expose(port, '--allow', 'alice', '--expires', '2s');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(await everything()).toEqual(before);
  });

  it('says what is wrong before it makes anything', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const closedPort = String((closed.address() as AddressInfo).port);
    closed.close();
    await once(closed, 'close');
    const [refused, nobody, domain, audience] = await Promise.all([
      failure(closedPort, '--allow', 'alice'),
      failure(port, '--allow', 'mallory@example.com'),
      failure(port, '--allow', 'alice', '--domain', 'https://share.example.com'),
      failure(port),
    ]);
    expect(refused).toMatch(/Nothing answers at http:\/\/localhost:\d+ .*ERR_EXPOSE_UNREACHABLE/s);
    expect(nobody).toContain('Nobody is "mallory@example.com"');
    expect(domain).toContain('ERR_EXPOSE_DOMAIN');
    expect(audience).toContain('--allow-everyone');
    expect(await everything()).toEqual(before);

    const { data: configs } = await demo.admin('GET', '/configs?filter=name%3D%22sharing%22');
    await demo.admin('DELETE', `/configs/${(configs as { id: string }[])[0]!.id}`);
    expect(await failure(port, '--allow', 'alice')).toContain('postern edge create config sharing');
  });

  it('needs a sign-in, which ends with the demo', async () => {
    await demo.stop();
    expect(await failure(port, '--allow', 'alice')).toContain('ERR_CLI_SIGNED_OUT');
  });
});
