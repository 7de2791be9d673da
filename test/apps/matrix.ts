/** Runs an application's script straight at it and through the gateway, and takes the time of each. */
import type { TestBrowser, TestPage, UserPage } from '../harness/browser.ts';
import type { RunningDemo } from '../harness/demo.ts';
import { signInAt } from '../harness/sign-in.ts';
import type { Application, RunningApplication } from './application.ts';

export type Way = 'direct' | 'through';

export interface Users {
  browser: TestBrowser<UserPage>;
  demo: RunningDemo;
}

let runs = 0;

/** @returns How long the script took in ms, after a first visit that does not count. */
export async function runScript(
  application: Application,
  app: RunningApplication,
  way: Way,
  { browser, demo }: Users,
): Promise<number> {
  const origin = way === 'direct' ? app.origin : new URL(demo.app(application.name).url).origin;
  const page = await browser.newPage();
  try {
    await visit(page, `${origin}${application.startPath ?? '/'}`, way, demo);
    const tag = `${way}${browser.kind}${++runs}`;
    const startedMs = performance.now();
    await application.use({ browser, page, origin, tag, app });
    const elapsedMs = performance.now() - startedMs;
    await keepScreenshot(page, `${application.name}-${way}-${browser.kind}`);
    return elapsedMs;
  } catch (error) {
    await keepScreenshot(page, `${application.name}-${way}-${browser.kind}-failed`);
    throw error;
  } finally {
    await page.close();
  }
}

async function visit(page: TestPage, url: string, way: Way, demo: RunningDemo): Promise<void> {
  await page.goto(url);
  const shown = `location.origin === '${new URL(url).origin}' && document.readyState === 'complete'`;
  if (way === 'direct') return page.waitFor(shown);
  const { issuer } = demo.report.idp;
  const opened = `${shown} && Symbol.for('postern') in window`;
  await page.waitFor(`(${opened}) || location.origin === '${issuer}'`, 60_000);
  if (new URL(page.url()).origin === issuer) await signInAt(page, demo.report);
  await page.waitFor(opened, 60_000);
}

/** Into the folder that `POSTERN_SCREENSHOTS` names, if it names one. */
export async function keepScreenshot(page: TestPage, name: string): Promise<void> {
  const folder = process.env['POSTERN_SCREENSHOTS'];
  if (folder) await page.screenshot(`${folder}/${name}.png`).catch(() => undefined);
}
