/**
 * What a router sees is ciphertext, and whatever it does to a circuit is noticed: the page gets an
 * error, never altered, cut or repeated data (threat model, "Compromised router"). A circuit that is
 * cut is replaced by another one, and the data go on where they were.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemo as startDemoInProcess, type Demo } from '../../cli/src/demo/start-demo.ts';
import { launchBrowser, type TestBrowser, type TestPage } from '../harness/browser.ts';
import { EvilRouter, type Tampering } from '../harness/evil-router.ts';
import { PacketCapture, captureProblem } from '../harness/packet-capture.ts';
import { signInAt } from '../harness/sign-in.ts';

const secretUp = 'plaintext-sent-by-the-page-9c1f';
const secretDown = 'plaintext-sent-by-the-app-77e2';

let evil: EvilRouter;
let app: Server;
let demo: Demo;
let browser: TestBrowser;
let page: TestPage;
let url: string;
/** Requests the app got whole. */
const arrived: string[] = [];

beforeAll(async () => {
  app = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    request.on('end', () => {
      arrived.push(`${request.method} ${request.url} ${body.slice(0, 100)}`);
      response.setHeader('content-type', 'text/html');
      response.setHeader('x-secret', secretDown);
      response.end(
        `<!doctype html><title>app</title><p id="app">${secretDown}</p>${'x'.repeat(400_000)}`,
      );
    });
  });
  await new Promise<void>((done) => app.listen(0, '127.0.0.1', done));
  evil = await EvilRouter.start();
  demo = (await startDemoInProcess(
    {
      json: true,
      port: 0,
      dataDir: undefined,
      keep: false,
      apps: [{ name: 'victim', target: `http://127.0.0.1:${(app.address() as AddressInfo).port}` }],
    },
    { edgeUrls: { 'router-1': [evil.url], 'router-2': [evil.url] } },
    new AbortController().signal,
  ))!;
  evil.upstream = demo.report.routers[0]!.edge;
  url = demo.report.apps.find(({ name }) => name === 'victim')!.url;
  evil.record = true;
  browser = await launchBrowser('chromium');
  page = await browser.newPage();
  await page.goto(url);
  await signInAt(page, demo.report);
  await page.waitFor(`document.querySelector('#app')`);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  await evil?.close();
  app?.close();
});

it('sees nothing that was sent, up or down', async () => {
  await page.evaluate(
    `fetch('/secret-path?q=${secretUp}', { method: 'POST', body: '${secretUp}', headers: { 'x-up': '${secretUp}' } }).then((r) => r.text())`,
  );
  const wire = Buffer.concat(evil.seen);
  expect(arrived).toContainEqual(expect.stringContaining(secretUp));
  expect(wire.length).toBeGreaterThan(400_000);
  for (const text of [secretUp, secretDown, 'secret-path', 'text/html', '<!doctype']) {
    expect(wire.includes(text)).toBe(false);
  }
});

it('leaves nothing readable on any connection of any router', async (context) => {
  const problem = captureProblem();
  if (problem !== undefined) {
    process.stderr.write(`skipped: ${problem}\n`);
    return context.skip();
  }
  const { ports } = JSON.parse(readFileSync(join(demo.report.dataDir, 'demo.json'), 'utf8'));
  const capture = await PacketCapture.start([
    ports.router1Edge,
    ports.router1Fabric,
    ports.router2Edge,
    ports.router2Fabric,
  ]);
  evil.disconnectAll();
  await page.evaluate(
    `fetch('/captured-path?q=${secretUp}', { method: 'POST', body: '${secretUp}' }).then((r) => r.text())`,
  );
  // Once to the router and once from it.
  const crossedBytes = 2 * 400_000;
  const packets = await capture.stop(crossedBytes);
  expect(arrived).toContainEqual(expect.stringContaining('/captured-path'));
  expect(packets.length).toBeGreaterThan(crossedBytes);
  for (const text of [secretUp, secretDown, 'captured-path', 'text/html', '<!doctype']) {
    expect(packets.includes(text)).toBe(false);
  }
});

