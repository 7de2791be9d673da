/**
 * The application's own service workers, in both browsers: the suite of `test/apps/pwa` runs straight at
 * the application and through the gateway, and sees the same; an application made with Workbox installs,
 * updates and opens without network.
 */
import { mkdtemp, rm } from 'node:fs/promises';
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
import { SECRET, startPwaApp, type PwaApp } from '../harness/pwa-app.ts';
import { openSignedIn } from '../harness/sign-in.ts';

describe.each(browserKinds)('service workers of the application in %s', (kind) => {
  let app: PwaApp;
  let demo: RunningDemo;
  let profile: string;
  let browser: TestBrowser;
  let page: TestPage;
  let url: string;
  let isStopped = false;

  beforeAll(async () => {
    app = await startPwaApp();
    demo = await startDemo('--app', `pwa=${app.url}`);
    profile = await mkdtemp(join(tmpdir(), 'pwa-'));
    browser = await launchBrowser(kind, { profile });
    ({ url } = demo.app('pwa'));
    page = await browser.newPage();
    await openSignedIn(page, demo, url);
    await page.waitFor(`window.runCase`);
  });
  afterAll(async () => {
    await browser?.close();
    if (!isStopped) await demo?.stop();
    app?.close();
    await rm(profile, { recursive: true, force: true });
  });

  it('are as without the gateway', async () => {
    const direct = await browser.newPage();
    await direct.goto(`${app.url}/`);
    await direct.waitFor(`window.runCase`);
    const names = await direct.evaluate<string[]>('window.caseNames');
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      const script = `window.runCase(${JSON.stringify(name)})`;
      const expected = await direct.evaluate(script);
      expect.soft({ name, saw: await page.evaluate(script) }).toEqual({ name, saw: expected });
    }
    await direct.close();
  });

  it('do not show in an answer that they followed a redirect, as docs/browser-support.md says', async () => {
    const redirected = await page.evaluate(`(async () => {
      const registration = await navigator.serviceWorker.register('/life/sw.js?claim', { scope: '/life/' });
      const frame = document.createElement('iframe');
      frame.src = '/life/page';
      const loaded = new Promise((resolve) => (frame.onload = resolve));
      document.body.append(frame);
      await loaded;
      const { serviceWorker } = frame.contentWindow.navigator;
      if (!serviceWorker.controller) await new Promise((resolve) => (serviceWorker.oncontrollerchange = resolve));
      const { redirected, status } = await frame.contentWindow.fetch('/life/followed');
      frame.remove();
      await registration.unregister();
      return [redirected, status];
    })()`);
    expect(redirected).toEqual([false, 200]);
  });

  it('get no push and no sync, and are told why', async () => {
    const got = await page.evaluate<string[]>(`(async () => {
      const why = (promise) => promise.then(() => 'done', (error) => error.name + ': ' + error.message);
      const registration = await navigator.serviceWorker.register('/life/sw.js', { scope: '/life/' });
      const { pushManager, sync } = registration;
      const results = [await why(pushManager.subscribe({ userVisibleOnly: true })),
        String(await pushManager.getSubscription()), sync ? await why(sync.register('later')) : 'no sync'];
      await registration.unregister();
      return results;
    })()`);
    expect(got).toEqual([
      expect.stringMatching(/^NotAllowedError: .*Postern.*push/),
      'null',
      kind === 'chromium' ? expect.stringMatching(/^NotAllowedError: .*Postern/) : 'no sync',
    ]);
  });

  describe('as attackers', () => {
    it('see nothing of ours that a page could not, and no HttpOnly value', async () => {
      const loot = await page.evaluate<string>(`(async () => {
        const registration = await navigator.serviceWorker.register('/life/sw.js', { scope: '/life/' });
        const worker = registration.installing;
        while (worker.state !== 'activated') await new Promise((go) => worker.addEventListener('statechange', go, { once: true }));
        const { port1, port2 } = new MessageChannel();
        worker.postMessage({ ask: 'loot' }, [port2]);
        const text = await new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
        await registration.unregister();
        return text;
      })()`);
      expect(loot).toContain('accessToken');
      expect(loot).not.toContain(SECRET);
    });

    it('cannot be registered where ours is, nor beyond what their script may', async () => {
      const got = await page.evaluate<unknown[]>(`(async () => {
        const why = (promise) => promise.then(() => 'done', (error) => error.name);
        const container = navigator.serviceWorker;
        const frame = document.createElement('iframe');
        document.body.append(frame);
        const natives = frame.contentWindow.ServiceWorkerContainer.prototype;
        const controller = Object.getOwnPropertyDescriptor(natives, 'controller').get.call(container);
        const say = (message, ports = []) => {
          const { port1, port2 } = new MessageChannel();
          controller.postMessage(message, [port2, ...ports]);
          return new Promise((resolve) => {
            port1.onmessage = ({ data }) => resolve(data.ok ? 'done' : data.error.name);
            setTimeout(resolve, 1_500, 'silence');
          });
        };
        const register = { type: 'postern.app-worker.register', workerType: 'classic', updateViaCache: 'none' };
        const id = crypto.randomUUID();
        const results = [
          await why(container.register('/postern-sw.js')),
          await why(container.register('/life/sw.js', { scope: '/.postern/' })),
          await say({ ...register, scriptUrl: location.origin + '/life/sw.js', scope: location.origin + '/' }),
          await say({ ...register, scriptUrl: 'https://evil.example/sw.js' }),
          await say({ ...register, scriptUrl: location.origin + '/postern-sw.js' }),
          await say({ type: 'postern.app-worker.connected', token: id }),
          await say({ type: 'postern.app-worker.post', worker: id, data: {} }),
          await say({ type: 'postern.app-worker.unregister', registration: id, extra: 1 }),
          await why(natives.register.call(container, '/life/sw.js', { scope: '/life/' })),
          (await natives.getRegistrations.call(container)).map(({ active }) => new URL(active.scriptURL).pathname),
          (await container.getRegistrations()).length,
        ];
        frame.remove();
        return results;
      })()`);
      expect(got).toEqual([
        'SecurityError',
        'SecurityError',
        'SecurityError',
        'SecurityError',
        'SecurityError',
        'silence',
        'silence',
        'silence',
        expect.stringMatching(/Error$/),
        ['/postern-sw.js'],
        0,
      ]);
    });

    it('find their names hidden among ours, and ours not at all', async () => {
      const got = await page.evaluate<unknown[]>(`(async () => {
        for (const name of await caches.keys()) await caches.delete(name);
        const names = ['mine', 'postern-http', 'app-postern'];
        for (const name of names) await (await caches.open(name)).put('/x', new Response(name));
        const texts = [];
        for (const cacheName of names) texts.push(await (await caches.match('/x', { cacheName })).text());
        const listed = await caches.keys();
        for (const name of listed) await caches.delete(name);
        const databases = (await indexedDB.databases()).map(({ name }) => name);
        return [listed.sort(), texts, await caches.keys(), databases, await caches.has('postern-assets')];
      })()`);
      const names = ['mine', 'postern-http', 'app-postern'];
      expect(got).toEqual([[...names].sort(), names, [], [], false]);
      // Deleting all there is leaves the session as it was.
      expect(await page.evaluate(`fetch('/server/echo').then(({ status }) => status)`)).toBe(200);
    });
  });

  describe('made with Workbox', () => {
    const shows = (release: string): string =>
      `document.title === 'Shop ${release}' && window.release === '${release}' && window.cssRelease() === '${release}' && /^stock/.test(document.getElementById('stock').textContent)`;

    it('install, and answer from then on', async () => {
      await page.goto(`${url}shop/`);
      await page.waitFor(shows('one'));
      await page.evaluate('window.ready');
      await page.waitFor(`navigator.serviceWorker.controller?.state === 'activated'`);
      app.seen.length = 0;
      await page.goto(`${url}shop/any/where?x=1`);
      await page.waitFor(shows('one'));
      // Chromium looks for manifest and icon by itself.
      const itsOwn = /\/(?:sw\.js|manifest\.json|favicon\.ico)$/;
      expect(app.seen.filter((line) => !itsOwn.test(line))).toEqual(['GET /shop/api/stock']);
      expect(await page.evaluate('caches.keys()')).toEqual(
        expect.arrayContaining([expect.stringMatching(/^workbox-precache-v2-.*\/shop\/$/)]),
      );
    });

    it('bring the next release', async () => {
      app.release('two');
      await page.evaluate(`(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        const changed = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
        await registration.update();
        await changed;
      })()`);
      await page.goto(`${url}shop/`);
      await page.waitFor(shows('two'));
    });

    it('load their manifest and icon through the tunnel', async () => {
      const got = await page.evaluate<unknown[]>(`(async () => {
        const link = document.querySelector('link[rel=manifest]');
        const manifest = await (await fetch(link.href, { credentials: 'include' })).json();
        const icon = new Image();
        icon.src = manifest.icons[0].src;
        await icon.decode();
        return [manifest.name, icon.width, 'onbeforeinstallprompt' in window];
      })()`);
      expect(got).toEqual(['Shop', 192, kind === 'chromium']);
      expect(app.seen).toContain('GET /shop/manifest.json');
    });

    it('are gone when the person signs out', async () => {
      await page.goto(`${url}.postern/signout`);
      await page.waitFor(`/signed out/i.test(document.body.innerText)`);
      await openSignedIn(page, demo, url);
      await page.waitFor(`window.runCase`);
      const left = await page.evaluate(
        `Promise.all([navigator.serviceWorker.getRegistrations().then(({ length }) => length), caches.keys()])`,
      );
      expect(left).toEqual([0, []]);
      await page.goto(`${url}shop/`);
      await page.waitFor(shows('two'));
      await page.waitFor(`navigator.serviceWorker.controller?.state === 'activated'`);
      // Once more, for the stock to be cached too.
      await page.evaluate(`fetch('/shop/api/stock').then((response) => response.text())`);
    });

    it('open without any network, in a browser that was just started', async () => {
      await browser.close();
      await demo.stop();
      isStopped = true;
      browser = await launchBrowser(kind, { profile });
      page = await browser.newPage();
      await page.goto(`${url}shop/deep?link=1#part`);
      await page.waitFor(shows('two'), 60_000);
      expect(page.url()).toBe(`${url}shop/deep?link=1#part`);
      await page.waitFor(`document.getElementById('stock').textContent === 'stock two'`);
    });
  });
});
