/**
 * Long bodies both ways with bounded memory. `POSTERN_STREAM_MIB=4096` runs it at full length;
 * otherwise just long enough to pass every window, and in Firefox the bound of unpaced bodies.
 */
import { readFileSync } from 'node:fs';
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

const MIB = 1024 * 1024;
/** Windows of all parts together, and what Node's collector leaves lying about. */
const MAX_GROWTH_BYTES = 256 * MIB;
const asked = process.env['POSTERN_STREAM_MIB'];

describe.each(browserKinds)('long bodies in %s', { timeout: 1_800_000 }, (kind) => {
  // More than Firefox may have without credit: `MAX_UNPACED_BYTES`.
  const downMib = Number(asked ?? (kind === 'firefox' ? 520 : 128));
  const upMib = Number(asked ?? 128);
  let app: HttpApp;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let page: TestPage;

  beforeAll(async () => {
    app = await startHttpApp();
    demo = await startDemo('--app', `http=${app.url}`);
    browser = await launchBrowser(kind);
    page = await browser.newPage();
    await openSignedIn(page, demo, demo.app('http').url);
    await page.waitFor(`document.title === 'Start'`);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.close();
  });

  /** Most memory that connector and routers ever had, in bytes (Linux). */
  const peaks = (): number[] => {
    const { connector, routers } = demo.report.pids;
    return [connector, ...routers].map(
      (pid) =>
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    );
  };
  const growsLittle = async (work: () => Promise<void>): Promise<void> => {
    const before = peaks();
    await work();
    for (const [i, peak] of peaks().entries())
      expect(peak - before[i]!).toBeLessThan(MAX_GROWTH_BYTES);
  };
  /** Works of many minutes report by a property: drivers give up on long evaluations. */
  const run = async (body: string): Promise<unknown> => {
    await page.evaluate(
      `void (window.done = undefined, (async () => { ${body} })().then((v) => (window.done = [v]), (e) => (window.done = [String(e)])))`,
    );
    await page.waitFor('window.done', 1_700_000);
    return page.evaluate('window.done[0]');
  };

  it(`down, ${downMib} MiB`, async () => {
    await growsLittle(async () => {
      const got = await run(`
        const reader = (await fetch('/bytes?count=${downMib * MIB}')).body.getReader();
        let bytes = 0;
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return bytes;
          bytes += value.length;
        }`);
      expect(got).toBe(downMib * MIB);
    });
  });

  it(`up, ${upMib} MiB`, async () => {
    await growsLittle(async () => {
      const got = await run(`
        const part = new Blob([new Uint8Array(${MIB})]);
        const body = new Blob(Array(${upMib}).fill(part));
        return (await (await fetch('/upload', { method: 'POST', body })).json()).length`);
      expect(got).toBe(upMib * MIB);
    });
  });

  it('a body that nobody reads is not fetched ahead of its window', async () => {
    await run(`window.unread = await fetch('/bytes?count=${4096 * MIB}'); return 1`);
    // Had it all been taken, the application would be done; a page that leaves breaks it off instead.
    await page.goto(`${demo.app('http').url}seen`);
    await app.broken(`/bytes?count=${4096 * MIB}`);
  });
});
