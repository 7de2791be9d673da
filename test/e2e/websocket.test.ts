/**
 * `WebSocket` in windows and in web workers, in both browsers: the suite of `test/apps/websocket` runs straight
 * at the application and through the gateway, and sees the same.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type FullBrowserKind,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';
import { startWebSocketApp, type WebSocketApp } from '../harness/websocket-app.ts';

type Results = Record<string, unknown>;

/** How each context gets the suite to run: an expression for a promise of the results. */
const ask = (make: string, post = 'worker'): string =>
  `(async () => { ${make}; const { port1, port2 } = new MessageChannel();
    const result = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
    ${post}.postMessage(ARGUMENTS, [port2]); return result; })()`;
const blob = (type: string, text: string): string =>
  `const url = URL.createObjectURL(new Blob([${JSON.stringify(text)}.replaceAll('ORIGIN', location.origin)], { type: 'text/javascript' }));
   const worker = new Worker(url, { type: '${type}' }); URL.revokeObjectURL(url)`;
const listen =
  'onmessage = async ({ data, ports: [port] }) => port.postMessage(await runSuite(...data));';
const contexts: Record<string, string> = {
  window: 'runSuite(...ARGUMENTS)',
  'a classic worker': ask(`const worker = new Worker('/worker/classic.js')`),
  'a module worker': ask(`const worker = new Worker('/worker/module.js', { type: 'module' })`),
  'a worker of a worker': ask(`const worker = new Worker('/worker/nested.js')`),
  'a shared worker': ask(`const worker = new SharedWorker('/worker/shared.js').port`),
  'a blob worker': ask(
    blob('classic', `"use strict"; importScripts("ORIGIN/suite.js"); ${listen}`),
  ),
  'a module blob worker': ask(blob('module', `import "ORIGIN/suite.mjs"; ${listen}`)),
};

/** Cases that the engine itself, without the gateway, does not end within 15 s. */
const endless: Partial<Record<FullBrowserKind, string[]>> = {
  firefox: ['a subprotocol that nobody takes', 'failure: frames that break the protocol'],
};

/** Where Firefox runs no module, as docs/browser-support.md says. */
function contextsOf(kind: FullBrowserKind): string[] {
  const all = Object.keys(contexts);
  if (kind !== 'firefox') return all;
  process.stderr.write('skipped: modules in workers of blobs, which Firefox does not load here\n');
  return all.filter((context) => context !== 'a module blob worker');
}

/** @param only how the name of the only case to run begins */
const scriptOf = (context: string, only?: string, without: string[] = []): string =>
  contexts[context]!.replace('ARGUMENTS', `[${JSON.stringify(only)}, ${JSON.stringify(without)}]`);

describe.each(browserKinds)('WebSocket in %s', { timeout: 120_000 }, (kind) => {
  let app: WebSocketApp;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let direct: TestPage;
  let page: TestPage;

  beforeAll(async () => {
    app = await startWebSocketApp();
    demo = await startDemo('--app', `sockets=${app.url}`);
    browser = await launchBrowser(kind);
    direct = await browser.newPage();
    await direct.goto(`${app.url}/`);
    await direct.waitFor(`window.runSuite`);
    page = await browser.newPage();
    await openSignedIn(page, demo, demo.app('sockets').url);
    await page.waitFor(`window.runSuite`);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.close();
  });

  it.each(contextsOf(kind))('is as without the gateway in %s', async (context) => {
    const without = endless[kind] ?? [];
    for (const name of without) {
      process.stderr.write(
        `skipped: without the gateway, ${kind} does not end "${name}" in time\n`,
      );
    }
    const script = scriptOf(context, undefined, without);
    const [expected, got] = await Promise.all([
      direct.evaluate<Results>(script),
      page.evaluate<Results>(script),
    ] as const);
    expect(Object.keys(got).length).toBeGreaterThan(28);
    expect(got).toEqual(expected);
  });

  it.each(['strict', 'sloppy'])('leaves a %s worker script as it is', async (mode) => {
    const script = `new Promise((resolve) => (new Worker('/worker/${mode}.js').onmessage = ({ data }) => resolve(data)))`;
    const [isStrict, location, line] = await page.evaluate<[boolean, string, string]>(script);
    expect({ isStrict, line }).toEqual({
      isStrict: mode === 'strict',
      line: mode === 'strict' ? '1' : '2',
    });
    expect(location).toBe(new URL(`/worker/${mode}.js`, demo.app('sockets').url).href);
  });

  it('works in workers under a strict policy', async () => {
    const policy = `default-src 'none'; script-src 'self'; worker-src 'self' blob:; connect-src ws:`;
    const strict = await browser.newPage();
    await strict.goto(`${demo.app('sockets').url}csp?policy=${encodeURIComponent(policy)}`);
    await strict.waitFor(`window.runSuite`);
    for (const name of ['a classic worker', 'a module worker', 'a blob worker']) {
      const results = await strict.evaluate<Results>(scriptOf(name, 'messages: text'));
      expect(results, name).toEqual({
        'messages: text, empty, Unicode, lone surrogates': expect.arrayContaining([
          3,
          'open',
        ]) as unknown,
      });
    }
    await strict.close();
  });

  it('echoes ten thousand messages, and messages of random bytes and sizes', async () => {
    const got = await page.evaluate<[number, number]>(`(async () => {
      const socket = new WebSocket('/ws/echo?fragments=777');
      socket.binaryType = 'arraybuffer';
      await new Promise((resolve) => (socket.onopen = resolve));
      let seed = 1;
      const random = (limit) => (seed = (seed * 48271) % 2147483647) % limit;
      const sizes = Array.from({ length: 200 }, () => (random(8) === 0 ? random(300_000) : random(2_000)) + 1);
      const sent = sizes.map((size) => Uint8Array.from({ length: size }, () => random(256)));
      let wrong = 0, next = 0;
      await new Promise((resolve) => {
        socket.onmessage = ({ data }) => {
          const bytes = new Uint8Array(data), expected = sent[next++];
          if (bytes.length !== expected.length || bytes.some((byte, i) => byte !== expected[i])) wrong++;
          if (next === sent.length) resolve();
        };
        for (const bytes of sent) socket.send(bytes);
      });
      let count = 0;
      await new Promise((resolve) => {
        socket.onmessage = ({ data }) => { if (data !== 'n' + count++) wrong++; if (count === 10_000) resolve(); };
        for (let i = 0; i < 10_000; i++) socket.send('n' + i);
      });
      socket.close();
      return [count, wrong];
    })()`);
    expect(got).toEqual([10_000, 0]);
  });
});
