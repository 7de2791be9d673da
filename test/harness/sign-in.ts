import type { DemoReport } from '../../cli/src/demo/start-demo.ts';
import type { TestPage } from './browser.ts';
import type { RunningDemo } from './demo.ts';

/** Fills the identity provider's form once the page has been taken there. */
export async function signInAt(page: TestPage, { idp, login }: DemoReport): Promise<void> {
  await page.waitFor(`location.origin === ${JSON.stringify(idp.issuer)}`);
  await page.waitFor(`document.querySelector('input[name=password]')`);
  await page.fill('input[name=username]', login.username);
  await page.fill('input[name=password]', login.password);
  await page.click('button[type=submit]');
}

/** Opens a protected URL for the first time in this browser and signs in on the way. */
export async function openSignedIn(page: TestPage, demo: RunningDemo, url: string): Promise<void> {
  await page.goto(url);
  await signInAt(page, demo.report);
  await page.waitFor(`location.origin === ${JSON.stringify(new URL(url).origin)}`);
}
