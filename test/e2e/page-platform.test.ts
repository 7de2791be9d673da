/**
 * What browsers tie to response headers, and what they lead past service workers: it works through the
 * gateway, or ends at an error that says so. Never does a page of the gateway stand for the application.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { startPlatformApp, type PlatformApp } from '../harness/platform-app.ts';
import { openSignedIn } from '../harness/sign-in.ts';

let app: PlatformApp;
let demo: RunningDemo;
let origin: string;

beforeAll(async () => {
  app = await startPlatformApp();
  demo = await startDemo('--app', `platform=${app.url}`);
  origin = new URL(demo.app('platform').url).origin;
});
afterAll(async () => {
  await demo?.stop();
  app?.close();
});

describe.each(browserKinds)('pages in %s', { timeout: 40_000 }, (kind) => {
  let browser: TestBrowser;
  let page: TestPage;
  const run = <T>(body: string): Promise<T> => page.evaluate<T>(`(async () => { ${body} })()`);
  const open = async (path: string, title: string): Promise<void> => {
    await page.goto(origin + path);
    await page.waitFor(
      `document.title === '${title}' && location.pathname === '${path}' && document.readyState === 'complete'`,
    );
  };

  beforeAll(async () => {
    browser = await launchBrowser(kind);
    page = await browser.newPage();
    await openSignedIn(page, demo, `${origin}/`);
    await page.waitFor(`document.title === 'Start'`);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    await open('/', 'Start');
    app.seen.length = 0;
  });

  describe('response headers', () => {
    it('Accept-CH: client hints are those of the browser, more of them once asked for', async () => {
      const hints = async (): Promise<Record<string, string>> => {
        const headers = await run<Record<string, string>>(`return (await fetch('/seen')).json()`);
        return Object.fromEntries(Object.entries(headers).filter(([name]) => /^sec-ch/.test(name)));
      };
      const low = await hints();
      await open('/hints', 'Hints');
      const high = await hints();
      if (kind === 'firefox') {
        expect([low, high]).toEqual([{}, {}]);
        return;
      }
      expect(Object.keys(low).sort()).toEqual([
        'sec-ch-ua',
        'sec-ch-ua-mobile',
        'sec-ch-ua-platform',
      ]);
      const own = await run<Record<string, string>>(`
        const { brands, platform } = navigator.userAgentData;
        const { architecture, fullVersionList } = await navigator.userAgentData.getHighEntropyValues(['architecture', 'fullVersionList']);
        const list = (all) => all.map(({ brand, version }) => JSON.stringify(brand) + ';v=' + JSON.stringify(version)).join(', ');
        return { 'sec-ch-ua': list(brands), 'sec-ch-ua-platform': JSON.stringify(platform), 'sec-ch-ua-arch': JSON.stringify(architecture), 'sec-ch-ua-full-version-list': list(fullVersionList) }`);
      expect(high).toMatchObject(own);
      await open('/critical', 'Critical');
      const asked = app.seen.filter(({ path }) => path === '/critical');
      expect(asked.map(({ headers }) => 'sec-ch-ua-bitness' in headers)).toEqual([false, true]);
    });

    it('COOP and COEP isolate the page, which shares memory with its worker', async () => {
      await open('/isolated', 'Isolated');
      const got = await run(`
        const memory = new SharedArrayBuffer(4);
        const worker = new Worker('/isolated-worker.js');
        const isolated = await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); worker.postMessage(memory); });
        worker.terminate();
        return [crossOriginIsolated, isolated, new Int32Array(memory)[0], document.getElementById('image').naturalWidth, (await fetch('/seen')).status]`);
      expect(got).toEqual([true, true, 41, 7, 200]);
    });

    it('Trusted Types: nothing of ours trips over them', async () => {
      await open('/trusted', 'Trusted');
      const got = await run<unknown>(`
        const violations = [];
        addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
        document.cookie = 'trusted=1';
        const statuses = [(await fetch('/seen', { signal: new AbortController().signal })).status];
        const frame = document.createElement('iframe');
        document.body.append(frame);
        statuses.push((await frame.contentWindow.fetch('/seen')).status);
        await new Promise((resolve) => { new WebSocket(location.href.replace('http', 'ws')).onclose = resolve; });
        if ('trustedTypes' in window) {
          const policy = trustedTypes.createPolicy('own', { createScriptURL: (url) => url });
          const url = URL.createObjectURL(new Blob(['postMessage("runs")']));
          const worker = new Worker(policy.createScriptURL(url));
          statuses.push(await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); worker.onerror = () => resolve('failed'); }));
        } else statuses.push('runs');
        await new Promise((resolve) => setTimeout(resolve, 100));
        return [statuses, document.cookie.includes('trusted=1'), violations]`);
      expect(got).toEqual([[200, 200, 'runs'], true, []]);
      expect(app.last('/reports')).toBeUndefined();
    });

    it.each(['/reports-uri', '/reports-to'])('%s: reports of violations arrive', async (path) => {
      await open(path, 'Reports');
      await run(`new Image().src = '/image.svg?refused'`);
      // Firefox reports the favicon too.
      const report = () =>
        app.seen.find(({ path, body }) => path === '/reports' && body.includes('image.svg'));
      await expect.poll(report, { timeout: 10_000 }).toBeDefined();
      const { method, headers, body } = report()!;
      expect(method).toBe('POST');
      expect(headers['content-type']).toMatch(
        path === '/reports-uri' ? /^application\/csp-report/ : /^application\/reports\+json/,
      );
      expect(body).toContain('img-src');
      expect(app.last('/image.svg?refused')).toBeUndefined();
    });

    it('Strict-Transport-Security changes nothing', async () => {
      await open('/', 'Start');
      expect(page.url()).toBe(`${origin}/`);
    });
  });

  describe('prefetch and speculation', () => {
    it('a prefetched address arrives, and is the application’s when opened', async () => {
      await run(`
        const link = Object.assign(document.createElement('link'), { rel: 'prefetch', href: '/hints?prefetch' });
        const rules = Object.assign(document.createElement('script'), { type: 'speculationrules',
          textContent: JSON.stringify({ prefetch: [{ urls: ['/hints'], eagerness: 'immediate' }], prerender: [{ urls: ['/trusted'], eagerness: 'immediate' }] }) });
        document.head.append(link, rules);`);
      await expect.poll(() => app.last('/hints?prefetch'), { timeout: 10_000 }).toBeDefined();
      for (const [path, title] of [
        ['/hints', 'Hints'],
        ['/trusted', 'Trusted'],
      ] as const) {
        await run(`location.href = '${path}'`);
        await page.waitFor(`document.title === '${title}' && Symbol.for('postern') in window`);
        await page.goto(`${origin}/`);
        await page.waitFor(`document.title === 'Start'`);
      }
    });
  });

  describe('past the service worker', () => {
    it.each([
      ['about:blank', `document.body.append(frame)`],
      [
        'document.write',
        `document.body.append(frame); frame.contentDocument.open(); frame.contentDocument.write('<p>x'); frame.contentDocument.close()`,
      ],
      [
        'blob:',
        `frame.src = URL.createObjectURL(new Blob(['<p>x'], { type: 'text/html' })); document.body.append(frame); await loaded`,
      ],
      ['srcdoc', `frame.srcdoc = '<p>x'; document.body.append(frame); await loaded`],
      [
        'a sandboxed srcdoc',
        `frame.setAttribute('sandbox', 'allow-scripts allow-same-origin'); frame.srcdoc = '<p>x'; document.body.append(frame); await loaded`,
      ],
    ])('images and styles in a frame of %s come from the application', async (_, make) => {
      const got = await run<unknown[]>(`
        const frame = document.createElement('iframe');
        const loaded = new Promise((resolve) => (frame.onload = resolve));
        ${make};
        const inner = frame.contentDocument;
        const p = inner.createElement('p');
        const image = inner.createElement('img');
        const sheet = Object.assign(inner.createElement('link'), { rel: 'stylesheet' });
        const both = Promise.all([image, sheet].map((one) => new Promise((resolve) => { one.onload = () => resolve('load'); one.onerror = () => resolve('error'); })));
        image.src = location.origin + '/image.svg?in-frame';
        sheet.href = location.origin + '/sheet/style.css';
        inner.head.append(sheet);
        inner.body.append(p, image);
        return [await both, image.naturalWidth, frame.contentWindow.getComputedStyle(p).color]`);
      expect(got).toEqual([['load', 'load'], 7, 'rgb(1, 2, 3)']);
      expect(app.last('/image.svg?in-frame')).toBeDefined();
      await expect.poll(() => app.last('/image.svg?of-style'), { timeout: 5_000 }).toBeDefined();
    });

    it('an image that the application does not have is an error in such a frame too', async () => {
      const got = await run(`
        const frame = document.createElement('iframe');
        document.body.append(frame);
        const image = frame.contentDocument.createElement('img');
        const events = [];
        image.onerror = () => events.push('error');
        image.onload = () => events.push('load');
        image.src = location.origin + '/nothing.png';
        frame.contentDocument.body.append(image);
        for (let i = 0; i < 100 && events.length === 0; i++) await new Promise((go) => setTimeout(go, 20));
        return events`);
      expect(got).toEqual(['error']);
    });

    it.each(['object', 'embed'])(
      '<%s> shows what the application has, also when it takes its time',
      async (name) => {
        await run(`
        const element = document.createElement('${name}');
        element.type = 'image/svg+xml';
        element.${name === 'object' ? 'data' : 'src'} = '/late.svg?by-${name}';
        document.body.append(element);
        window.element = element;`);
        await page.waitFor(
          `(element.contentDocument ?? element.getSVGDocument())?.documentElement?.nodeName === 'svg'`,
        );
        expect(app.last(`/late.svg?by-${name}`)).toBeDefined();
      },
    );

    it('a popup without an address reaches the application', async () => {
      const got = await run(`
        const popup = window.open('about:blank');
        if (popup === null) return 'blocked';
        const status = (await popup.fetch('/seen?popup')).status;
        popup.close();
        return status`);
      expect([200, 'blocked']).toContain(got);
      if (got === 200) expect(app.last('/seen?popup')).toBeDefined();
    });

    it('an opaque sandboxed frame stays empty, and shows no page of the gateway', async () => {
      const got = await run(`
        const heard = [];
        addEventListener('message', ({ data }) => heard.push(data));
        const frame = document.createElement('iframe');
        frame.setAttribute('sandbox', 'allow-scripts');
        const loaded = new Promise((resolve) => { frame.onload = resolve; frame.onerror = resolve; setTimeout(resolve, 3000); });
        frame.src = '/speaks';
        document.body.append(frame);
        await loaded;
        await new Promise((resolve) => setTimeout(resolve, 300));
        return heard`);
      const arrived = app.last('/speaks') !== undefined;
      expect(got).toEqual(arrived ? ['the application'] : []);
    });

    it('a page that its own policy sandboxes is the application’s', async () => {
      await page.goto(`${origin}/sandboxed`);
      await page.waitFor(`document.title === 'Sandboxed'`);
      expect(await page.evaluate(`self.origin`)).toBe('null');
    });

    it('a worker of a data: URL gets an error, not the gateway’s answer', async () => {
      const got = await run(`
        const script = 'fetch(' + JSON.stringify(location.origin + '/seen?data') + ').then((r) => postMessage(r.status), (e) => postMessage(e.name))';
        const worker = new Worker('data:text/javascript,' + encodeURIComponent(script));
        return new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); worker.onerror = () => resolve('refused'); })`);
      expect(got).toBe('TypeError');
      expect(app.last('/seen?data')).toBeUndefined();
    });

    it('a hard reload ends in the application, under the worker', async () => {
      await page.evaluate(`void (window.isOld = true)`);
      await page.hardReload!();
      await page.waitFor(
        `!window.isOld && document.title === 'Start' && Symbol.for('postern') in window`,
      );
      expect(await run(`return (await fetch('/seen')).status`)).toBe(200);
    });
  });
});
