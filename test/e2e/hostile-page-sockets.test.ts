/**
 * More of what script of a protected application may try: with WebSockets and web workers, the reserved
 * paths, cookies and caches. It gains nothing beyond its own application (see `hostile-page.test.ts`).
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser, type TestPage } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { startRecordingApp, type RecordingApp } from '../harness/hostile-app.ts';
import { openSignedIn } from '../harness/sign-in.ts';

const ownCookie = 'http-only-value-of-the-hostile-app';
const victimCookie = 'http-only-value-of-the-victim';

let hostile: RecordingApp;
let victim: RecordingApp;
let demo: RunningDemo;
let browser: TestBrowser;
let page: TestPage;
let url: string;
let victimUrl: string;

beforeAll(async () => {
  hostile = await startRecordingApp('Hostile', ownCookie);
  victim = await startRecordingApp('Victim', victimCookie);
  demo = await startDemo('--app', `hostile=${hostile.target}`, '--app', `victim=${victim.target}`);
  url = demo.app('hostile').url;
  victimUrl = demo.app('victim').url;
  browser = await launchBrowser('chromium');
  page = await browser.newPage();
  await openSignedIn(page, demo, url);
  await page.waitFor(`window.kit`);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  hostile?.close();
  victim?.close();
});
beforeEach(async () => {
  await page.goto(url);
  await page.waitFor(`document.querySelector('#app')?.textContent === 'Hostile' && window.kit`);
});

/** Runs the body of an async function in the page. */
const run = <T>(body: string): Promise<T> => page.evaluate<T>(`(async () => { ${body} })()`);

/** Runs the body of an async function in a web worker of the page. */
const runInWorker = <T>(body: string): Promise<T> =>
  run<T>(`const text = ${JSON.stringify(`(async () => { ${body} })().then(postMessage, (error) => postMessage('threw ' + error.name))`)};
    const worker = new Worker(URL.createObjectURL(new Blob([text])));
    return new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));`);

const openSocket = (target: string, resume?: object): string => `
  const id = crypto.randomUUID();
  const response = await fetch(self.origin + '/.postern/socket/' + id, { method: 'POST', body: JSON.stringify({ url: '${target}', protocols: [], resume: ${JSON.stringify(resume)} }) });
  const text = await Promise.race([response.text(), new Promise((resolve) => setTimeout(resolve, 3000, 'open'))]);`;

describe('sockets of web workers', () => {
  it('open one to another application as the foreign origin alone', async () => {
    const target = `ws://${new URL(victimUrl).host}/stolen-by-worker`;
    await runInWorker<number>(`${openSocket(target)} return response.status;`);
    await expect.poll(() => victim.last('/stolen-by-worker')).toBeDefined();
    const { headers } = victim.last('/stolen-by-worker')!;
    expect(headers.origin).toBe(new URL(url).origin);
    expect([headers.cookie, headers['postern-assertion']]).toEqual([undefined, undefined]);
    expect(hostile.last('/stolen-by-worker')).toBeUndefined();
  });

  it.each([
    'guessed',
    'AAAAAAAAAAAAAAAAAAAAAA',
    '../..',
    'new',
    'x 0\\r\\npostern-assertion: forged',
  ])('resume none by the id %j', async (id) => {
    const target = `ws://${new URL(url).host}/resumed`;
    const got = await runInWorker<string>(
      `${openSocket(target, { id, received: 0 })} return response.status + text;`,
    );
    expect(got).not.toContain('"kind":"open"');
    expect(JSON.stringify(hostile.seen)).not.toContain('forged');
  });

  it('are not reached by an id that another page uses, nor by a navigation', async () => {
    const got = await run<number[]>(`
      const put = await fetch('/.postern/socket/' + crypto.randomUUID(), { method: 'PUT', body: 'x' });
      const get = await fetch('/.postern/socket/' + crypto.randomUUID());
      const odd = await fetch('/.postern/socket/..%2f..%2fx', { method: 'POST', body: '{}' });
      return [put.status, get.status, odd.status];`);
    expect(got).toEqual([404, 404, 404]);
    await run(`const form = document.createElement('form'); form.method = 'post';
      form.action = '/.postern/socket/' + crypto.randomUUID(); document.body.append(form); form.submit();`);
    // An empty 404: the browser shows a page of its own.
    await page.waitFor(`!window.kit && document.readyState === 'complete'`);
    expect(await page.evaluate(`document.documentElement.innerText`)).not.toContain('accepted');
  });

  it('do not harm the service worker by what they say', async () => {
    const statuses = await run<number[]>(`
      const id = crypto.randomUUID(), path = '/.postern/socket/' + id;
      const open = await fetch(path, { method: 'POST', body: JSON.stringify({ url: location.origin.replace('http', 'ws') + '/x', protocols: [] }) });
      const bodies = [[255, 255, 255, 255, 0], [1, 0, 0, 0, 9, 0], [2, 0, 0, 0, 0, 123, 123], [1, 0, 0, 0, 1, 255]];
      const statuses = [open.status];
      for (const body of bodies) statuses.push((await fetch(path, { method: 'PUT', body: Uint8Array.from(body) })).status);
      statuses.push((await fetch(path, { method: 'POST', body: '{"url":1}' })).status);
      statuses.push((await fetch('/still-works')).status);
      return statuses;`);
    expect(statuses[0]).toBe(200);
    for (const status of statuses.slice(1, -1)) expect([400, 404]).toContain(status);
    expect(statuses.at(-1)).toBe(200);
  });

  it('past the service worker end at the gateway', async () => {
    const socket = `ws://${new URL(url).host}/past`;
    const got = await run(`
      const text = 'const s = new WebSocket("${socket}"); s.onopen = () => postMessage("open"); s.onerror = () => postMessage("error");';
      const worker = new Worker('data:text/javascript,' + encodeURIComponent(text));
      return new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));`);
    expect(got).toBe('error');
    expect(hostile.last('/past')).toBeUndefined();
  });
});

