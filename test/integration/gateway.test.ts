/** The gateway as a Node process has it: real ports, a lookup server that can fail, raw requests. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, gatewayConfigSchema, type RunningGateway } from '@postern/gateway';
import { silentLogger } from '@postern/shared/log';

const securityHeaders = [
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'permissions-policy',
  'referrer-policy',
  'x-content-type-options',
  'x-frame-options',
];

/** Stands in for the controller. */
function lookupServer() {
  const state = {
    down: false,
    origin: '',
    asked: [] as { host: string; etag: string | undefined }[],
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://lookup');
    const host = url.searchParams.get('host') ?? '';
    const etag = request.headers['if-none-match'];
    state.asked.push({ host, etag });
    if (state.down) response.writeHead(500).end();
    else if (`http://${host}` !== state.origin) response.writeHead(404).end();
    else if (etag === '"1"') response.writeHead(304).end();
    else {
      const controller = 'http://controller.localhost:9000';
      response.writeHead(200, { 'content-type': 'application/json', etag: '"1"' });
      response.end(
        JSON.stringify({
          id: 'wiki',
          name: 'Wiki',
          origin: state.origin,
          clientId: 'wiki',
          issuer: `${controller}/oidc`,
          apiUrl: `${controller}/postern/v1`,
          loginOrigin: 'http://login.localhost',
          resource: 'urn:postern:service:s1',
        }),
      );
    }
  });
  return { server, state };
}

const listen = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

/** Sends bytes as they are and reads until the peer closes. */
function exchange(
  port: number,
  text: string,
): Promise<{ status: number; headers: string; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (got += chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const [headers = '', body = ''] = got.split(/\r\n\r\n([\s\S]*)/);
      resolve({ status: Number(headers.split(' ')[1]), headers: headers.toLowerCase(), body });
    });
  });
}

const sha256 = '0'.repeat(64);
const csp = { scriptHashes: [], styleHashes: [] };
const manifest = {
  version: 1,
  entries: { worker: 'assets/postern-sw.js' },
  documents: { loader: { file: 'loader.html', csp }, login: { file: 'login.html', csp } },
  styles: { page: 'page.css' },
  files: {
    'page.css': { sha256 },
    'assets/loader-1.js': { sha256 },
    'assets/postern-sw.js': { sha256 },
    'loader.html': { sha256 },
    'login.html': { sha256 },
  },
};

