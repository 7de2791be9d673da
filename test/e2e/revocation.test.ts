/** Access that is taken away ends at once, in the middle of streams, and the page says why. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';

/** `design.md`, Numbers: revocation to closed stream. */
const closedWithinMs = 1_000;

describe.each(browserKinds)('removing access in %s', (kind) => {
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;

  beforeAll(async () => {
    demo = await startDemo();
    browser = await launchBrowser(kind);
    page = await browser.newPage();
    await openSignedIn(page, demo, demo.app('sample').url);
    await page.waitFor(`document.querySelector('main')`);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it('closes a running download and a WebSocket within a second of deleting the policy', async () => {
    await page.evaluate(`(async () => {
      const ended = (window.ended = {});
      const socket = new WebSocket('/ws');
      await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
      socket.onclose = (event) => { ended.socket = { at: Date.now(), code: event.code, clean: event.wasClean }; };
      const response = await fetch('/download?mb=400');
      const reader = response.body.getReader();
      await reader.read();
      (async () => {
        try {
          // Slow enough to be running when the policy goes.
          for (;;) {
            const { done } = await reader.read();
            if (done) { ended.download = { at: Date.now(), error: false }; return; }
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        } catch { ended.download = { at: Date.now(), error: true }; }
      })();
    })()`);
    const name = encodeURIComponent('name = "staff may open the demo apps"');
    const { data } = await demo.admin('GET', `/service-policies?filter=${name}`);
    const deletedAt = Date.now();
    expect((await demo.admin('DELETE', `/service-policies/${data[0].id}`)).status).toBe(200);

    await page.waitFor('window.ended.socket && window.ended.download', 5_000);
    const ended = await page.evaluate<{
      socket: { at: number; clean: boolean };
      download: { at: number; error: boolean };
    }>('window.ended');
    expect(ended.download.error).toBe(true);
    expect(ended.socket.clean).toBe(false);
    // Not a measurement: the promise of the product, with the browser's own clock on the same machine.
    expect(ended.socket.at - deletedAt).toBeLessThan(closedWithinMs);
    expect(ended.download.at - deletedAt).toBeLessThan(closedWithinMs);
  });

  it('answers new requests with a page that says that access was removed', async () => {
    await page.goto(`${demo.app('sample').url}deep/link`);
    await page.waitFor(`/access to this application was removed/i.test(document.body.innerText)`);
    const text = await page.evaluate<string>('document.body.innerText');
    expect(text).toContain('ERR_ACCESS_REMOVED');
  });
});
