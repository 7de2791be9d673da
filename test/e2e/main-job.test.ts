/** The main job in real browsers: open a dark app by its URL, sign in, use it, sign out. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn, signInAt } from '../harness/sign-in.ts';

const hundredMegabytes = 100 * 1024 * 1024;

describe.each(browserKinds)('the main job in %s', (kind) => {
  const second = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Second</title><h1 id="second">Second app</h1>');
  });
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;
  let sampleUrl: string;

  beforeAll(async () => {
    await new Promise<void>((done) => second.listen(0, '127.0.0.1', done));
    const { port } = second.address() as AddressInfo;
    demo = await startDemo('--app', `second=http://127.0.0.1:${port}`);
    browser = await launchBrowser(kind);
    page = await browser.newPage();
    sampleUrl = demo.app('sample').url;
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    second.close();
  });

  it('opens a deep link after signing in at the identity provider', async () => {
    const deepLink = `${sampleUrl}deep/link?x=1&y=%C3%A4#part-2`;
    await openSignedIn(page, demo, deepLink);
    await page.waitFor(
      `location.href === ${JSON.stringify(deepLink)} && document.querySelector('main')`,
    );
    const who = await page.evaluate<{ name: string; verified: boolean }>(
      `fetch('/api/whoami').then((r) => r.json()).then((w) => ({ name: w.identity?.name, verified: w.identity !== null }))`,
    );
    expect(who).toEqual({ name: demo.report.login.username, verified: true });
  });

  it('echoes over a WebSocket', async () => {
    const echoed = await page.evaluate<string[]>(`new Promise((resolve, reject) => {
      const socket = new WebSocket('/ws');
      const got = [];
      socket.binaryType = 'arraybuffer';
      socket.onopen = () => { socket.send('héllo'); socket.send(new Uint8Array([1, 2, 3])); };
      socket.onmessage = (event) => {
        got.push(typeof event.data === 'string' ? event.data : [...new Uint8Array(event.data)].join());
        if (got.length === 2) socket.close(1000, 'bye');
      };
      socket.onclose = (event) => resolve([...got, String(event.code)]);
      socket.onerror = () => reject(new Error('WebSocket error'));
    })`);
    expect(echoed).toEqual(['héllo', '1,2,3', '1000']);
  });

  it('receives server-sent events', async () => {
    const events = await page.evaluate<number>(`new Promise((resolve, reject) => {
      const source = new EventSource('/api/events');
      let seen = 0;
      source.onmessage = () => { if (++seen === 2) { source.close(); resolve(seen); } };
      source.onerror = () => reject(new Error('EventSource error'));
    })`);
    expect(events).toBe(2);
  });

  it('uploads 100 MB unchanged', async () => {
    const result = await page.evaluate<{
      sent: string;
      got: { sha256: string; bytes: number };
    }>(`(async () => {
      const bytes = new Uint8Array(${hundredMegabytes});
      for (let i = 0; i < bytes.length; i += 65536) crypto.getRandomValues(bytes.subarray(i, i + 65536));
      const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');
      const sent = hex(await crypto.subtle.digest('SHA-256', bytes));
      const response = await fetch('/api/upload', { method: 'POST', body: new Blob([bytes]) });
      return { sent, got: await response.json() };
    })()`);
    expect(result.got).toMatchObject({ sha256: result.sent, bytes: hundredMegabytes });
  });

  it('downloads 100 MB unchanged', async () => {
    const result = await page.evaluate<{
      expected: string;
      got: string;
      bytes: number;
    }>(`(async () => {
      const response = await fetch('/download?mb=100');
      const body = await response.arrayBuffer();
      const digest = await crypto.subtle.digest('SHA-256', body);
      return {
        expected: response.headers.get('x-sha256'),
        got: [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join(''),
        bytes: body.byteLength,
      };
    })()`);
    expect(result).toEqual({ expected: result.got, got: result.got, bytes: hundredMegabytes });
  });

  it('opens a second app without a second sign-in', async () => {
    const other = await browser.newPage();
    await other.goto(demo.app('second').url);
    await other.waitFor(`document.querySelector('#second')`);
    expect(new URL(other.url()).origin).toBe(new URL(demo.app('second').url).origin);
    await other.close();
  });

  it('signs out of both', async () => {
    await page.goto(`${sampleUrl}.postern/signout`);
    await page.waitFor(`/signed out/i.test(document.body.innerText)`);
    for (const name of ['sample', 'second']) {
      const after = await browser.newPage();
      await after.goto(demo.app(name).url);
      await after.waitFor(`location.origin === ${JSON.stringify(demo.report.idp.issuer)}`);
      await after.close();
    }
    // Signing in again brings one back to where one wanted to go.
    await page.goto(`${sampleUrl}deep/link?again=1`);
    await signInAt(page, demo.report);
    await page.waitFor(`location.href === ${JSON.stringify(`${sampleUrl}deep/link?again=1`)}`);
  });
});
