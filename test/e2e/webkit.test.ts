/** The core of the main job in WebKitGTK: what every page needs works in the third engine too. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../browsers/find.mjs';
import { launchBrowser, type TestBrowser, type TestPage } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { FILE, startFidelityApp, type FidelityApp } from '../harness/fidelity-app.ts';
import { openSignedIn } from '../harness/sign-in.ts';

const isInstalled = findBrowser('webkit') !== undefined;
if (!isInstalled) {
  process.stderr.write(
    'skipped: WebKitGTK, its WebDriver is not installed (Debian: apt-get install webkit2gtk-driver xvfb dbus)\n',
  );
}

describe.skipIf(!isInstalled)('the core in webkit', { timeout: 60_000 }, () => {
  let app: FidelityApp;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;
  let origin: string;
  const downloads = mkdtempSync(join(tmpdir(), 'postern-downloads-'));

  /** Runs the body of an async function in the page. */
  const run = <T>(body: string): Promise<T> => page.evaluate<T>(`(async () => { ${body} })()`);

  beforeAll(async () => {
    app = await startFidelityApp();
    demo = await startDemo('--app', `pages=${app.url}`);
    origin = new URL(demo.app('pages').url).origin;
    browser = await launchBrowser('webkit', { downloads });
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.close();
    rmSync(downloads, { recursive: true, force: true });
  });

  it('opens a deep link after signing in', async () => {
    const deepLink = `${demo.app('sample').url}deep/link?x=1&y=%C3%A4#part-2`;
    await openSignedIn(page, demo, deepLink);
    await page.waitFor(
      `location.href === ${JSON.stringify(deepLink)} && document.querySelector('main')`,
    );
    const who = await run(`return (await (await fetch('/api/whoami')).json()).identity.name`);
    expect(who).toBe(demo.report.login.username);
  });

  it('echoes over a WebSocket', async () => {
    const echoed = await run(`return new Promise((resolve, reject) => {
      const socket = new WebSocket('/ws');
      const got = [];
      socket.binaryType = 'arraybuffer';
      socket.onopen = () => { socket.send('héllo'); socket.send(new Uint8Array([1, 2, 3])); };
      socket.onmessage = (event) => {
        got.push(typeof event.data === 'string' ? event.data : [...new Uint8Array(event.data)].join());
        if (got.length === 2) socket.close(1000, 'bye');
      };
      socket.onclose = (event) => resolve([...got, event.code, event.wasClean]);
      socket.onerror = () => reject(new Error('WebSocket error'));
    })`);
    expect(echoed).toEqual(['héllo', '1,2,3', 1000, true]);
  });

  it('receives server-sent events as they come', async () => {
    const events = await run(`return new Promise((resolve, reject) => {
      const source = new EventSource('/api/events');
      let seen = 0;
      source.onmessage = () => { if (++seen === 2) { source.close(); resolve(seen); } };
      source.onerror = () => reject(new Error('EventSource error'));
    })`);
    expect(events).toBe(2);
  });

  it('uploads 20 MB unchanged, and downloads them', async () => {
    const [sent, got, bytes] = await run<[string, string, number]>(`
      const data = new Uint8Array(20_000_000);
      for (let i = 0; i < data.length; i += 62500) crypto.getRandomValues(data.subarray(i, i + 62500));
      const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');
      const answer = await (await fetch('/api/upload', { method: 'POST', body: new Blob([data]) })).json();
      return [hex(await crypto.subtle.digest('SHA-256', data)), answer.sha256, answer.bytes];`);
    expect([got, bytes]).toEqual([sent, 20_000_000]);
    const [announced, found, length] = await run<[string, string, number]>(`
      const response = await fetch('/download?mb=20');
      const body = await response.arrayBuffer();
      const hex = [...new Uint8Array(await crypto.subtle.digest('SHA-256', body))].map((b) => b.toString(16).padStart(2, '0')).join('');
      return [response.headers.get('x-sha256'), hex, body.byteLength];`);
    expect([found, length]).toEqual([announced, 20 * 1024 * 1024]);
  });

  it('opens a second application without a second sign-in, and navigates in it', async () => {
    await page.goto(`${origin}/redirect?status=302&to=form-page`);
    await page.waitFor(`document.title === 'Forms' && location.pathname === '/form-page'`);
    await page.evaluate(`document.getElementById('multipart').submit()`);
    await page.waitFor(`document.getElementById('got')`);
    const got = await page.evaluate<Record<string, string>>(
      `JSON.parse(document.getElementById('got').textContent)`,
    );
    expect(got['type']).toContain('multipart/form-data; boundary=');
    expect(got['body']).toContain('ä & b');
    await page.evaluate(`history.back()`);
    await page.waitFor(`document.title === 'Forms' && document.getElementById('get')`);
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('fetches by %s', async (method) => {
    const body = method === 'GET' ? '' : 'bödy';
    const got = await run<{ method: string; body: string }>(
      `return (await fetch('/echo', { method: '${method}'${body && `, body: '${body}'`} })).json()`,
    );
    expect(got).toMatchObject({ method, body });
  });

  it('cookies: visible, HttpOnly, deleted, and in another tab', async () => {
    const show = `return [document.cookie, await (await fetch('/cookies/show')).json()]`;
    expect(await run(`await fetch('/cookies/set'); ${show}`)).toEqual([
      'open=o1',
      'secret=s1; open=o1',
    ]);
    const other = await browser.newPage();
    await other.goto(`${origin}/`);
    await other.waitFor(`document.title === 'Start' && document.cookie === 'open=o1'`);
    await other.evaluate(`void (document.cookie = 'mine=m1; path=/')`);
    await page.waitFor(`document.cookie === 'open=o1; mine=m1'`);
    expect(
      await run(
        `document.cookie = 'mine=; max-age=0; path=/'; await fetch('/cookies/delete'); ${show}`,
      ),
    ).toEqual(['', '']);
    await other.close();
  });

  it('ends an aborted request at the application', async () => {
    const name = await run(`
      const controller = new AbortController();
      const response = await fetch('/endless', { signal: controller.signal });
      const reader = response.body.getReader();
      await reader.read();
      controller.abort();
      return reader.read().then(() => 'read', (error) => error.name);`);
    expect(name).toBe('AbortError');
    await app.endlessClosed();
  });

  it('saves a download', async () => {
    await page.goto(`${origin}/`);
    await page.waitFor(`document.title === 'Start'`);
    await page.evaluate(`void (location.href = '/download')`);
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    await expect
      .poll(
        () => readdirSync(downloads).map((name) => digest(readFileSync(join(downloads, name)))),
        {
          timeout: 20_000,
        },
      )
      .toEqual([digest(FILE)]);
  });

  it('asks to sign in again after signing out', async () => {
    await page.goto(`${origin}/.postern/signout`);
    await page.waitFor(`/signed out/i.test(document.body.innerText)`);
    await page.goto(`${origin}/`);
    await page.waitFor(`location.origin === ${JSON.stringify(demo.report.idp.issuer)}`);
  });
});
