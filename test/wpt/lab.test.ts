/**
 * How long the engines keep a service worker, and what a forced reload does: limits that the layer over it
 * has to hide. The lifetimes take six minutes and run with `POSTERN_WPT=all` (`npm run wpt`) only.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';
import { startOriginServer, type OriginServer } from './origin-server.ts';

const isLong = process.env['POSTERN_WPT'] === 'all';
if (!isLong)
  process.stderr.write('skipped: lifetimes of service workers (npm run wpt runs them)\n');

/** Engines stop a worker 30 s after its last event; Firefox waits a minute for an answer, Chromium five. */
const IDLE_MS = 75_000;
const SLOW_MS = 100_000;
const TOO_SLOW_MS = 310_000;

describe.each(browserKinds)('the lab in %s', { timeout: 420_000, concurrent: isLong }, (kind) => {
  let app: OriginServer;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;
  let origin: string;
  /** Runs the body of an async function in the page of the cases. */
  const run = <T>(body: string): Promise<T> => page.evaluate<T>(`(async () => { ${body} })()`);

  beforeAll(async () => {
    app = await startOriginServer();
    demo = await startDemo('--app', `lab=http://127.0.0.1:${app.port}`);
    origin = new URL(demo.app('lab').url).origin;
    browser = await launchBrowser(kind);
    page = await browser.newPage();
    await openSignedIn(page, demo, `${origin}/runner?file=fetch&other=1`);
    await page.waitFor('self.runCases');
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.close();
  });

  it('a forced reload comes back to the application, under the worker', async () => {
    const other = await browser.newPage();
    await other.goto(`${origin}/runner?file=fetch&other=1`);
    await other.waitFor('self.runCases');
    await other.evaluate(`void (self.before = true)`);
    if (other.forceReload) await other.forceReload();
    else await other.evaluate(`void setTimeout(() => location.reload(true))`);
    await other.waitFor(`!self.before && self.runCases && Symbol.for('postern') in self`);
    await other.close();
  });

  it.skipIf(!isLong)('what is idle or slow outlives the limits of service workers', async () => {
    await page.evaluate(`{
      const outcome = (promise) => promise.then((value) => value, (error) => 'throws ' + error.name);
      self.socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
      self.closes = 0;
      socket.onclose = () => closes++;
      const silent = fetch(serve({ chunks: ['first'], hangs: true }));
      self.reader = silent.then((response) => response.body.getReader());
      self.ended = false;
      void reader.then(async (r) => { await r.read(); await r.read(); ended = true; }).catch(() => (ended = true));
      self.trickle = outcome(fetch(serve({ chunks: Array(${IDLE_MS / 500}).fill('12345678'), delayMs: 500 })).then((r) => r.text()));
      self.slow = outcome(fetch(serve({ waitMs: ${SLOW_MS}, body: 'late' })).then((r) => r.text()));
      self.tooSlow = outcome(fetch(serve({ waitMs: ${TOO_SLOW_MS}, body: 'late' })).then((r) => r.text()));
      void 0;
    }`);
    const idle = await run(`
      await wait(${IDLE_MS});
      const answer = event(socket, 'message');
      socket.send('still there');
      return [(await answer).data, closes, ended];`);
    expect(idle).toEqual(['still there', 0, false]);
    // A body that goes on for longer than a worker would live without events comes whole.
    expect(await run(`return (await trickle).length`)).toBe((IDLE_MS / 500) * 8);
    expect(await run(`return slow`)).toBe('late');
    const tooSlow = await run(`return within(150_000, tooSlow, 'nothing')`);
    await run(`await wait(100_000)`);
    const last = await run(`return within(60_000, tooSlow, 'nothing')`);
    expect([tooSlow, last]).toEqual(
      kind === 'chromium' ? ['nothing', 'throws TypeError'] : ['nothing', 'late'],
    );
  });
});
