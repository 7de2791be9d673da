/** Cookies as script and application see them: straight at the application and through the gateway, the same. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';

/** Answers with the `Cookie` field it got; `?set=` is sent as `Set-Cookie`, one a line. */
function startApp(): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://app.invalid');
    const set = url.searchParams.get('set');
    if (set !== null) response.setHeader('set-cookie', set.split('\n'));
    const isPage = request.headers['sec-fetch-dest'] === 'document';
    response.setHeader('content-type', isPage ? 'text/html' : 'application/json');
    response.end(
      isPage
        ? '<!doctype html><title>Cookies</title>'
        : JSON.stringify(request.headers.cookie ?? ''),
    );
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

/** Each sets cookies somehow and returns what script and server then see. */
const cases: Record<string, string> = {
  'by the server': `await set('a=1\\nb=2; Path=/dir\\nc=3; HttpOnly\\nd=4; Max-Age=0\\ne=5; Expires=Wed, 01 Jan 2070 00:00:00 GMT'); return seen();`,
  paths: `await set('a=1; Path=/dir\\na=2; Path=/\\na=3; Path=/dirx\\na=4; Path=/dir/'); return seen();`,
  'default path': `await set('a=1', '/dir/sub/file'); document.cookie = 'b=2'; return [await seen(), await seen('/dir/sub/x')];`,
  'replaced and removed': `await set('a=1; Path=/'); document.cookie = 'a=2; path=/'; const x = await seen(); document.cookie = 'a=; path=/; max-age=0'; return [x, await seen()];`,
  'HttpOnly against script': `await set('a=secret; HttpOnly; Path=/'); document.cookie = 'a=forged; path=/'; document.cookie = 'b=1; HttpOnly; path=/'; for (let i = 0; i < 100 && document.cookie !== ''; i++) await new Promise((go) => setTimeout(go, 20)); return seen();`,
  prefixes: `document.cookie = '__Secure-a=1'; document.cookie = '__Host-a=1; Secure; Path=/dir'; document.cookie = '__Host-b=1; Secure; Path=/'; document.cookie = '__Secure-c=1; Secure; Path=/'; return seen();`,
  domains: `document.cookie = 'a=1; Domain=example.com; Path=/'; document.cookie = 'b=1; Domain=com; Path=/'; document.cookie = 'c=1; Domain=' + location.hostname + 'x; Path=/'; return seen();`,
  sizes: `document.cookie = 'big=' + 'x'.repeat(4093) + ';path=/'; document.cookie = 'fit=' + 'x'.repeat(4093 - 1) + ';path=/'; const [script, server] = await seen(); return [script.length, server.length];`,
  'odd names and values': `for (const text of ['a="q, q"; path=/', 'b=x y; path=/', 'c=é; path=/', 'e=1=2; path=/', ' f = 3 ;path=/', 'g=\\x01; path=/']) document.cookie = text; return seen();`,
  SameSite: `await set('a=1; SameSite=None; Path=/\\nb=2; SameSite=None; Secure; Path=/\\nc=3; SameSite=Strict; Path=/\\nd=4; SameSite=nonsense; Path=/'); return seen();`,
  'cookieStore: set, get, getAll, delete': `if (!window.cookieStore) return 'none';
    await cookieStore.set('s', '1'); await cookieStore.set({ name: 't', value: '2', expires: Date.now() + 1e6, path: '/dir/', sameSite: 'lax' });
    const list = (await cookieStore.getAll()).map((c) => ({ ...c, expires: c.expires > 0 })).sort((a, b) => (a.name < b.name ? -1 : 1));
    const one = await cookieStore.get('s'), none = await cookieStore.get('no');
    await cookieStore.delete('s'); await cookieStore.delete({ name: 't', path: '/dir/' });
    return [list, one, none, await cookieStore.getAll(), await seen()];`,
  'cookieStore: what it refuses': `if (!window.cookieStore) return 'none';
    const fails = (promise) => promise.then(() => 'done', (error) => error.name);
    return Promise.all([fails(cookieStore.get()), fails(cookieStore.set('a;b', '1')), fails(cookieStore.set('a=b', '1')), fails(cookieStore.set('a', '1;2')),
      fails(cookieStore.set({ name: 'a', value: '1', domain: 'example.com' })), fails(cookieStore.set({ name: 'a', value: '1', domain: '.' + location.hostname })), fails(cookieStore.set({ name: '__Host-a', value: '1', path: '/x' })),
      fails(cookieStore.set('', '')), fails(cookieStore.set('x', 'y'.repeat(4096))), fails(cookieStore.get({ url: '/other' })), fails(cookieStore.set({ name: 'a', value: '1', path: 'x' }))]);`,
  'cookieStore: change events': `if (!window.cookieStore) return 'none';
    const events = []; const listen = (event) => events.push([event.type, event instanceof CookieChangeEvent, event.changed.map((c) => [c.name, c.value]), event.deleted.map((c) => [c.name, c.value])]);
    cookieStore.addEventListener('change', listen);
    const until = async (count) => { for (let i = 0; i < 200 && events.length < count; i++) await new Promise((go) => setTimeout(go, 20)); };
    document.cookie = 'k=1; path=/'; await until(1); await cookieStore.set('k', '2'); await until(2);
    await set('m=3; Path=/'); await until(3); await cookieStore.delete('k'); await until(4);
    cookieStore.removeEventListener('change', listen); return events;`,
  eviction: `for (let i = 0; i < 200; i++) document.cookie = 'n' + i + '=1; path=/'; for (let i = 0; i < 100 && (document.cookie.includes('n0=') || !document.cookie.includes('n199=')); i++) await new Promise((go) => setTimeout(go, 100)); const [script, server] = await seen(); return [script.split('; ').length >= 150, script.includes('n199='), script.includes('n0=')];`,
};
const helpers = `
  const set = (value, path = '/dir/set') => fetch(path + '?set=' + encodeURIComponent(value)).then((r) => r.text());
  const order = (text) => text.split('; ').sort().join('; ');
  const seen = async (path = '/dir/show') => [order(document.cookie), order(await (await fetch(path)).json())];
  const names = (await (await fetch('/dir/show')).json()).split('; ').map((pair) => pair.split('=')[0]);
  for (const name of new Set([...names, 'a', 'b', 'c', 'd', 'e', 'k', 'm'])) for (const path of ['/', '/dir', '/dir/', '/dirx', '/dir/sub'])
    await set([name + '=; HttpOnly; Max-Age=0; Path=' + path, name + '=; Secure; Max-Age=0; Path=' + path].join('\\n'));
`;

