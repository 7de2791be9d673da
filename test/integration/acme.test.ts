/** Certificates by ACME, issued by a real ACME server, for the gateway and a router's browser listener. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { createGateway, gatewayConfigSchema, type RunningGateway } from '@postern/gateway';
import { acmeCertificateFile } from '@postern/node/acme';
import { createRouter, routerConfigSchema } from '@postern/router';
import { silentLogger, type LogFields, type Logger } from '@postern/shared/log';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { parse } from 'yaml';
import { hasPebble, startPebble, type RunningPebble } from '../harness/pebble.ts';
import { RouterNetwork } from '../harness/router-network.ts';
import { TestCa } from '../harness/test-ca.ts';

if (!hasPebble) process.stderr.write("skipped: no ACME server (Debian's package pebble)\n");

const DAY_MS = 86_400_000;
const LOGIN = 'login.acme.test';

/** Keeps what was logged, and waits for it. */
class EventLog {
  readonly #seen: { event: string; fields: LogFields }[] = [];
  readonly #waiting = new Set<() => void>();
  readonly logger: Logger;

  constructor() {
    const note = (event: string, fields: LogFields = {}) => {
      this.#seen.push({ event, fields });
      for (const look of this.#waiting) look();
    };
    const logger: Logger = {
      ...silentLogger,
      info: note,
      warn: note,
      error: note,
      child: () => logger,
    };
    this.logger = logger;
  }

  /** The fields of the first event of this name. An ACME failure nobody waits for ends the wait. */
  async until(event: string): Promise<LogFields> {
    for (;;) {
      const found = this.#seen.find((one) => one.event === event);
      if (found) return found.fields;
      const failed = this.#seen.find((one) => one.event === 'acme.failed');
      if (failed) throw new Error(JSON.stringify(failed.fields));
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }
}

/** Shakes hands as a browser does: TLS with this name and root. */
async function shakeHands(port: number, servername: string, ca: string): Promise<X509Certificate> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername, ca });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()!;
  } finally {
    socket.destroy();
  }
}

it('is documented by configurations that are valid', () => {
  const text = readFileSync('docs/deployment.md', 'utf8');
  const parts = [...text.matchAll(/^```yaml\n# (\w+)\n([\s\S]*?)^```/gm)].map(([, part, body]) => {
    const schema = part === 'router' ? routerConfigSchema : gatewayConfigSchema;
    expect(schema.safeParse(parse(body!)).error?.issues).toBeUndefined();
    return part;
  });
  expect(parts).toEqual(['gateway', 'router']);
});

