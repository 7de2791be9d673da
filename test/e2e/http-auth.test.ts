/** HTTP authentication of the application itself: a dialog of ours, and passwords no script can read. */
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

describe.each(browserKinds)('HTTP authentication in %s', { timeout: 60_000 }, (kind) => {
  let app: HttpApp;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;
  let origin: string;

  beforeAll(async () => {
    app = await startHttpApp();
    demo = await startDemo('--app', `http=${app.url}`);
    origin = new URL(demo.app('http').url).origin;
    browser = await launchBrowser(kind);
    page = await browser.newPage();
    await openSignedIn(page, demo, `${origin}/`);
    await page.waitFor(`document.title === 'Start'`);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.close();
  });

  const logIn = async (password: string): Promise<void> => {
    await page.waitFor(`document.title === 'Log in' && document.querySelector('form')`);
    await page.fill('input[name=user]', 'ann');
    await page.fill('input[name=password]', password);
    await page.click('button[type=submit]');
  };

  it('Basic: asks, asks again for a wrong password, then serves the page and what it loads', async () => {
    await page.goto(`${origin}/basic/page`);
    await page.waitFor(`document.title === 'Log in'`);
    expect(await page.evaluate(`window.origin`)).toBe('null');
    await logIn('wrong');
    await page.waitFor(`/not accepted/.test(document.body.innerText)`);
    await logIn('pass');
    await page.waitFor(`document.title === 'Inside'`);
    expect(await page.evaluate(`fetch('image').then((r) => r.status)`)).toBe(200);
    expect(
      await page.evaluate(`fetch('/basic/image', { credentials: 'omit' }).then((r) => r.status)`),
    ).toBe(401);
  });

  it('Digest', async () => {
    await page.goto(`${origin}/digest?x=1`);
    await logIn('pass');
    await page.waitFor(`document.title === 'Digested'`);
  });

  it('gives script the 401, and no password', async () => {
    await page.goto(`${origin}/`);
    await page.waitFor(`document.title === 'Start'`);
    const got = await page.evaluate<unknown[]>(`(async () => {
      const frame = await fetch('/.postern/authenticate', { method: 'POST', body: 'realm=notes' });
      const databases = await indexedDB.databases();
      return [frame.status, databases.map(({ name }) => name)];
    })()`);
    expect(got[0]).toBe(404);
    const stored = await page.evaluate<string>(`(async () => {
      const open = indexedDB.open('postern');
      const db = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
      const all = db.transaction('records').objectStore('records').getAll();
      const text = JSON.stringify(await new Promise((resolve) => (all.onsuccess = () => resolve(all.result))));
      db.close();
      return text;
    })()`);
    expect(stored.length).toBeGreaterThan(100);
    expect(stored).not.toContain('"pass"');
    expect(stored).not.toContain(btoa('ann:pass'));
  });
});
