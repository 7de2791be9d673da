/** A page of one protected application asks another one: as between two sites. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startCrossOriginApp, type CrossOriginApp } from '../harness/cross-origin-app.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';

let here: CrossOriginApp;
let there: CrossOriginApp;
let outside: CrossOriginApp;
let demo: RunningDemo;
let origin: string;
let other: string;
let locked: string;

beforeAll(async () => {
  [here, there, outside] = await Promise.all([
    startCrossOriginApp(),
    startCrossOriginApp(),
    startCrossOriginApp(),
  ]);
  const apps = { here: here.target, there: there.target, locked: there.target };
  demo = await startDemo(
    ...Object.entries(apps).flatMap(([name, target]) => ['--app', `${name}=${target}`]),
  );
  [origin, other, locked] = ['here', 'there', 'locked'].map(
    (name) => new URL(demo.app(name).url).origin,
  ) as [string, string, string];
  await demo.admin('PATCH', `/services/${demo.app('locked').service}`, { roleAttributes: [] });
});
afterAll(async () => {
  await demo?.stop();
  for (const app of [here, there, outside]) app?.close();
});

describe.each(browserKinds)(
  'another application, from a page in %s',
  { timeout: 40_000 },
  (kind) => {
    let browser: TestBrowser;
    let page: TestPage;
    const run = <T>(body: string): Promise<T> => page.evaluate<T>(`(async () => { ${body} })()`);
    const json = (value: unknown) => encodeURIComponent(JSON.stringify(value));
    const at = (path: string, fields: object = {}, preflight: object = {}) =>
      `${other}${path}?h=${json(fields)}&p=${json(preflight)}`;
    const mine = () => ({ 'access-control-allow-origin': origin });
    const mineWithCredentials = () => ({ ...mine(), 'access-control-allow-credentials': 'true' });

    beforeAll(async () => {
      browser = await launchBrowser(kind);
      page = await browser.newPage();
      await openSignedIn(page, demo, `${other}/`);
      await page.waitFor(`document.title === 'Start'`);
      await page.goto(`${origin}/`);
      await page.waitFor(`document.title === 'Start' && Symbol.for('postern') in window`);
    });
    afterAll(() => browser?.close());
    beforeEach(() => {
      there.seen.length = 0;
    });

    it.each<[string, () => object, string, unknown]>([
      ['nothing allowed', () => ({}), `{}`, 'TypeError'],
      ['any origin', () => ({ 'access-control-allow-origin': '*' }), `{}`, 'body of /data'],
      ['this origin', mine, `{}`, 'body of /data'],
      ['another origin', () => ({ 'access-control-allow-origin': other }), `{}`, 'TypeError'],
      ['credentials, not allowed', mine, `{ credentials: 'include' }`, 'TypeError'],
      [
        'credentials, any origin',
        () => ({ 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true' }),
        `{ credentials: 'include' }`,
        'TypeError',
      ],
      ['credentials', mineWithCredentials, `{ credentials: 'include' }`, 'body of /data'],
    ])('fetch: %s', async (_, fields, init, expected) => {
      const got = await run(
        `return fetch('${at('/data', fields())}', ${init}).then((r) => r.text(), (e) => e.name)`,
      );
      expect(got).toBe(expected);
      const { headers } = there.last('/data')!;
      expect(headers).toMatchObject({
        origin,
        referer: `${origin}/`,
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'cors',
        'sec-fetch-dest': 'empty',
      });
      expect(headers.cookie).toBeUndefined();
      expect(headers['postern-assertion']).toBeUndefined();
    });

    it('fetch and XMLHttpRequest see of the head what is exposed', async () => {
      const fields = {
        ...mine(),
        'x-shown': 'a',
        'x-own': 'b',
        'access-control-expose-headers': 'x-shown',
      };
      const got = await run(`
      const names = ['x-shown', 'x-own', 'set-cookie', 'content-type'];
      const response = await fetch('${at('/data', fields)}');
      const xhr = new XMLHttpRequest();
      xhr.open('GET', '${at('/data', fields)}');
      await new Promise((resolve) => { xhr.onloadend = resolve; xhr.send(); });
      return [names.map((name) => response.headers.get(name)), names.map((name) => xhr.getResponseHeader(name)), xhr.responseText]`);
      const seen = ['a', null, null, 'text/plain'];
      expect(got).toEqual([seen, seen, 'body of /data']);
    });

    it('a request that is not simple needs a preflight, which the application gets', async () => {
      const send = (preflight: object) =>
        run(`
      return fetch('${at('/data', mine(), preflight)}', { method: 'PUT', body: '{}', headers: { 'content-type': 'application/json', 'x-own': '1' } })
        .then((r) => r.text(), (e) => e.name)`);
      expect(await send({})).toBe('TypeError');
      expect(await send({ ...mine(), 'access-control-allow-methods': 'PUT' })).toBe('TypeError');
      expect(there.last('/data', 'PUT')).toBeUndefined();
      const allowed = {
        ...mine(),
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'content-type, x-own',
      };
      expect(await send(allowed)).toBe('body of /data');
      expect(there.last('/data', 'OPTIONS')!.headers).toMatchObject({
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type,x-own',
      });
      expect(there.last('/data', 'PUT')).toMatchObject({ body: '{}', headers: { 'x-own': '1' } });
    });

    it('a simple request without CORS arrives without anything of the person, and answers nothing', async () => {
      const got = await run(`
      const r = await fetch('${at('/data')}', { mode: 'no-cors', method: 'POST', credentials: 'include', body: 'a=1' });
      navigator.sendBeacon('${at('/beacon')}', 'x');
      return [r.type, r.status, await r.text()]`);
      expect(got).toEqual(['opaque', 0, '']);
      const { headers, body } = there.last('/data', 'POST')!;
      expect([headers.origin, headers.cookie, headers['postern-assertion'], body]).toEqual([
        origin,
        undefined,
        undefined,
        'a=1',
      ]);
      await expect.poll(() => there.last('/beacon', 'POST')?.body, { timeout: 5_000 }).toBe('x');
      expect(there.last('/beacon')!.headers.cookie).toBeUndefined();
    });

    it('cookies: those for other sites, of the pages here alone, unseen by script', async () => {
      const set = {
        ...mineWithCredentials(),
        'set-cookie': [
          'third=value-of-third; Secure; SameSite=None',
          'lax=value-of-lax; SameSite=Lax',
        ],
      };
      const get = (fields: object, credentials: string) =>
        run(
          `return (await fetch('${at('/data', fields)}', { credentials: '${credentials}' })).status`,
        );
      expect(await get(set, 'include')).toBe(200);
      await get(mineWithCredentials(), 'include');
      expect(there.last('/data')!.headers.cookie).toBe('third=value-of-third');
      await get(mineWithCredentials(), 'omit');
      expect(there.last('/data')!.headers.cookie).toBeUndefined();
      await run(`await fetch('/own')`);
      expect(here.last('/own')!.headers.cookie).not.toContain('third');

      const loot = await run<string>(`
      const open = indexedDB.open('postern');
      const db = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
      const all = db.transaction('records').objectStore('records').getAll();
      const values = await new Promise((resolve) => (all.onsuccess = () => resolve(all.result)));
      db.close();
      return document.cookie + JSON.stringify(values)`);
      expect(loot).toContain('third');
      expect(loot).not.toContain('value-of-third');

      const own = await browser.newPage();
      await own.goto(`${other}/first`);
      await own.waitFor(`document.body.innerText.includes('body of')`);
      expect(there.last('/first')!.headers.cookie).toContain('own=secret');
      expect(there.last('/first')!.headers.cookie).not.toContain('third');
      await own.close();
    });

    it.each([
      ['img', `el.src = url`, '/image'],
      ['script', `el.src = url`, '/script'],
      ['link', `el.rel = 'stylesheet'; el.href = url`, '/style'],
    ])('<%s> shows what the application lets other origins have', async (name, setUp, path) => {
      const load = (url: string, crossOrigin = false) =>
        run(`return new Promise((resolve) => {
        const url = ${JSON.stringify(url)};
        const el = document.createElement('${name}');
        ${crossOrigin ? `el.crossOrigin = 'anonymous';` : ''}
        el.onload = () => resolve('load');
        el.onerror = () => resolve('error');
        ${setUp};
        document.body.append(el);
      })`);
      expect(await load(at(path))).toBe('error');
      expect(there.last(path)!.headers).toMatchObject({ 'sec-fetch-mode': 'no-cors' });
      expect(await load(at(path, { 'cross-origin-resource-policy': 'cross-origin' }))).toBe('load');
      expect(await load(at(path, { 'access-control-allow-origin': '*' }), true)).toBe('load');
      expect(await load(at(path), true)).toBe('error');
    });

    it('EventSource streams', async () => {
      const got = await run(`return new Promise((resolve) => {
      const source = new EventSource('${at('/events', mine())}');
      source.onmessage = ({ data }) => { source.close(); resolve(data); };
      source.onerror = () => resolve('error');
    })`);
      expect(got).toBe('one');
    });

    it.each(['window', 'worker'])(
      'WebSockets of a %s have its origin, and no cookie of the application’s own pages',
      async (where) => {
        const script = `
      const socket = new WebSocket('${other.replace('http', 'ws')}/socket');
      socket.binaryType = 'arraybuffer';
      const got = [];
      socket.onopen = () => { socket.send('text'); socket.send(new Uint8Array([1, 2])); };
      socket.onmessage = ({ data }) => { got.push(typeof data === 'string' ? data : data.byteLength); if (got.length === 2) socket.close(1000, 'done'); };
      socket.onclose = ({ code, wasClean }) => answer([...got, code, wasClean]);`;
        const got = await run(
          where === 'window'
            ? `return new Promise((answer) => { ${script} })`
            : `const worker = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(`const answer = (value) => postMessage(value); ${script}`)}])));
           return new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)))`,
        );
        expect(got).toEqual(['text', 2, 1000, true]);
        const { headers } = there.last('/socket')!;
        expect([headers.origin, headers.cookie, headers['postern-assertion']]).toEqual([
          origin,
          // Of the test before: what this application set for pages here.
          'third=value-of-third',
          undefined,
        ]);
      },
    );

    it('a refused WebSocket fails, and one to no application is the browser’s own matter', async () => {
      const got = await run(`
      const end = (url) => new Promise((resolve) => { new WebSocket(url).onclose = ({ code }) => resolve(code); });
      const outside = new Promise((resolve) => { const s = new WebSocket('${outside.target.replace('http', 'ws')}/x'); s.onopen = () => s.send('hi'); s.onmessage = ({ data }) => resolve(data); s.onclose = ({ code }) => resolve(code); });
      return [await end('${other.replace('http', 'ws')}/refused'), await end('${other.replace('http:', 'ws:').replace('there', 'nothing')}/x'), await outside]`);
      expect(got).toEqual([1006, 1006, 'hi']);
    });

    it('an application without access is a network error, also to WebSockets', async () => {
      const url = `${locked}/data?h=${json({ 'access-control-allow-origin': '*' })}`;
      const got = await run<unknown[]>(`return [
      await fetch('${url}').then((r) => r.status, (e) => e.name),
      await fetch('${url}', { mode: 'no-cors' }).then((r) => r.type, (e) => e.name),
      await new Promise((resolve) => { new WebSocket('${locked.replace('http', 'ws')}/socket').onclose = ({ code }) => resolve(code); })]`);
      expect(got.slice(0, 2)).toEqual(['TypeError', 'TypeError']);
      expect([1006, 1008]).toContain(got[2]);
      expect(there.seen).toEqual([]);
    });

    it('nothing of the gateway at the other origin is to be had', async () => {
      const got =
        await run(`return Promise.all(['/.postern/config.json', '/postern-sw.js', '/.postern/status'].map((path) =>
      fetch('${other}' + path).then((r) => r.status, (e) => e.name)))`);
      expect(got).toEqual(['TypeError', 'TypeError', 'TypeError']);
      expect(there.seen).toEqual([]);
    });

    it('redirects from here to there, and outside, follow the same rules', async () => {
      const through = (target: string) => `/move?status=302&h=${json({ location: target })}`;
      const elsewhere = `${outside.target}/data?h=${json({ 'access-control-allow-origin': '*' })}`;
      const got = await run(`return Promise.all([
      '${through(at('/data', mine()))}', '${through(at('/data'))}', '${through(elsewhere)}', '${elsewhere}',
    ].map((path) => fetch(path).then((r) => r.text(), (e) => e.name)))`);
      expect(got).toEqual(['body of /data', 'TypeError', 'body of /data', 'body of /data']);
      // The browser itself asked outside, and told of itself.
      expect(outside.last('/data')!.headers).toMatchObject({ 'sec-fetch-site': 'cross-site' });
    });

    it('a form posted there is a navigation from another site', async () => {
      const form = await browser.newPage();
      await form.goto(`${origin}/`);
      await form.waitFor(`document.title === 'Start'`);
      await form.evaluate(`(() => {
      const form = document.createElement('form');
      form.method = 'post';
      form.action = '${other}/form';
      document.body.append(form);
      form.submit();
    })()`);
      await form.waitFor(`location.pathname === '/form'`);
      await expect.poll(() => there.last('/form', 'POST')).toBeDefined();
      const { headers } = there.last('/form', 'POST')!;
      expect(headers.origin).toBe(origin);
      expect(headers.cookie ?? '').not.toContain('own=');
      expect(headers.cookie ?? '').not.toContain('strict=');
      await form.close();
    });
  },
);