describe.each(browserKinds)('cookies in %s', { timeout: 60_000 }, (kind) => {
  let app: Server;
  let appUrl: string;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let direct: TestPage;
  let page: TestPage;
  let origin: string;

  beforeAll(async () => {
    app = await startApp();
    const { port } = app.address() as AddressInfo;
    demo = await startDemo('--app', `cookies=http://127.0.0.1:${port}`);
    origin = new URL(demo.app('cookies').url).origin;
    // A name like the one of the gateway, and a secure context too.
    appUrl = `http://direct.localhost:${port}`;
    browser = await launchBrowser(kind);
    direct = await browser.newPage();
    await direct.goto(`${appUrl}/dir/page`);
    await direct.waitFor(`document.title === 'Cookies'`);
    page = await browser.newPage();
    await openSignedIn(page, demo, `${origin}/dir/page`);
    await page.waitFor(`document.title === 'Cookies'`);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.closeAllConnections();
    app?.close();
  });

  it.each(Object.keys(cases))('%s', async (name) => {
    const script = `(async () => { ${helpers} ${cases[name]!} })()`;
    const expected = await direct.evaluate(script);
    expect(await page.evaluate(script)).toEqual(expected);
  });

  it('tell other tabs of changes, by document.cookie and by cookieStore', async () => {
    const other = await browser.newPage();
    await other.goto(`${origin}/dir/page`);
    await other.waitFor(`document.title === 'Cookies'`);
    await other.evaluate(
      `window.changes = []; window.cookieStore?.addEventListener('change', ({ changed, deleted }) => changes.push(...changed.map((c) => c.name), ...deleted.map((c) => '-' + c.name)))`,
    );
    await page.evaluate(`document.cookie = 'shared=1; path=/'`);
    await other.waitFor(`document.cookie.includes('shared=1')`);
    await page.evaluate(`document.cookie = 'shared=; path=/; max-age=0'`);
    await other.waitFor(`!document.cookie.includes('shared')`);
    const has = await other.evaluate(`'cookieStore' in window`);
    if (has) await other.waitFor(`changes.includes('shared') && changes.includes('-shared')`);
    await other.close();
  });
});