describe('gateway on Node', () => {
  const { server: controller, state } = lookupServer();
  let assetsDir: string;
  let gateway: RunningGateway;
  let appHost: string;
  let config: (change?: object) => ReturnType<typeof gatewayConfigSchema.parse>;

  beforeAll(async () => {
    assetsDir = await mkdtemp(join(tmpdir(), 'postern-gateway-'));
    await mkdir(join(assetsDir, 'assets'));
    await writeFile(join(assetsDir, 'manifest.json'), JSON.stringify(manifest));
    for (const file of Object.keys(manifest.files)) await writeFile(join(assetsDir, file), file);
    await writeFile(join(assetsDir, 'secret.txt'), 'secret');
    const controllerPort = await listen(controller);
    config = (change) =>
      gatewayConfigSchema.parse({
        controllerUrl: `http://127.0.0.1:${controllerPort}`,
        loginOrigin: 'http://login.localhost',
        issuer: 'http://controller.localhost:9000/oidc',
        apiUrl: 'http://controller.localhost:9000/postern/v1',
        listen: { port: 0 },
        assetsDir,
        ...change,
      });
    gateway = await createGateway(config(), { logger: silentLogger });
    appHost = `wiki.localhost:${gateway.port}`;
    state.origin = `http://${appHost}`;
  });
  afterAll(async () => {
    await gateway.close();
    controller.close();
    await rm(assetsDir, { recursive: true, force: true });
  });

  const request = (host: string, target: string, headers: string[] = [], method = 'GET') =>
    exchange(
      gateway.port,
      [
        `${method} ${target} HTTP/1.1`,
        `Host: ${host}`,
        ...headers,
        'Connection: close',
        '',
        '',
      ].join('\r\n'),
    );

  function expectSecure(headers: string): void {
    for (const name of securityHeaders) expect(headers).toContain(`\r\n${name}: `);
    expect(headers).not.toMatch(/\r\n(?:server|set-cookie|service-worker-allowed|x-powered-by):/);
  }

  it('serves the loader for an application, asking the controller once', async () => {
    for (let i = 0; i < 3; i += 1) {
      const { status, headers, body } = await request(appHost, '/deep?x=1', ['Accept: text/html']);
      expect([status, body]).toEqual([200, 'loader.html']);
      expectSecure(headers);
    }
    expect(state.asked.filter(({ host }) => host === appHost)).toHaveLength(1);
  });

  it('serves the login document to its own host', async () => {
    expect((await request('login.localhost', '/?interaction=1')).body).toBe('login.html');
  });

  it('sends unknown and malformed hosts away', async () => {
    const unknown = await request('other.localhost', '/', ['Accept: text/html']);
    expect(unknown.status).toBe(421);
    expect(unknown.body).toContain('There is no application at this address');
    expectSecure(unknown.headers);
    for (const host of [
      '',
      'a b',
      'login.localhost@evil',
      '[::1]',
      'login.localhost/x',
      '%6cogin.localhost',
    ]) {
      const { status, headers } = await request(host, '/');
      expect(status).toBe(400);
      expectSecure(headers);
    }
  });

  it('takes no absolute-form target for another host than the header says', async () => {
    expect((await request('other.localhost', 'http://login.localhost/')).status).not.toBe(200);
    expect((await request('login.localhost', 'http://other.localhost/')).status).not.toBe(200);
  });

  it('refuses worker scripts other than its own', async () => {
    const marked = ['Service-Worker: script'];
    expect((await request(appHost, '/postern-sw.js', marked)).body).toBe('assets/postern-sw.js');
    for (const path of [
      '/app-sw.js',
      '/sub/postern-sw.js',
      '/postern-sw.js/',
      '/POSTERN-SW.JS',
      '//postern-sw.js',
      '/.postern/assets/loader-1.js',
    ]) {
      const { status, headers } = await request(appHost, path, [...marked, 'Accept: text/html']);
      expect(status).toBe(403);
      expectSecure(headers);
    }
  });

  it.each([
    '/.postern/assets/../secret.txt',
    '/.postern/assets/../../package.json',
    '/.postern/assets/%2e%2e/secret.txt',
    '/.postern/assets/%2e%2e%2fsecret.txt',
    '/.postern/assets/..%5csecret.txt',
    '/.postern/assets/..\\secret.txt',
    '/.postern/assets/%00',
    '/.postern/assets//etc/passwd',
    '/.postern/assets/postern-sw.js',
    '/secret.txt',
    '/manifest.json',
  ])('gives no file for %s', async (target) => {
    for (const host of [appHost, 'login.localhost']) {
      const { status, body, headers } = await request(host, target);
      expect([400, 404, 503]).toContain(status);
      expect(body).not.toMatch(/secret|root:|"version"|postern-sw/);
      expectSecure(headers);
    }
  });

  it('refuses oversized headers and nonsense, with its headers', async () => {
    const big = await request(appHost, '/', [`X-Big: ${'a'.repeat(20_000)}`]);
    expect(big.status).toBe(431);
    expectSecure(big.headers);
    const nonsense = await exchange(gateway.port, 'NONSENSE\r\n\r\n');
    expect(nonsense.status).toBe(400);
    expectSecure(nonsense.headers);
    const both = ['Content-Length: 1', 'Transfer-Encoding: chunked'];
    expect((await request(appHost, '/', both, 'POST')).status).toBe(400);
    expect((await request(appHost, `/${'a'.repeat(9000)}`, ['Accept: text/html'])).status).toBe(
      400,
    );
  });

  it('answers a form without reading it', async () => {
    const headers = ['Accept: text/html', 'Content-Type: text/plain', 'Content-Length: 4'];
    const lines = [
      `POST /form HTTP/1.1`,
      `Host: ${appHost}`,
      ...headers,
      'Connection: close',
      '',
      'a=b1',
    ];
    expect(await exchange(gateway.port, lines.join('\r\n'))).toMatchObject({
      status: 200,
      body: 'loader.html',
    });
  });

  it('explains an outage of the controller', async () => {
    state.down = true;
    const { status, body } = await request('new.localhost', '/', ['Accept: text/html']);
    state.down = false;
    expect(status).toBe(503);
    expect(body).toContain('The controller cannot be reached');
  });

  it('says what is wrong when it cannot start', async () => {
    const taken = config({ listen: { port: gateway.port } });
    await expect(createGateway(taken, { logger: silentLogger })).rejects.toMatchObject({
      code: 'ERR_GATEWAY_LISTEN',
    });
    const unbuilt = config({ assetsDir: join(assetsDir, 'nowhere') });
    await expect(createGateway(unbuilt, { logger: silentLogger })).rejects.toMatchObject({
      code: 'ERR_GATEWAY_ASSETS',
    });
  });

  it('closes once, and with connections open', async () => {
    const other = await createGateway(config(), { logger: silentLogger });
    const idle = connect(other.port, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const ended = new Promise((resolve) => idle.once('close', resolve));
    idle.on('error', () => undefined);
    await Promise.all([other.close(), other[Symbol.asyncDispose]()]);
    await ended;
  });
});
