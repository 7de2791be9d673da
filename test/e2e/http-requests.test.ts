/** Requests of pages that the browser alone would not lead through the worker, or not wholly. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { startHttpApp, type HttpApp } from '../harness/http-app.ts';
import { openSignedIn } from '../harness/sign-in.ts';

describe.each(browserKinds)('requests in %s', { timeout: 40_000 }, (kind) => {
  let app: HttpApp;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;
  let origin: string;
  const downloads = mkdtempSync(join(tmpdir(), 'postern-downloads-'));

  /** Runs the body of an async function in the page. */
  const run = <T>(body: string): Promise<T> => page.evaluate<T>(`(async () => { ${body} })()`);

  beforeAll(async () => {
    app = await startHttpApp();
    demo = await startDemo('--app', `http=${app.url}`);
    origin = new URL(demo.app('http').url).origin;
    browser = await launchBrowser(kind, { downloads });
    page = await browser.newPage();
    await openSignedIn(page, demo, `${origin}/`);
    await page.waitFor(`document.title === 'Start'`);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.close();
    rmSync(downloads, { recursive: true, force: true });
  });

  it('what the runtime replaced looks as before', async () => {
    const got = await run(`
      const facts = (value) => [value.name, value.length, Function.prototype.toString.call(value).includes('[native code]')];
      return [facts(fetch), facts(XMLHttpRequest.prototype.open), facts(window.open), facts(EventSource), Object.keys(window).filter((name) => /postern/i.test(name)),
        new XMLHttpRequest() instanceof XMLHttpRequest, Object.prototype.toString.call(XMLHttpRequest.prototype)]`);
    expect(got).toEqual([
      ['fetch', 1, true],
      ['open', 2, true],
      ['open', 0, true],
      ['EventSource', 1, true],
      [],
      true,
      '[object XMLHttpRequest]',
    ]);
  });

  it.each([
    ['fetch', `fetch(path, { signal: controller.signal })`],
    ['fetch of a Request', `fetch(new Request(path, { signal: controller.signal }))`],
    [
      'XMLHttpRequest',
      `new Promise((resolve, reject) => { const x = new XMLHttpRequest(); x.open('GET', path); x.onabort = reject; x.onload = resolve; controller.signal.onabort = () => x.abort(); x.send(); })`,
    ],
  ])('an abort before the head reaches the application: %s', async (name, request) => {
    const path = `/hang?${name.replaceAll(' ', '-')}`;
    await page.evaluate(
      `void (async () => { const path = '${path}'; const controller = window.controller = new AbortController(); window.outcome = (${request}).then(() => 'answered', () => 'aborted'); })()`,
    );
    await app.arrived(path);
    const abortedAt = await run<number>(
      `const at = Date.now(); controller.abort(); if (await outcome !== 'aborted') throw new Error('answered'); return at`,
    );
    expect((await app.broken(path)) - abortedAt).toBeLessThan(1_000);
  });

  it('a page that goes away ends what it waits for', async () => {
    const other = await browser.newPage();
    await other.goto(`${origin}/`);
    await other.waitFor(`document.title === 'Start'`);
    await other.evaluate(
      `void fetch('/hang?left', { signal: new AbortController().signal }).catch(() => undefined)`,
    );
    await app.arrived('/hang?left');
    await other.goto(`${origin}/seen`);
    await app.broken('/hang?left');
    await other.close();
  });

  it.each(['/upload', '/redirect-upload'])('XMLHttpRequest: upload events for %s', async (path) => {
    const got = await run<{ events: string[]; sent: number; answer: unknown; digest: string }>(`
      const body = new Blob([new Uint8Array(3_000_000).map((_, i) => i)]);
      const xhr = new XMLHttpRequest();
      const events = [];
      let sent = 0;
      for (const name of ['loadstart', 'progress', 'load', 'loadend', 'error', 'abort']) {
        xhr.upload.addEventListener(name, (e) => { if (events.at(-1) !== name) events.push(name); if (name === 'progress') { sent = e.loaded; if (e.total !== body.size || !e.lengthComputable) events.push('wrong total'); } });
      }
      xhr.open('POST', '${path}');
      xhr.responseType = 'json';
      xhr.setRequestHeader('content-type', 'application/x-own');
      await new Promise((resolve) => { xhr.onloadend = resolve; xhr.send(body); });
      const digest = [...new Uint8Array(await crypto.subtle.digest('SHA-256', await body.arrayBuffer()))].map((b) => b.toString(16).padStart(2, '0')).join('');
      return { events, sent, answer: xhr.response, digest };`);
    expect(got.events.filter((name) => name !== 'progress')).toEqual([
      'loadstart',
      'load',
      'loadend',
    ]);
    expect(got).toMatchObject({
      sent: 3_000_000,
      answer: {
        method: 'POST',
        length: 3_000_000,
        announced: '3000000',
        type: 'application/x-own',
        sha256: got.digest,
      },
    });
  });

  it('an XMLHttpRequest upload that is aborted says so', async () => {
    const events = await run(`
      const xhr = new XMLHttpRequest();
      const events = [];
      xhr.upload.onabort = () => events.push('upload abort');
      xhr.upload.onload = () => events.push('upload load');
      xhr.onabort = () => events.push('abort');
      xhr.open('POST', '/hang?upload');
      const ended = new Promise((resolve) => (xhr.onloadend = resolve));
      xhr.upload.onloadstart = () => setTimeout(() => xhr.abort(), 0);
      xhr.send(new Blob([new Uint8Array(80_000_000)]));
      await ended;
      return events.sort();`);
    expect(events).toEqual(['abort', 'upload abort']);
  });

  it('a form with a file arrives as from the browser itself', async () => {
    const got = await run<{ length: number; announced: string; type: string }>(`
      const form = new FormData();
      form.append('text "1"', 'a\\nb');
      form.append('file', new File([new Uint8Array(600_000)], 'ä.bin', { type: 'application/x-bin' }));
      return (await fetch('/upload', { method: 'POST', body: form })).json();`);
    expect(got.type).toMatch(/^multipart\/form-data; boundary=/);
    expect(got.length).toBeGreaterThan(600_000);
    if (kind === 'firefox') expect(got.announced).toBe(String(got.length));
  });

  it('keepalive and beacons, also of a page that closes', async () => {
    expect(await run(`return (await fetch('/seen?keepalive', { keepalive: true })).status`)).toBe(
      200,
    );
    const other = await browser.newPage();
    await other.goto(`${origin}/`);
    await other.waitFor(`document.title === 'Start'`);
    await other.evaluate(`addEventListener('pagehide', () => {
      fetch('/seen?at-the-end', { method: 'POST', body: 'x', keepalive: true });
      navigator.sendBeacon('/seen?beacon', 'x');
    })`);
    await other.goto(`${origin}/seen`);
    await Promise.all([app.arrived('/seen?at-the-end'), app.arrived('/seen?beacon')]);
    await other.close();
  });

  it('a synchronous XMLHttpRequest works, or says why it does not', async () => {
    const got = await run(`
      const xhr = new XMLHttpRequest();
      xhr.open('GET', '/seen?sync', false);
      try { xhr.send(); return xhr.status; } catch (error) { return error.name; }`);
    expect(got).toBe(kind === 'chromium' ? 'NetworkError' : 200);
  });

  it('an EventSource goes on after its last event', async () => {
    const got = await run(`return new Promise((resolve) => {
      const source = new EventSource('/ids');
      const got = [source.readyState, source.url, source instanceof EventSource];
      source.addEventListener('step', (e) => {
        got.push([e.data, e.lastEventId, e.origin === location.origin]);
        if (got.length === 6) { source.close(); resolve([...got, source.readyState]); }
      });
      source.onmessage = () => got.push('cut off');
    })`);
    expect(got).toEqual([
      0,
      `${origin}/ids`,
      true,
      ['a1\nb', '1', true],
      ['a2\nb', '2', true],
      ['a3\nb', '3', true],
      2,
    ]);
  });

  it.each([
    ['about:blank', `document.body.append(frame)`],
    [
      'document.write',
      `document.body.append(frame); frame.contentDocument.write('<p>'); frame.contentDocument.close()`,
    ],
    ['javascript:', `frame.src = 'javascript:"<p>x"'; document.body.append(frame); await loaded`],
    [
      'blob:',
      `frame.src = URL.createObjectURL(new Blob(['<p>x'], { type: 'text/html' })); document.body.append(frame); await loaded`,
    ],
    ['srcdoc', `frame.srcdoc = '<p>x'; document.body.append(frame); await loaded`],
    [
      'a frame in such a frame',
      `document.body.append(frame); const inner = frame.contentDocument.createElement('iframe'); frame.contentDocument.body.append(inner); frame = inner`,
    ],
  ])('script in %s reaches the application', async (_, make) => {
    const got = await run<unknown[]>(`
      await fetch('/seen');
      let frame = document.createElement('iframe');
      const loaded = new Promise((resolve) => (frame.onload = resolve));
      ${make};
      const w = frame.contentWindow;
      const assertion = 'postern-assertion' in await (await w.fetch('/seen')).json();
      const xhr = await new Promise((resolve) => { const x = new w.XMLHttpRequest(); x.open('GET', '/seen'); x.onloadend = () => resolve(x.status); x.send(); });
      document.cookie = 'framed=1; path=/';
      const same = w.document.cookie === document.cookie && w.document.cookie.includes('framed=1');
      document.cookie = 'framed=; max-age=0; path=/';
      return [assertion, xhr, same, w.WebSocket === WebSocket];`);
    expect(got).toEqual([true, 200, true, true]);
  });

  it('<a download> saves what the application sends', async () => {
    await run(`
      const anchor = document.createElement('a');
      anchor.href = '/named';
      anchor.download = 'näme.html';
      anchor.click();
      document.body.append(anchor);
      anchor.href = '/bytes?count=300000';
      anchor.download = 'bytes.bin';
      anchor.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));`);
    // Chromium's driver names files itself.
    const files = (): Buffer[] =>
      readdirSync(downloads).map((name) => readFileSync(join(downloads, name)));
    await expect
      .poll(
        () =>
          files()
            .map(({ length }) => length)
            .sort(),
        { timeout: 20_000 },
      )
      .toEqual([300_000, '<!doctype html><title>A file</title>'.length]);
    expect(files().some((file) => file.toString() === '<!doctype html><title>A file</title>')).toBe(
      true,
    );
    expect(await page.evaluate(`document.title`)).toBe('Start');
  });

  it('opens again after a page unregistered the worker', async () => {
    for (let round = 0; round < 3; round++) {
      const other = await browser.newPage();
      await other.goto(`${origin}/`);
      await other.waitFor(`document.title === 'Start'`);
      await other.evaluate(`(async () => {
        const frame = document.createElement('iframe');
        document.body.append(frame);
        const { ServiceWorkerRegistration, ServiceWorkerContainer } = frame.contentWindow;
        const { getRegistration } = ServiceWorkerContainer.prototype;
        const ours = await getRegistration.call(navigator.serviceWorker);
        await ServiceWorkerRegistration.prototype.unregister.call(ours);
      })()`);
      await other.goto(`${origin}/?again=${round}`);
      await other.waitFor(`document.title === 'Start' && location.search === '?again=${round}'`);
      await other.close();
    }
    await page.goto(`${origin}/`);
    await page.waitFor(`document.title === 'Start' && Symbol.for('postern') in window`);
  });

  it('performance entries show the addresses the page asked for', async () => {
    const names = await run<string[]>(`
      await (await fetch('/seen?timed', { signal: new AbortController().signal })).text();
      await new Promise((resolve) => setTimeout(resolve, 0));
      return performance.getEntriesByType('resource').map((entry) => entry.name);`);
    expect(names).toContain(`${origin}/seen?timed`);
    expect(names.filter((name) => name.includes('#postern'))).toEqual([]);
  });

  describe('the HTTP cache', () => {
    const get = (path: string, init = '{}') =>
      run<string>(`return (await fetch('${path}', ${init})).text()`);

    it('answers while fresh, and by the mode of the request', async () => {
      expect(await get('/repeat')).toBe('answer 1');
      expect(await get('/repeat')).toBe('answer 1');
      expect(await get('/repeat', `{ cache: 'reload' }`)).toBe('answer 2');
      expect(await get('/repeat', `{ cache: 'only-if-cached', mode: 'same-origin' }`)).toBe(
        'answer 2',
      );
      expect(await get('/repeat', `{ cache: 'no-store' }`)).toBe('answer 3');
      expect(await get('/repeat')).toBe('answer 2');
      await run(`await fetch('/repeat', { method: 'POST' })`);
      expect(await get('/repeat')).toBe('answer 5');
    });

    it('is emptied by Clear-Site-Data, and so are the cookies, but not the session', async () => {
      await get('/repeat');
      const asked = app.count('/repeat');
      await run(`document.cookie = 'left=1; path=/'; await fetch('/forget')`);
      await page.waitFor(`document.cookie === ''`);
      expect(await get('/repeat')).toBe(`answer ${asked + 1}`);
    });

    it('asks with conditions, and takes the new answer when there is one', async () => {
      expect(await get('/validated')).toBe('version 1');
      expect(await get('/validated')).toBe('version 1');
      expect(app.count('/validated')).toBe(2);
      await get('/validated/change');
      expect(await get('/validated')).toBe('version 2');
    });

    it('is not found by the page under its addresses, and is gone after signing out', async () => {
      expect(await run(`return (await caches.match('/repeat')) === undefined`)).toBe(true);
      await get('/repeat');
      const asked = app.count('/repeat');
      const names = `return (await caches.keys()).filter((name) => name === 'postern-http').length`;
      await page.goto(`${origin}/.postern/signout`);
      await page.waitFor(`/signed out/i.test(document.body.innerText)`);
      await openSignedIn(page, demo, `${origin}/`);
      await page.waitFor(`document.title === 'Start'`);
      expect(await run(names)).toBeLessThanOrEqual(1);
      expect(await get('/repeat')).toBe(`answer ${asked + 1}`);
    });
  });
});
