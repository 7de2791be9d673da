/**
 * Streams outlive the service worker: WebSockets and server-sent events lose nothing while it is stopped
 * again and again, and what cannot go on ends with an error that the page sees.
 *
 * `POSTERN_LIFETIME_S` says how long, in seconds; default 40. Done-when 5 of the plan is 1800.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser, type TestPage } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';
import { SLOW_BYTES, startWebSocketApp, type WebSocketApp } from '../harness/websocket-app.ts';

const lengthMs = Number(process.env['POSTERN_LIFETIME_S'] ?? 40) * 1_000;
/** Between two stops of the service worker. */
const STOP_MS = 4_000;

type Seen = Record<string, { next: number; wrong: unknown[]; events: string[] }>;

/** Counts what comes in order, and remembers what does not. */
const watch = `(name) => (self.watched ??= {})[name] = { next: 0, wrong: [], events: [],
  take(n) { if (n === this.next) this.next++; else if (this.wrong.length < 10) this.wrong.push([this.next, n]); } }`;

/** Only Chromium has a command that stops service workers. */
describe('streams in chromium', { timeout: lengthMs + 120_000 }, () => {
  let app: WebSocketApp;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;

  beforeAll(async () => {
    app = await startWebSocketApp();
    demo = await startDemo('--app', `streams=${app.url}`);
    browser = await launchBrowser('chromium');
    page = await browser.newPage();
    await openSignedIn(page, demo, demo.app('streams').url);
    await page.waitFor(`window.runSuite`);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.close();
  });

  it('lose no message and show no error while the worker is stopped again and again', async () => {
    const socket = `const seen = watch(NAME), socket = new WebSocket(self.origin.replace('http', 'ws') + '/ws/count?ms=20');
      for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => seen.events.push(type));
      let asked = 0;
      socket.onmessage = ({ data }) => data.startsWith('echo ') ? answers.take(Number(data.slice(5))) : seen.take(Number(data));
      const answers = watch(NAME + ' echo');
      setInterval(() => socket.readyState === 1 && socket.send(String(asked++)), 25);`;
    await page.evaluate(`{
      const watch = ${watch};
      ${socket.replaceAll('NAME', `'window'`)}
      const events = watch('events'), source = new EventSource('/events');
      source.onmessage = ({ data }) => events.take(Number(data));
      const code = ${JSON.stringify(`const watch = ${watch}; ${socket.replaceAll('NAME', `'worker'`)} onmessage = () => postMessage(JSON.parse(JSON.stringify(watched)));`)};
      self.inner = new Worker(URL.createObjectURL(new Blob([code])));
    }`);
    const startedMs = Date.now();
    let stops = 0;
    while (Date.now() - startedMs < lengthMs) {
      await sleep(STOP_MS);
      await browser.stopServiceWorkers!();
      stops += 1;
    }
    const look = (): Promise<Seen> =>
      page.evaluate<Seen>(
        `new Promise((resolve) => { inner.onmessage = ({ data }) => resolve({ ...JSON.parse(JSON.stringify(watched)), ...data }); inner.postMessage(0); })`,
      );
    const atLastStop = await look();
    await sleep(8_000);
    const seen = await look();
    expect(stops).toBeGreaterThanOrEqual(Math.floor(lengthMs / (STOP_MS + 3_000)));
    for (const [name, { next, wrong, events }] of Object.entries(seen)) {
      expect({ name, wrong }).toEqual({ name, wrong: [] });
      // All went on after the last stop.
      expect({ name, next }).toEqual({ name, next: expect.any(Number) as number });
      expect(next - atLastStop[name]!.next).toBeGreaterThan(20);
      if (name === 'window' || name === 'worker') expect(events).toEqual(['open']);
    }
    expect(Object.keys(seen).sort()).toEqual([
      'events',
      'window',
      'window echo',
      'worker',
      'worker echo',
    ]);
  });

  it('end complete or with an error when the worker is stopped in the middle of a hundred', async () => {
    await page.evaluate(`{
      const body = new Blob([new Uint8Array(300_000)]);
      const outcome = (promise) => promise.catch((error) => error.name);
      self.transfers = Promise.all(Array.from({ length: 100 }, (_, i) => i % 2
        ? outcome(fetch('/slow?' + i).then((r) => r.arrayBuffer()).then((b) => b.byteLength))
        : outcome(fetch('/upload?' + i, { method: 'POST', body }).then((r) => r.text()))));
      void 0;
    }`);
    await sleep(1_000);
    await browser.stopServiceWorkers!();
    const outcomes = await page.evaluate<(number | string)[]>(`transfers`);
    const allowed = [SLOW_BYTES, '300000', 'TypeError', 'AbortError'];
    expect(outcomes.filter((outcome) => !allowed.includes(outcome))).toEqual([]);
    // The worker was stopped in the middle: not all can have come through.
    expect(outcomes.filter((outcome) => /Error/.test(String(outcome))).length).toBeGreaterThan(0);
  });
});
