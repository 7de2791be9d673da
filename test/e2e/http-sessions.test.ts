/** Sessions as people meet them while they work. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { startHttpApp, type HttpApp } from '../harness/http-app.ts';
import { openSignedIn, signInAt } from '../harness/sign-in.ts';

describe.each(browserKinds)('sessions in %s', { timeout: 60_000 }, (kind) => {
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

  const signOutElsewhere = async (): Promise<void> => {
    const other = await browser.newPage();
    await other.goto(`${origin}/.postern/signout`);
    await other.waitFor(`/signed out/i.test(document.body.innerText)`);
    await other.close();
  };
  /** The dialog's root is closed: all a page sees of it is an element with the focus. */
  const dialogIsOpen = `document.documentElement.lastElementChild.tagName === 'DIV'`;

  it('a request waits for a new sign-in and goes on, the page as it was', async () => {
    await page.evaluate(`void (window.typed = 'not lost')`);
    await signOutElsewhere();
    await page.evaluate(`void (window.answers = Promise.all(['GET', 'POST'].map((method) =>
      fetch('/upload', { method, ...(method === 'POST' && { body: 'work' }) }).then((r) => r.json()))))`);
    await page.waitFor(dialogIsOpen);
    expect(await page.evaluate(`document.activeElement.shadowRoot`)).toBeNull();

    // What the dialog's button opens.
    const window = await browser.newPage();
    await window.goto(`${origin}/.postern/sign-in`);
    await signInAt(window, demo.report);
    const answers = await page.evaluate<{ method: string; length: number }[]>(`window.answers`);
    expect(answers).toMatchObject([{ method: 'GET' }, { method: 'POST', length: 4 }]);
    await page.waitFor(`!(${dialogIsOpen})`);
    expect(await page.evaluate(`window.typed`)).toBe('not lost');
    await window.close().catch(() => undefined);
  });

  it('back and forward show what was there', async () => {
    await page.goto(`${origin}/?first`);
    await page.waitFor(`location.search === '?first' && document.title === 'Start'`);
    await page.goto(`${origin}/?second`);
    await page.waitFor(`location.search === '?second' && document.title === 'Start'`);
    await page.evaluate(`void history.back()`);
    await page.waitFor(`location.search === '?first' && document.title === 'Start'`);
    expect(await page.evaluate(`fetch('/seen').then((r) => r.status)`)).toBe(200);
    await page.evaluate(`void history.forward()`);
    await page.waitFor(`location.search === '?second' && document.title === 'Start'`);
    expect(await page.evaluate(`fetch('/seen').then((r) => r.status)`)).toBe(200);
  });
});