describe('reserved paths', () => {
  it.each(['signout', 'status', 'callback?code=x&state=y', 'unknown'])(
    'give nothing to script: /.postern/%s',
    async (path) => {
      const got = await runInWorker<[number, string]>(
        `const r = await fetch(self.origin + '/.postern/${path}'); return [r.status, await r.text()];`,
      );
      expect(got).toEqual([404, '']);
      // Still signed in.
      expect(await run<number>(`return (await fetch('/after')).status`)).toBe(200);
    },
  );

  it('give nothing to a frame either', async () => {
    const text = await run<string>(`
      const frame = document.createElement('iframe');
      const loaded = new Promise((resolve) => (frame.onload = resolve));
      frame.src = '/.postern/status';
      document.body.append(frame);
      await loaded;
      return frame.contentDocument?.body?.innerText ?? 'blocked';`);
    expect(text).not.toMatch(/alice|router|identity/i);
  });
});

describe('messages between runtime and worker', () => {
  it('carry no secret, for a page that listens to all of them', async () => {
    const heard = await run<string>(`
      const heard = [];
      for (const type of [MessagePort, ServiceWorker, Worker]) {
        const { postMessage } = type.prototype;
        type.prototype.postMessage = function (...args) { heard.push(args[0]); return postMessage.apply(this, args); };
      }
      const native = kit.listen();
      const socket = new WebSocket('/anything');
      await new Promise((resolve) => (socket.onclose = resolve));
      document.cookie = 'heard=1';
      await fetch('/cookies');
      await new Promise((resolve) => setTimeout(resolve, 500));
      return JSON.stringify([heard, native]);`);
    expect(heard).toContain('postern.');
    const session = await run<Record<string, string>>(`return kit.read('session')`);
    for (const secret of [session['accessToken']!, session['refreshToken']!, ownCookie, 'eyJ']) {
      expect(heard).not.toContain(secret);
    }
  });
});

describe('cookies by cookieStore', () => {
  it('show no HttpOnly value, and none can be replaced or faked', async () => {
    const got = await run<[string[], string]>(`
      await fetch('/cookies');
      await cookieStore.set('session', 'forged');
      await cookieStore.set({ name: 'session', value: 'forged', path: '/' }).catch(() => undefined);
      const fails = [];
      for (const name of ['__Http-a', '__Host-Http-a']) await cookieStore.set(name, '1').catch(({ name: e }) => fails.push(e));
      document.cookie = '__Http-b=1; Secure; Path=/';
      await fetch('/by-cookie-store');
      return [fails, JSON.stringify(await cookieStore.getAll()) + document.cookie];`);
    expect(got[0]).toEqual(['TypeError', 'TypeError']);
    expect(got[1]).not.toMatch(new RegExp(`${ownCookie}|__Http|~1\\.`));
    const { cookie = '' } = hostile.last('/by-cookie-store')!.headers;
    expect(cookie).toContain(`session=${ownCookie}`);
    expect(cookie).not.toMatch(/forged|__Http/);
  });
});

describe('caches', () => {
  it('that the page fills with its own answers change nothing of what is ours', async () => {
    await run(`
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const { CacheStorage } = frame.contentWindow;
      const { keys, open } = CacheStorage.prototype;
      for (const name of [...await keys.call(caches), 'postern-evil']) {
        const cache = await open.call(caches, name);
        for (const request of [...await cache.keys(), new Request('/'), new Request('/postern-sw.js'), new Request('/.postern/config.json')])
          await cache.put(request, new Response('<title>Evil</title>window.evil = 1', { headers: { 'content-type': 'text/html' } })).catch(() => undefined);
      }`);
    const other = await browser.newPage();
    await other.goto(victimUrl);
    await other.waitFor(`document.querySelector('#app')?.textContent === 'Victim'`);
    const config = await other.evaluate<string>(
      `fetch('/.postern/config.json').then((r) => r.text())`,
    );
    expect(config).not.toContain('Evil');
    await other.close();
    const own = await run<string>(`return (await fetch('/.postern/config.json')).text()`);
    expect(own).not.toContain('Evil');
  });
});