describe.skipIf(!hasPebble)('certificates by ACME', () => {
  let pebble: RunningPebble;
  let oldCa: TestCa;
  let dir: string;
  let log: EventLog;
  const closers: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    pebble = await startPebble();
    oldCa = await TestCa.create('issuer of the old certificate');
  });
  afterAll(() => pebble?.close());
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-acme-'));
    log = new EventLog();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await rm(dir, { recursive: true, force: true });
  });

  const acme = (change: object) => ({
    directoryUrl: pebble.directoryUrl,
    caFile: pebble.caFile,
    email: 'admin@acme.test',
    agreeToTerms: true,
    stateDir: join(dir, 'acme'),
    httpHost: '127.0.0.1',
    ...change,
  });

  async function startGateway(settings: object): Promise<RunningGateway> {
    const assetsDir = join(dir, 'assets');
    const csp = { scriptHashes: [], styleHashes: [] };
    const documents = { loader: { file: 'a', csp }, login: { file: 'a', csp } };
    const manifest = {
      version: 1,
      entries: { worker: 'a' },
      documents,
      styles: { page: 'a' },
      files: { a: { sha256: '0'.repeat(64) } },
    };
    await mkdir(assetsDir, { recursive: true });
    await writeFile(join(assetsDir, 'manifest.json'), JSON.stringify(manifest));
    await writeFile(join(assetsDir, 'a'), 'login page');
    const config = gatewayConfigSchema.parse({
      controllerUrl: 'http://127.0.0.1:9',
      loginOrigin: `https://${LOGIN}`,
      issuer: 'https://ctrl.acme.test/oidc',
      apiUrl: 'https://ctrl.acme.test/postern/v1',
      listen: { port: 0 },
      assetsDir,
      metrics: {},
      tls: 'acme',
      acme: settings,
    });
    const gateway = await createGateway(config, { logger: log.logger });
    closers.push(() => gateway.close());
    return gateway;
  }

  /** A certificate that is due for renewal, as if it had been issued 89 of its 90 days ago. */
  async function keepOld(names: string[]): Promise<void> {
    const { cert, key } = await oldCa.leaf('old', {
      notBeforeMs: Date.now() - 89 * DAY_MS,
      lifetimeMs: 90 * DAY_MS,
      usages: ['1.3.6.1.5.5.7.3.1'],
      names: names.map((value) => ({ type: 'dns' as const, value })),
    });
    const settings = { stateDir: join(dir, 'acme'), directoryUrl: pebble.directoryUrl };
    const file = acmeCertificateFile(settings);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${key}\n${cert}`);
  }

  it('gets the gateway a first certificate by HTTP-01, and starts from it again', async () => {
    const settings = acme({ names: [LOGIN, 'wiki.acme.test'], httpPort: pebble.httpPort });
    const gateway = await startGateway(settings);
    expect(await log.until('acme.certificate.issued')).toMatchObject({
      names: [LOGIN, 'wiki.acme.test'],
    });
    const first = await shakeHands(gateway.port, LOGIN, pebble.root);
    await shakeHands(gateway.port, 'wiki.acme.test', pebble.root);
    await expect(shakeHands(gateway.port, 'other.acme.test', pebble.root)).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const folder = dirname(acmeCertificateFile({ ...settings }));
    const files = await readdir(folder);
    expect(files.sort()).toEqual(['account-key.pem', 'certificate.pem']);
    for (const file of files) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await gateway.close();

    // The ACME server is not needed for what is kept.
    const again = await startGateway(settings);
    const kept = await shakeHands(again.port, LOGIN, pebble.root);
    expect(kept.fingerprint256).toBe(first.fingerprint256);
  });

  it('renews a wildcard of a router by DNS-01 under an open connection', async () => {
    const names = ['apps.acme.test', '*.apps.acme.test'];
    await keepOld(names);
    const hook = await startHookGate();
    const network = await RouterNetwork.create();
    closers.push(() => network.close());
    const router = await createRouter(
      routerConfigSchema.parse({
        stateDir: await network.enrollRouter('r1'),
        edge: {
          host: '127.0.0.1',
          port: 0,
          tls: 'acme',
          acme: acme({ names, dnsHook: hook.program }),
        },
        limits: { helloTimeoutMs: 600_000 },
      }),
      { logger: log.logger },
    );
    closers.push(() => router.close());
    const url = new URL(router.edgeUrls[0]!);
    expect(url.protocol).toBe('wss:');
    const port = Number(url.port);

    // The renewal waits in its hook until the connection is open, with the old certificate.
    const release = await hook.reached;
    const servername = 'wiki.apps.acme.test';
    const trust = { ca: oldCa.pem, servername };
    const socket = new WebSocket(`wss://127.0.0.1:${port}/edge`, 'postern.edge.v1', trust);
    await once(socket, 'open');
    release();
    await log.until('acme.certificate.issued');

    const renewed = await shakeHands(port, servername, pebble.root);
    expect(renewed.subjectAltName?.split(', ').sort()).toEqual(
      names.map((name) => `DNS:${name}`).sort(),
    );
    socket.ping('still there');
    expect(String((await once(socket, 'pong'))[0])).toBe('still there');
    socket.terminate();
    expect(hook.calls.sort()).toEqual([
      'add _acme-challenge.apps.acme.test',
      'add _acme-challenge.apps.acme.test',
      'remove _acme-challenge.apps.acme.test',
      'remove _acme-challenge.apps.acme.test',
    ]);
  });

  it('goes on with the old certificate when renewal fails, and says why', async () => {
    await keepOld([LOGIN]);
    const program = join(dir, 'hook');
    await writeFile(program, '#!/bin/sh\nexit 7\n', { mode: 0o700 });
    const gateway = await startGateway(acme({ names: [LOGIN], dnsHook: program }));
    expect(await log.until('acme.failed')).toMatchObject({
      code: 'ERR_ACME_HOOK',
      message: expect.stringContaining('ended with 7'),
      serving: expect.stringContaining('the certificate that ends'),
    });
    await shakeHands(gateway.port, LOGIN, oldCa.pem);
  });

  it('says what the ACME server did not see, and refuses handshakes without a certificate', async () => {
    // HTTP-01 answers where nobody asks.
    const gateway = await startGateway(acme({ names: [LOGIN], httpPort: 0 }));
    expect(await log.until('acme.failed')).toMatchObject({
      code: 'ERR_ACME_CHALLENGE',
      message: expect.stringContaining(`http-01 proof for ${LOGIN}`),
      serving: expect.stringContaining('no certificate'),
    });
    await expect(shakeHands(gateway.port, LOGIN, pebble.root)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_SSL_.*_HANDSHAKE_FAILURE$/),
    });
    expect((await fetch(`${gateway.metricsUrl!}/readyz`)).status).toBe(503);
  });

  it('trusts no ACME server of another authority', async () => {
    const caFile = join(dir, 'other.pem');
    await writeFile(caFile, oldCa.pem);
    await startGateway(acme({ names: [LOGIN], httpPort: 0, caFile }));
    expect(await log.until('acme.failed')).toMatchObject({
      code: 'ERR_ACME_SERVER',
      message: expect.stringContaining('unable to verify'),
    });
  });

  it.each([
    ['an authority that is not there', { caFile: '/nowhere/ca.pem' }, 'ERR_ACME_CA'],
    ['a folder that cannot be', { stateDir: '/dev/null/acme' }, 'ERR_ACME_STORE'],
  ])('does not start with %s', async (_, change, code) => {
    await expect(
      startGateway(acme({ names: [LOGIN], httpPort: 0, ...change })),
    ).rejects.toMatchObject({ code });
  });

  /** A hook that sets records of pebble's name server; its first `add` waits for the test. */
  async function startHookGate(): Promise<{
    program: string;
    calls: string[];
    reached: Promise<() => void>;
  }> {
    const calls: string[] = [];
    let onReached: (release: () => void) => void = () => undefined;
    const reached = new Promise<() => void>((resolve) => (onReached = resolve));
    const gate: Server = createServer((request, response: ServerResponse) => {
      calls.push(decodeURIComponent(request.url!.slice(1)));
      if (calls.length > 1) response.end();
      else onReached(() => response.end());
    });
    gate.listen(0, '127.0.0.1');
    await once(gate, 'listening');
    closers.push(async () => {
      gate.closeAllConnections();
      gate.close();
    });
    const program = join(dir, 'hook.mjs');
    await writeFile(
      program,
      `#!${process.execPath}
const [action, name, value] = process.argv.slice(2);
await fetch('http://127.0.0.1:${(gate.address() as AddressInfo).port}/' + encodeURIComponent(action + ' ' + name));
const body = JSON.stringify({ host: name + '.', value });
const path = action === 'add' ? '/set-txt' : '/clear-txt';
const { ok } = await fetch('${pebble.dnsUrl}' + path, { method: 'POST', body });
process.exit(ok ? 0 : 1);
`,
      { mode: 0o700 },
    );
    return { program, calls, reached };
  }
});
