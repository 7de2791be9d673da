/**
 * Cases in the manner of web-platform-tests, run straight at the server and through the gateway: what they
 * see may differ only as `differences.json` says, with the reason. An entry that differs no more fails too.
 *
 * `npm run wpt` runs all; without `POSTERN_WPT=all` only the files in {@link LEAN} run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type TestPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';
import { brokenCases, differencesOf, type Outcomes } from './compare.ts';
import { startOriginServer, type OriginServer } from './origin-server.ts';

type Listed = Record<string, Record<string, string>>;

/** Together well under a minute in both browsers. */
const LEAN = ['fetch', 'redirects', 'cors', 'xhr', 'cookie-store', 'html', 'http-cache'];

const folder = new URL('./', import.meta.url);
const every = readdirSync(new URL('cases/', folder)).map((name) => name.replace(/\.js$/, ''));
const files = process.env['POSTERN_WPT'] === 'all' ? every : LEAN;
const listed = JSON.parse(readFileSync(new URL('differences.json', folder), 'utf8')) as Listed;

describe.each(browserKinds)('web platform cases in %s', { timeout: 180_000 }, (kind) => {
  let app: OriginServer;
  let other: OriginServer;
  let demo: RunningDemo;
  let browser: TestBrowser;
  let direct: TestPage;
  let gateway: TestPage;

  const runner = (origin: string, file: string): string =>
    `${origin}/runner?file=${file}&other=${other.port}`;
  const run = async (page: TestPage, origin: string, file: string): Promise<Outcomes> => {
    await page.goto(runner(origin, file));
    await page.waitFor(
      `location.search.includes('file=${file}&') && document.readyState === 'complete' && self.runCases`,
    );
    return page.evaluate<Outcomes>('runCases()');
  };

  beforeAll(async () => {
    app = await startOriginServer();
    other = await startOriginServer();
    demo = await startDemo('--app', `cases=http://127.0.0.1:${app.port}`);
    browser = await launchBrowser(kind);
    direct = await browser.newPage();
    gateway = await browser.newPage();
    await openSignedIn(gateway, demo, runner(new URL(demo.app('cases').url).origin, files[0]!));
    await gateway.waitFor('self.runCases');
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    app?.close();
    other?.close();
  });

  it.each(files)('%s', async (file) => {
    const [expected, got] = await Promise.all([
      run(direct, `http://direct.localhost:${app.port}`, file),
      run(gateway, new URL(demo.app('cases').url).origin, file),
    ]);
    expect(brokenCases(expected)).toEqual({});
    expect(Object.keys(expected).length).toBeGreaterThan(2);
    const found = differencesOf(expected, got);
    const known = listed[kind] ?? {};
    const unlisted = Object.entries(found).filter(([name]) => !(`${file}: ${name}` in known));
    const gone = Object.keys(known).filter(
      (name) => name.startsWith(`${file}: `) && !(name.slice(file.length + 2) in found),
    );
    process.stderr.write(
      `${kind}, ${file}: ${Object.keys(expected).length} cases, ${Object.keys(found).length} known differences\n`,
    );
    expect({ unlisted: Object.fromEntries(unlisted), noLongerDiffers: gone }).toEqual({
      unlisted: {},
      noLongerDiffers: [],
    });
  });

  it('differences.json names files and engines that exist', () => {
    expect(Object.keys(listed).filter((name) => !['chromium', 'firefox'].includes(name))).toEqual(
      [],
    );
    const names = Object.keys(listed[kind] ?? {});
    expect(names.filter((name) => !every.includes(name.split(': ')[0]!))).toEqual([]);
    expect(names.filter((name) => (listed[kind]?.[name] ?? '').length < 20)).toEqual([]);
  });
});
