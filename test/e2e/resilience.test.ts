/** Parts die and come back by themselves; nothing acknowledged is lost; the app's side stays dark. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser, type TestPage } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';

const cliScript = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));

describe('parts that are killed', () => {
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;

  beforeAll(async () => {
    demo = await startDemo();
    browser = await launchBrowser('chromium');
    page = await browser.newPage();
    await openSignedIn(page, demo, demo.app('sample').url);
    await page.waitFor(`document.querySelector('main')`);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  /** The next request works, as soon as the parts found each other again. */
  async function nextRequestWorks(): Promise<void> {
    const status = await page.evaluate<number>(`(async () => {
      const end = Date.now() + 20_000;
      for (;;) {
        const status = await fetch('/api/whoami').then((r) => r.status, () => 0);
        if (status === 200 || Date.now() > end) return status;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })()`);
    expect(status).toBe(200);
  }

  it('routers: a download and an upload under way come through whole, and the next request works', async () => {
    // The download stops reading at each of these, so that it is under way when a router is killed.
    await page.evaluate(`{
      const hex = async (bytes) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
        .map((byte) => byte.toString(16).padStart(2, '0')).join('');
      const upload = async () => {
        const body = new Uint8Array(12e6).map((_, i) => i * 31 >> 8);
        const answer = await fetch('/api/upload', { method: 'POST', body: new Blob([body]) });
        return (await answer.json()).sha256 === await hex(body);
      };
      const download = async () => {
        const answer = await fetch('/download?mb=24');
        const stops = [6e6, 14e6];
        const chunks = [];
        let bytes = 0;
        for await (const chunk of answer.body) {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes < (stops[0] ?? Infinity)) continue;
          stops.shift();
          self.stopped = true;
          await new Promise((resolve) => (self.goOn = resolve));
        }
        return answer.headers.get('x-sha256') === await hex(await new Blob(chunks).arrayBuffer());
      };
      self.transfers = Promise.allSettled([upload(), download()]);
      void 0;
    }`);
    const terminators = async () => (await demo.admin('GET', '/terminators')).data.length as number;
    const whole = await terminators();
    for (const pid of demo.report.pids.routers) {
      // One at a time: with both away there is nothing to go on over.
      await expect.poll(terminators, { timeout: 30_000 }).toBe(whole);
      await page.waitFor('self.stopped');
      process.kill(pid, 'SIGKILL');
      await page.evaluate('self.stopped = false; goOn()');
      await nextRequestWorks();
    }
    const intact = { status: 'fulfilled', value: true };
    expect(await page.evaluate('transfers')).toEqual([intact, intact]);
  });

  it.each(['connector', 'controller'] as const)('%s: the next request works', async (part) => {
    process.kill(demo.report.pids[part], 'SIGKILL');
    await nextRequestWorks();
  });

  it('the controller: what REST acknowledged is there after kill -9', async () => {
    await expect
      .poll(
        () =>
          demo.admin('GET', '/version').then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(200);
    const created = await demo.admin('POST', '/services', {
      name: 'written-just-before',
      encryptionRequired: true,
    });
    expect(created.status).toBe(201);
    // The killed controller of the previous test was replaced by a new process; ask the system which.
    process.kill(listenerPid(new URL(demo.report.admin.url).port), 'SIGKILL');
    await nextRequestWorks();
    const filter = encodeURIComponent('name = "written-just-before"');
    await expect
      .poll(
        () =>
          demo.admin('GET', `/services?filter=${filter}`).then(
            ({ data }) => data?.length,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(1);
  });
});

describe('listening sockets', () => {
  let demo: RunningDemo;
  beforeAll(async () => {
    demo = await startDemo();
  });
  afterAll(async () => {
    await demo?.stop();
  });

  it('connector has none, and every part listens on loopback only', () => {
    expect(listeners(demo.report.pids.connector)).toEqual([]);
    const { controller, gateway, idp, routers } = demo.report.pids;
    for (const pid of [controller, gateway, idp, ...routers]) {
      const addresses = listeners(pid);
      expect(addresses.length).toBeGreaterThan(0);
      for (const { address } of addresses) expect(address).toMatch(/^127\./);
    }
  });
});

describe('a dark router', () => {
  let demo: RunningDemo;
  let folder: string;
  let router: ChildProcess;
  beforeAll(async () => {
    demo = await startDemo();
    folder = mkdtempSync(join(tmpdir(), 'postern-dark-'));
    const { data: created } = await demo.admin('POST', '/edge-routers', { name: 'dark' });
    const { data: detail } = await demo.admin('GET', `/edge-routers/${created.id}`);
    writeFileSync(join(folder, 'token.jwt'), detail.enrollmentJwt);
    writeFileSync(
      join(folder, 'router.json'),
      JSON.stringify({
        stateDir: join(folder, 'state'),
        enrollmentJwtFile: join(folder, 'token.jwt'),
      }),
    );
    const args = ['router', 'run', '--config', join(folder, 'router.json')];
    router = spawn(process.execPath, [cliScript, ...args], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
  });
  afterAll(async () => {
    router?.kill('SIGTERM');
    await demo?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('joins the mesh by dialing out; only its metrics listen, on loopback', async () => {
    let log = '';
    // Links to both routers of the demo.
    while ((log.match(/"link\.up"/g) ?? []).length < 2) {
      const [chunk] = (await once(router.stdout!, 'data')) as [Buffer];
      log += chunk.toString();
    }
    const listening = listeners(router.pid!);
    expect(listening).toHaveLength(1);
    expect(listening[0]!.address).toMatch(/^127\./);
    expect(await (await fetch(`http://127.0.0.1:${listening[0]!.port}/metrics`)).text()).toContain(
      '# HELP',
    );
  });
});

interface Listener {
  address: string;
  port: number;
  inode: string;
}

/** Listening TCP sockets of a process, from `/proc` (Linux). */
function listeners(pid: number): Listener[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return allListeners().filter((listener) => inodes.has(listener.inode));
}

function allListeners(): Listener[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[3] === '0A')
      .map((columns) => {
        const [address = '', port = ''] = (columns[1] ?? '').split(':');
        return { address: dotted(address), port: parseInt(port, 16), inode: columns[9] ?? '' };
      }),
  );
}

/** `/proc/net/tcp` writes IPv4 addresses as little-endian hex; IPv6 ones stay as they are. */
function dotted(hex: string): string {
  return hex.length === 8
    ? hex
        .match(/../g)!
        .reverse()
        .map((byte) => parseInt(byte, 16))
        .join('.')
    : hex;
}

function listenerPid(port: string): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (listeners(Number(entry)).some((listener) => listener.port === Number(port)))
        return Number(entry);
    } catch {
      // The process ended meanwhile, or is another user's.
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}
