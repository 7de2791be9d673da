/** What pages of an application may expect of a browser, through the gateway as without it. */
import { createHash } from 'node:crypto';
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
import { FILE, FRAGMENT, startFidelityApp, type FidelityApp } from '../harness/fidelity-app.ts';
import { openSignedIn } from '../harness/sign-in.ts';

const hasRuntime = `Symbol.for('postern') in window`;

describe.each(browserKinds)('pages in %s', { timeout: 30_000 }, (kind) => {
  const outside = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Outside</title><h1>Outside</h1>');
  });
  let outsideUrl: string;
  let app: FidelityApp;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;
  let origin: string;

  const open = async (path: string, title: string): Promise<void> => {
    await page.goto(new URL(path, origin).href);
    await page.waitFor(`document.readyState === 'complete' && document.title === '${title}'`);
  };
  /** Runs the body of an async function in the page. */
  const run = <T>(body: string, on = page): Promise<T> =>
    on.evaluate<T>(`(async () => { ${body} })()`);

  beforeAll(async () => {
    await new Promise<void>((done) => outside.listen(0, '127.0.0.1', done));
    outsideUrl = `http://127.0.0.1:${(outside.address() as AddressInfo).port}/`;
    app = await startFidelityApp();
    demo = await startDemo('--app', `pages=${app.url}`);
    origin = new URL(demo.app('pages').url).origin;
    browser = await launchBrowser(kind);
    page = await browser.newPage();
    await openSignedIn(page, demo, `${origin}/`);
    await page.waitFor(`document.title === 'Start'`);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.close();
    outside.close();
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    'sends %s',
    async (method) => {
      const body = method === 'GET' ? '' : 'bödy';
      const got = await run<{ method: string; body: string }>(
        `return (await fetch('/echo', { method: '${method}'${body && `, body: '${body}'`} })).json()`,
      );
      expect(got).toMatchObject({ method, body });
    },
  );

  it('sends HEAD', async () => {
    const got = await run(
      `const r = await fetch('/file', { method: 'HEAD' }); return [r.status, (await r.arrayBuffer()).byteLength]`,
    );
    expect(got).toEqual([200, 0]);
  });

  it('takes a body as it is where Content-Encoding names no coding', async () => {
    const got = await run(`return (await fetch('/coding-none')).text()`);
    expect(got).toBe('as it is');
  });

  it.each([
    [301, 'GET'],
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ])('follows a POST through %i as %s', async (status, method) => {
    const got = await run<unknown[]>(`
      const r = await fetch('/redirect?status=${status}&to=echo', { method: 'POST', body: 'b' });
      const { method, body } = await r.json();
      return [r.redirected, new URL(r.url).pathname, method, body]`);
    expect(got).toEqual([true, '/echo', method, method === 'POST' ? 'b' : '']);
  });

  it('follows navigations: relative, to another application, to the outside', async () => {
    await open('/redirect?status=302&to=form-page', 'Forms');
    expect(await page.evaluate(`location.pathname`)).toBe('/form-page');
    const sample = demo.app('sample').url;
    await page.goto(`${origin}/redirect?status=302&to=${encodeURIComponent(sample)}`);
    await page.waitFor(
      `location.origin === '${new URL(sample).origin}' && document.querySelector('main')`,
    );
    await page.goto(`${origin}/redirect?status=302&to=${encodeURIComponent(outsideUrl)}`);
    await page.waitFor(`document.title === 'Outside' && location.href === '${outsideUrl}'`);
    await open('/', 'Start');
  });

  it.each([
    ['get', 'GET', ''],
    ['post', 'POST', 'application/x-www-form-urlencoded'],
    ['multipart', 'POST', 'multipart/form-data; boundary='],
  ])('submits a form by %s', async (id, method, type) => {
    await open('/form-page', 'Forms');
    await page.evaluate(`document.getElementById('${id}').submit()`);
    await page.waitFor(`document.getElementById('got')`);
    const got = await page.evaluate<Record<string, string>>(
      `JSON.parse(document.getElementById('got').textContent)`,
    );
    expect(got['method']).toBe(method);
    expect(got['type']).toContain(type);
    const fields = id === 'get' ? got['search'] : got['body'];
    expect(fields).toContain(id === 'multipart' ? 'ä & b' : 'text=%C3%A4+%26+b&n=1');
    await open('/', 'Start');
  });

  it('XMLHttpRequest: response types, upload progress, abort', async () => {
    const got = await run<unknown>(`
      const send = (set, body, method = 'GET', url = '/file') => new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        xhr.open(method, url);
        set(xhr);
        xhr.onloadend = () => resolve(xhr);
        xhr.send(body);
      });
      const buffer = (await send((xhr) => (xhr.responseType = 'arraybuffer'))).response.byteLength;
      const blob = (await send((xhr) => (xhr.responseType = 'blob'))).response;
      let loaded = 0;
      const up = await send((xhr) => (xhr.upload.onprogress = (e) => (loaded = e.loaded)), new Blob([new Uint8Array(300000)]), 'POST', '/echo');
      let aborted = 'no';
      const gone = await send((xhr) => { xhr.onabort = () => (aborted = 'yes'); setTimeout(() => xhr.abort(), 500); }, null, 'GET', '/endless');
      return { buffer, blob: [blob.size, blob.type], loaded, bytes: JSON.parse(up.responseText).bytes, aborted, status: gone.status };`);
    expect(got).toEqual({
      buffer: FILE.length,
      blob: [FILE.length, 'application/octet-stream'],
      loaded: 300_000,
      bytes: 300_000,
      aborted: 'yes',
      status: 0,
    });
    await app.endlessClosed();
  });

  it('ranges, and responses without a body', async () => {
    const got = await run<unknown>(`
      const part = await fetch('/file', { headers: { range: 'bytes=100-199' } });
      const bytes = [...new Uint8Array(await part.arrayBuffer())];
      const empty = await fetch('/empty');
      const same = await fetch('/not-modified', { headers: { 'if-none-match': '"1"' } });
      return [part.status, part.headers.get('content-range'), bytes, empty.status, same.status];`);
    expect(got).toEqual([
      206,
      `bytes 100-199/${FILE.length}`,
      [...FILE.subarray(100, 200)],
      204,
      304,
    ]);
  });

  it('an aborted fetch ends at the application', async () => {
    const startedMs = Date.now();
    const name = await run(`
      const controller = new AbortController();
      const response = await fetch('/endless', { signal: controller.signal });
      const reader = response.body.getReader();
      await reader.read();
      controller.abort();
      return reader.read().then(() => 'read', (error) => error.name);`);
    expect(name).toBe('AbortError');
    await app.endlessClosed();
    expect(Date.now() - startedMs).toBeLessThan(5_000);
  });

  it('loads modules, styles, fonts and images as such', async () => {
    await open('/parts/page', 'Parts');
    await page.waitFor(`document.documentElement.dataset.module === 'loaded'`);
    const got = await page.evaluate(
      `[getComputedStyle(document.querySelector('p')).color, document.getElementById('image').naturalWidth]`,
    );
    expect(got).toEqual(['rgb(1, 2, 3)', 7]);
    expect(app.seen).toEqual(
      expect.arrayContaining([
        'GET /parts/main.mjs script',
        'GET /parts/other.mjs script',
        'GET /parts/style.css style',
        'GET /parts/font.woff2 font',
        'GET /parts/image.svg image',
      ]),
    );
  });

  it('leaves fetched HTML as it is, and gives every page the runtime', async () => {
    expect(await run(`return (await fetch('/fragment')).text()`)).toBe(FRAGMENT);
    await open('/no/such/page', 'Missing');
    expect(await page.evaluate(hasRuntime)).toBe(true);
  });

  it('cookies: visible, HttpOnly, deleted, and in another tab', async () => {
    await open('/', 'Start');
    const other = await browser.newPage();
    await other.goto(`${origin}/`);
    await other.waitFor(`document.title === 'Start'`);
    const show = `return [document.cookie, await (await fetch('/cookies/show')).json()]`;
    expect(await run(`await fetch('/cookies/set'); ${show}`)).toEqual([
      'open=o1',
      'secret=s1; open=o1',
    ]);
    await other.waitFor(`document.cookie === 'open=o1'`);
    await other.evaluate(`void (document.cookie = 'mine=m1; path=/')`);
    await page.waitFor(`document.cookie === 'open=o1; mine=m1'`);
    expect(await run(show)).toEqual(['open=o1; mine=m1', 'secret=s1; open=o1; mine=m1']);
    expect(
      await run(
        `document.cookie = 'mine=; max-age=0; path=/'; await fetch('/cookies/delete'); ${show}`,
      ),
    ).toEqual(['', '']);
    await other.waitFor(`document.cookie === ''`);
    await other.close();
  });

  it('an EventSource reconnects', async () => {
    const ids = await run<string[]>(`return new Promise((resolve, reject) => {
      const got = [];
      const source = new EventSource('/events');
      source.onmessage = (event) => { if (got.push(event.data) === 3) { source.close(); resolve(got); } };
      setTimeout(() => reject(new Error('only ' + got.length)), 20000);
    })`);
    expect(ids).toEqual(['none', '7', '7']);
  });

  it.each(['nonce', 'hash'])('keeps a strict policy by %s', async (by) => {
    await open(`/csp/${by}`, by === 'nonce' ? 'Nonce' : 'Hash');
    const got = await run(`
      const { inline, evil } = document.documentElement.dataset;
      const script = document.createElement('script');
      script.textContent = 'document.documentElement.dataset.added = "ran"';
      document.body.append(script);
      const image = await new Promise((resolve) => {
        const element = new Image();
        element.onload = () => resolve('loaded');
        element.onerror = () => resolve('refused');
        element.src = '/parts/image.svg';
      });
      let evaluated;
      try { evaluated = (0, eval)('"ran"'); } catch { evaluated = 'refused'; }
      return [${hasRuntime}, inline, evil ?? 'refused', document.documentElement.dataset.added ?? 'refused', image, evaluated];`);
    expect(got).toEqual([true, 'ran', 'refused', 'refused', 'refused', 'refused']);
    await open('/', 'Start');
  });

  it('a response that breaks off is an error, never a short success', async () => {
    const got = await run(`
      const text = await fetch('/truncated').then((r) => r.text()).then((t) => t.length, () => 'error');
      const xhr = await new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open('GET', '/truncated');
        request.onload = () => resolve('loaded');
        request.onerror = request.onabort = () => resolve('error');
        request.send();
      });
      return [text, xhr];`);
    expect(got).toEqual(['error', 'error']);
  });

  it('a download has every byte', async () => {
    const sha = await run<string>(`
      const bytes = await (await fetch('/download')).arrayBuffer();
      return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((b) => b.toString(16).padStart(2, '0')).join('')`);
    expect(sha).toBe(createHash('sha256').update(FILE).digest('hex'));
  });

  it('a worker that the browser stopped comes back with the next request', async (context) => {
    if (browser.stopServiceWorkers === undefined) {
      process.stderr.write(`skipped: ${kind} has no command that stops a service worker\n`);
      return context.skip();
    }
    await run(`await fetch('/cookies/set')`);
    await browser.stopServiceWorkers();
    expect(await run(`return (await fetch('/cookies/show')).json()`)).toBe('secret=s1; open=o1');
    await run(`await fetch('/cookies/delete')`);
  });

  it('more requests than streams at once all get their answer', async () => {
    const statuses = await run<number[]>(
      `return Promise.all(Array.from({ length: 400 }, (_, i) => fetch('/empty?' + i).then((r) => r.status)))`,
    );
    expect(new Set(statuses)).toEqual(new Set([204]));
  });
});
