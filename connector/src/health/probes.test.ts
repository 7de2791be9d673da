import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpProbe, portProbe } from './probes.ts';

let app: ReturnType<typeof createServer>;
let port: number;
beforeEach(async () => {
  app = createServer((request, response) => {
    if (request.url === '/silent') return;
    response.statusCode = request.url === '/sick' ? 503 : 200;
    if (request.url === '/endless') {
      const write = (): void => void response.write('x'.repeat(65_536), write);
      response.on('close', () => response.destroy());
      write();
    } else if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
    else response.end(`${request.method ?? ''} is fine`);
  });
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  port = (app.address() as AddressInfo).port;
});
afterEach(() => {
  app.closeAllConnections();
  app.close();
});

const soon = () => AbortSignal.timeout(5_000);
const http = (path: string, extra: object = {}) =>
  httpProbe({ url: `http://127.0.0.1:${port}${path}`, method: 'GET', expectStatus: 200, ...extra });

describe('a port probe', () => {
  it('passes when a connection is accepted', async () => {
    await portProbe({ address: `127.0.0.1:${port}` })(soon());
  });

  it('fails when none is, and when it takes too long', async () => {
    app.close();
    await once(app, 'close');
    const probe = portProbe({ address: `127.0.0.1:${port}` });
    await expect(probe(soon())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(probe(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('an HTTP probe', () => {
  it('passes on the status and the text expected', async () => {
    await http('/')(soon());
    await http('/sick', { expectStatus: 503 })(soon());
    await http('/', { method: 'POST', body: 'x', expectInBody: 'POST is fine' })(soon());
  });

  it.each([
    ['another status', '/sick', {}, 'status 503'],
    ['a redirect', '/moved', {}, 'status 302'],
    ['another text', '/', { expectInBody: 'all is well' }, 'lacks the text'],
    ['a text that does not come early', '/endless', { expectInBody: 'end' }, 'lacks the text'],
  ])('fails on %s', async (_, path, extra, message) => {
    await expect(http(path, extra)(soon())).rejects.toMatchObject({
      code: 'ERR_APP_UNHEALTHY',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('fails on an app that does not answer, when its time is up', async () => {
    const stop = new AbortController();
    const result = http('/silent')(stop.signal);
    await once(app, 'request');
    stop.abort();
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
  });
});