describe('tampering is noticed', () => {
  const flip = (body: Uint8Array, at: number) => {
    const copy = Uint8Array.from(body);
    copy[at] = copy[at]! ^ 1;
    return copy;
  };
  const only =
    (
      direction: 'up' | 'down',
      number: number,
      act: (body: Uint8Array) => Uint8Array[] | 'cut',
    ): Tampering =>
    (body, context) =>
      context.direction === direction && context.number === number ? act(body) : [body];
  let held: Uint8Array | undefined;

  const request = () =>
    page.evaluate<string>(
      `fetch('/whole?' + Math.random(), { method: 'POST', body: 'x', signal: AbortSignal.timeout(15000) }).then((r) => r.ok ? r.text().then((t) => t.length > 400000 ? 'whole' : 'short') : 'refused')
        .catch((error) => error.name === 'TimeoutError' ? 'hung' : 'error')`,
    );

  it('an honest router changes nothing', async () => {
    evil.tampering = (body) => [body];
    evil.disconnectAll();
    expect(await request()).toBe('whole');
  });

  const cases: [string, Tampering][] = [
    ['swaps the client key share', only('up', 0, (body) => [flip(body, 10)])],
    ['swaps the host key share', only('down', 0, (body) => [flip(body, 10)])],
    ['swaps the ML-KEM key', only('up', 0, (body) => [flip(body, 200)])],
    ['swaps the ML-KEM ciphertext', only('down', 0, (body) => [flip(body, 200)])],
    ['drops the key material', only('up', 0, (body) => [body.subarray(0, 5)])],
    ['drops the host signature', only('down', 0, (body) => [body.subarray(0, 1123)])],
    ['drops the client signature', only('up', 1, () => [])],
    ['reflects the first message', only('down', 0, () => [new Uint8Array([1, 1, 1, 1, 0])])],
    ['flips a bit of a record', only('down', 3, (body) => [flip(body, 30)])],
    ['changes a record type', only('down', 3, (body) => [flip(body, 0)])],
    ['replays a record', only('down', 3, (body) => [body, body])],
    ['drops a record', only('down', 3, () => [])],
    ['shortens a record', only('down', 3, (body) => [body.subarray(0, body.length - 1)])],
    ['invents a record', only('down', 3, (body) => [new Uint8Array(64), body])],
    ['flips a bit going up', only('up', 2, (body) => [flip(body, 30)])],
    ['replays a request', only('up', 2, (body) => [body, body])],
    [
      'reorders records',
      (body, { direction, number }) => {
        if (direction !== 'down' || number < 3) return [body];
        if (number === 3) {
          held = Uint8Array.from(body);
          return [];
        }
        const first = held;
        held = undefined;
        return first ? [body, first] : [body];
      },
    ],
  ];

  it.each(cases)('%s', async (_, tampering) => {
    held = undefined;
    evil.tampering = tampering;
    evil.disconnectAll();
    const before = arrived.length;
    const result = await request();
    expect(['error', 'refused']).toContain(result);
    // A request is never delivered twice, whatever was replayed.
    expect(arrived.length - before).toBeLessThanOrEqual(1);
  });

  it('splices a record of one circuit into another', async () => {
    let foreign: Uint8Array | undefined;
    evil.tampering = (body, { direction, number }) => {
      if (direction === 'down' && number === 3) foreign = Uint8Array.from(body);
      return [body];
    };
    evil.disconnectAll();
    expect(await request()).toBe('whole');
    evil.tampering = only('down', 3, () => (foreign ? [foreign] : []));
    evil.disconnectAll();
    expect(['error', 'refused']).toContain(await request());
  });

  it.each(['down', 'up'] as const)(
    'cutting every circuit going %s costs time only',
    async (way) => {
      evil.tampering = only(way, way === 'down' ? 5 : 2, () => 'cut');
      evil.disconnectAll();
      const before = arrived.length;
      expect(await request()).toBe('whole');
      expect(arrived.length - before).toBe(1);
    },
  );

  it('shows the person an error with a code, and works again with an honest router', async () => {
    evil.tampering = only('down', 0, (body) => [flip(body, 10)]);
    evil.disconnectAll();
    await page.goto(`${url}again`);
    await page.waitFor(`/ERR_(HANDSHAKE_FAILED|RECORD_INVALID)/.test(document.body.innerText)`);
    evil.tampering = (body) => [body];
    evil.disconnectAll();
    await page.goto(url);
    await page.waitFor(`document.querySelector('#app')`);
  });
});
