/**
 * `postern init` as docs/deployment.md says it: gateway, controller, two routers and connector on hosts of
 * their own, an app that listens on its own host's loopback, and a browser on yet another host.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../cli/src/doctor/finding.ts';
import type { InitReport } from '../../cli/src/init/run-init.ts';
import { hasCertutil, openChromiumOn } from '../harness/chromium-on-host.ts';
import { canMakeNamespaces, NetworkOfHosts } from '../harness/namespaces.ts';
import { TestCa } from '../harness/test-ca.ts';

const cli = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const app = `require('node:http').createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><title>Wiki</title><h1 id="wiki">' + request.url + '</h1>');
}).listen(3000, '127.0.0.1', () => console.log('app listens'));`;

const isPossible = canMakeNamespaces() && hasCertutil;
if (!isPossible)
  process.stderr.write(
    "skipped: needs root, network namespaces, certutil (Debian's libnss3-tools)\n",
  );

/** Host of each folder that `init` writes. */
const hostOf: Record<string, string> = {
  controller: 'ctrl',
  'router-1': 'r1',
  'router-2': 'r2',
  gateway: 'gw',
  connector: 'conn',
};

describe.skipIf(!isPossible)('a network that postern init wrote', () => {
  let network: NetworkOfHosts;
  let folder: string;
  let report: InitReport;
  let page: Page;
  let closeBrowser: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    network = NetworkOfHosts.create([...Object.values(hostOf), 'browser']);
    folder = await mkdtemp(join(tmpdir(), 'postern-init-'));
    const dir = join(folder, 'network');
    const written = execFileSync(
      process.execPath,
      [cli, 'init', 'example.test', '--dir', dir, '--app', 'wiki=http://127.0.0.1:3000', '--json'],
      { encoding: 'utf8' },
    );
    report = JSON.parse(written) as InitReport;
    const records = [
      ...(await readFile(join(dir, 'dns.zone'), 'utf8')).matchAll(
        /^(\S+)\.\s.* ADDRESS-OF-(\S+)$/gm,
      ),
    ].map(([, name, part]) => [name!, hostOf[part!.toLowerCase()]!] as const);
    network.setNames(records);
    const ca = await TestCa.create('Test CA');
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, ca.pem);
    for (const { folder: part, hosts } of report.parts.filter(({ hosts }) => hosts.length > 0)) {
      const names = hosts.map((value) => ({ type: 'dns' as const, value }));
      const { cert, key } = await ca.leaf(hosts[0]!, { usages: [SERVER_AUTH], names });
      await mkdir(join(dir, part, 'tls'), { mode: 0o700 });
      await writeFile(join(dir, part, 'tls/cert.pem'), cert);
      await writeFile(join(dir, part, 'tls/key.pem'), key, { mode: 0o600 });
    }
    const run = ({ folder: at, part }: InitReport['parts'][number]) =>
      network.start(
        hostOf[at]!,
        /"event":"ready"/,
        [process.execPath, cli, part, 'run', '--config', `${part}.yaml`],
        // The gateway asks the controller as a browser would.
        { cwd: join(dir, at), env: { NODE_EXTRA_CA_CERTS: caFile } },
      );
    const [controller, ...others] = report.parts;
    await network.start('conn', /app listens/, [process.execPath, '-e', app]);
    await run(controller!);
    await Promise.all(others.map(run));
    const browser = await openChromiumOn(network, 'browser', ca.pem);
    page = browser.page;
    closeBrowser = () => browser.close();
  });
  afterAll(async () => {
    await closeBrowser?.();
    await network?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('keeps secrets to the one who made it', async () => {
    for (const secret of [
      'user-password',
      'router-1/enrollment.jwt',
      'connector/enrollment.jwt',
      'controller/data/admin-password',
      'controller/data/pki/root.key',
    ])
      expect((await stat(join(report.dir, secret))).mode & 0o777, secret).toBe(0o600);
    expect((await stat(report.dir)).mode & 0o777).toBe(0o700);
  });

  it('opens the app by its URL, over TLS that the browser trusts', async () => {
    const password = (await readFile(join(report.dir, 'user-password'), 'utf8')).trim();
    const deepLink = 'https://wiki.example.test/deep/link?x=1';
    await page.goto(deepLink);
    await page.waitForURL('https://login.example.test/**');
    await page.fill('#username', report.user);
    await page.fill('#password', password);
    await page.press('#password', 'Enter');
    await page.waitForSelector('#wiki');
    expect(page.url()).toBe(deepLink);
    expect(await page.textContent('#wiki')).toBe('/deep/link?x=1');
    expect(await page.evaluate('isSecureContext')).toBe(true);
  });

  it('is well in the eyes of postern doctor, on each host', async () => {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
    const examine = async ({ folder: at, part }: InitReport['parts'][number]) => {
      const doctor = [cli, 'doctor', '--json', '--part', part, '--config', `${part}.yaml`];
      const [program, args] = network.on(hostOf[at]!, process.execPath, ...doctor);
      const cwd = join(report.dir, at);
      const { stdout } = await promisify(execFile)(program, args, { cwd, env });
      const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
      expect([ok, findings.filter(({ status }) => status === 'failed')], at).toEqual([true, []]);
      expect(findings.length, at).toBeGreaterThan(4);
    };
    await Promise.all(report.parts.map(examine));
  });

  it('leaves nothing of the app to connect to', async () => {
    const dial = `require('node:net').connect(3000, '${network.address('conn')}')
      .on('connect', () => console.log('connected')).on('error', (error) => console.log(error.code))`;
    const [program, args] = network.on('browser', process.execPath, '-e', dial);
    const { stdout } = await promisify(execFile)(program, args);
    expect(stdout.trim()).toBe('ECONNREFUSED');
  });
});
