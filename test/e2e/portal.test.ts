/**
 * The user portal at the login origin, in Chromium and Firefox: what one may open, one's passkeys, authenticator app
 * and sessions, and asking for what one may not open.
 */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeAt } from '../../controller/src/auth/totp.ts';
import { expectAccessible } from '../harness/axe.ts';
import {
  browserKinds,
  launchBrowser,
  type FullBrowserKind,
  type TestBrowser,
  type UserPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { answerNextRegistration } from '../harness/inject-authenticator.ts';

const PERSON = { username: 'zoe-of-accounts', password: 'correct horse battery' };
/** For a person to look at. */
const shots = join(tmpdir(), 'postern-screenshots');
mkdirSync(shots, { recursive: true });

let demo: RunningDemo;
const browsers: TestBrowser<UserPage>[] = [];
const pages = {} as Record<FullBrowserKind, UserPage>;

beforeAll(async () => {
  demo = await startDemo();
  for (const kind of browserKinds) {
    const browser = await launchBrowser(kind, { trustsAll: kind === 'chromium' });
    browsers.push(browser);
    pages[kind] = await browser.newPage();
  }
  await pages.chromium.emulate?.({ scheme: 'light', width: 1100 });
  const { data: apps } = await demo.admin('GET', '/applications?limit=100');
  const sample = apps.find(({ origin }: { origin: string }) => sampleUrl().startsWith(origin));
  const loginMethods = ['password', 'passkey'];
  await demo.admin('PATCH', `/applications/${sample.id}`, { loginMethods });
  const { data: identity } = await demo.admin('POST', '/identities', {
    name: 'Zoe',
    type: 'Default',
    isAdmin: false,
    roleAttributes: ['staff'],
  });
  const proof = { method: 'updb', identityId: identity.id, ...PERSON };
  expect((await demo.admin('POST', '/authenticators', proof)).status).toBe(201);
  const { data: service } = await demo.admin('POST', '/services', {
    name: 'Payroll',
    encryptionRequired: true,
  });
  const payroll = { name: 'Payroll', origin: payrollOrigin(), serviceId: service.id, loginMethods };
  expect((await demo.admin('POST', '/applications', payroll)).status).toBe(201);
  const wiki = { name: 'Wiki', origin: wikiOrigin(), serviceId: sample.serviceId, loginMethods };
  expect((await demo.admin('POST', '/applications', wiki)).status).toBe(201);
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await demo?.stop();
});

const sampleUrl = () => demo.app('sample').url;
const payrollOrigin = () => new URL(sampleUrl()).origin.replace('//sample.', '//payroll.');
const wikiOrigin = () => new URL(sampleUrl()).origin.replace('//sample.', '//wiki.');
const login = () => new URL(demo.report.login.url).origin;
const heading = (page: UserPage, text: string) =>
  page.waitFor(`document.querySelector('h1')?.textContent === ${JSON.stringify(text)}`);
const clickButton = (page: UserPage, text: string) =>
  page.evaluate(
    `[...document.querySelectorAll('button')].find((b) => b.textContent === ${JSON.stringify(text)}).click()`,
  );
const says = (page: UserPage, text: string) =>
  page.waitFor(`document.body.innerText.includes(${JSON.stringify(text)})`);
/** The application itself, not a page of ours on the way there. */
const SAMPLE = `document.title === 'Sample app behind Postern'`;
const inSample = (page: UserPage) => page.waitFor(SAMPLE);
const shot = (name: string) =>
  pages.chromium.screenshot(join(shots, `portal-${name}.png`) as `${string}.png`);
async function openPortal(page: UserPage): Promise<void> {
  await page.goto(`${login()}/`);
  await heading(page, 'Applications');
}
/** Those that the page shows. */
const recoveryCodes = (page: UserPage) =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll('.totp .codes li')].map((e) => e.textContent)`,
  );
async function enterPassword(page: UserPage): Promise<void> {
  await page.waitFor(`document.querySelector('#password')`);
  await page.fill('#username', PERSON.username);
  await page.fill('#password', PERSON.password);
  await page.press('Enter');
}

describe.each(browserKinds)('the portal in %s', (kind) => {
  it('is signed in to by itself, and shows what one may open', async () => {
    const page = pages[kind];
    await page.goto(`${login()}/signout`);
    await heading(page, 'You are signed out');
    await page.goto(`${login()}/`);
    await heading(page, 'You are not signed in');
    await expectAccessible(page, 'signed out', ['light', 'dark']);
    await clickButton(page, 'Sign in');
    await enterPassword(page);
    await heading(page, 'Applications');
    await says(page, 'You are signed in as Zoe.');
    const names = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.app strong')].map((e) => e.textContent)`,
    );
    expect(names).toContain('sample');
    expect(names).not.toContain('Payroll');
    await expectAccessible(page, 'portal', ['dark', 'light']);
    expect(await page.evaluate('Object.keys(localStorage).concat(document.cookie)')).toEqual(['']);
  });

  it('adds a passkey, names it and takes it away', async () => {
    const page = pages[kind];
    await openPortal(page);
    if (page.addAuthenticator) {
      await page.addAuthenticator();
      await clickButton(page, 'Add a passkey');
    } else {
      const answer = await answerNextRegistration(page);
      await clickButton(page, 'Add a passkey');
      await answer();
    }
    await page.waitFor(`document.querySelectorAll('.passkeys li').length === 1`);
    await clickButton(page, 'Rename');
    await page.waitFor(`document.activeElement?.closest('.passkeys') !== null`);
    await page.fill('.passkeys input', 'Key on my ring');
    await page.press('Enter');
    await page.waitFor(
      `document.querySelector('.passkeys strong')?.textContent === 'Key on my ring'`,
    );
    if (kind === 'chromium') await shot('signed-in');
    await page.click('[aria-label="Remove passkey Key on my ring"]');
    await page.waitFor(`document.querySelectorAll('.passkeys li').length === 0`);
  });

  it('ends a session on another device, which closes there', async () => {
    const page = pages[kind];
    const other = pages[kind === 'chromium' ? 'firefox' : 'chromium'];
    await other.goto(sampleUrl());
    await other.waitFor(`document.querySelector('#password') || (${SAMPLE})`);
    if (await other.evaluate(`document.querySelector('#password') !== null`))
      await enterPassword(other);
    await inSample(other);
    await other.evaluate(`new Promise((resolve, reject) => {
      const socket = new WebSocket('/ws');
      socket.onopen = resolve;
      socket.onerror = reject;
      socket.onclose = () => { window.isClosed = true; };
    })`);
    await openPortal(page);
    const name = kind === 'chromium' ? 'Firefox on Linux' : 'Chrome on Linux';
    const sessions = await page.evaluate<number>(
      `document.querySelectorAll('.sessions li').length`,
    );
    await page.click(`[aria-label="End ${name}"]`);
    await page.waitFor(`document.querySelectorAll('.sessions li').length === ${sessions - 1}`);
    await other.waitFor('window.isClosed === true', 10_000);
    await other.goto(`${login()}/`);
    await heading(other, 'You are not signed in');
    await clickButton(other, 'Sign in');
    await enterPassword(other);
    await heading(other, 'Applications');
  });
});

describe('the portal', () => {
  it('finds an application by name, with the keyboard alone', async () => {
    const page = pages.chromium;
    await openPortal(page);
    const shown = () =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('.apps li:not([hidden]) strong')].map((e) => e.textContent)`,
      );
    await page.evaluate(`document.querySelector('#search').focus()`);
    await page.type('SAMP');
    expect(await shown()).toEqual(['sample']);
    await page.press('Tab');
    expect(await page.evaluate('document.activeElement.href')).toBe(
      `${new URL(sampleUrl()).origin}/`,
    );
    await page.press('Enter');
    await inSample(page);
  });

  it('sets up an authenticator app, and renews its recovery codes', async () => {
    const page = pages.chromium;
    await openPortal(page);
    await clickButton(page, 'Set up an authenticator app');
    await page.waitFor(`document.querySelector('.key')`);
    await expectAccessible(page, 'authenticator app', ['light', 'dark']);
    const secret = await page.evaluate<string>(
      `document.querySelector('.key').textContent.replaceAll(' ', '')`,
    );
    const first = await recoveryCodes(page);
    await page.fill('#code', '000000');
    await page.press('Enter');
    await page.waitFor(`document.querySelector('.totp #message').textContent !== ''`);
    await page.fill('#code', codeAt(secret, Date.now()));
    await page.press('Enter');
    await says(page, 'Set up. Unused recovery codes: 20.');
    await openPortal(page);
    await says(page, 'Set up. Unused recovery codes: 20.');
    await clickButton(page, 'New recovery codes');
    await page.fill('#code', first[0]!);
    await page.press('Enter');
    await says(page, 'Your new recovery codes. The old ones no longer work.');
    const renewed = await recoveryCodes(page);
    expect(new Set([...first, ...renewed]).size).toBe(40);
    await clickButton(page, 'New recovery codes');
    await page.fill('#code', first[1]!);
    await page.press('Enter');
    await page.waitFor(`document.querySelector('.totp #message').textContent !== ''`);
  });

  it('is usable on a phone', async () => {
    const page = pages.chromium;
    await openPortal(page);
    await page.emulate?.({ scheme: 'dark', width: 360 });
    expect(
      await page.evaluate(
        'document.documentElement.scrollWidth <= document.documentElement.clientWidth',
      ),
    ).toBe(true);
    await shot('phone');
    await page.emulate?.({ scheme: 'light', width: 1100 });
  });

  it('asks for an application that one may not open, and learns the answer', async () => {
    const page = pages.chromium;
    await page.goto(`${payrollOrigin()}/`);
    await says(page, 'ERR_ACCESS_NO_POLICY');
    await shot('no-access');
    await page.click('a:has-text("Ask for access")');
    const { host } = new URL(payrollOrigin());
    await heading(page, `Ask for access to ${host}`);
    await expectAccessible(page, 'asking', ['dark', 'light']);
    await page.fill('#reason', 'I pay the <b>bills</b>.');
    await shot('ask');
    await clickButton(page, 'Ask for access');
    await heading(page, `You asked for access to ${host}`);
    await acceptInConsole('Until the audit is over.');
    await openPortal(page);
    await says(page, 'Answer: Until the audit is over.');
    await says(page, 'Not connected right now');
    await shot('requests');
    await page.goto(`${payrollOrigin()}/`);
    await says(page, 'ERR_SERVICE_NOT_HOSTED');
  });

  /** As an administrator, with what is proposed there. */
  async function acceptInConsole(answer: string): Promise<void> {
    const admin = await browsers[0]!.newPage();
    await admin.emulate?.({ scheme: 'light', width: 1280 });
    await admin.goto(demo.report.console);
    await heading(admin, 'Sign in to the console');
    await admin.fill('input[name=username]', 'admin');
    await admin.fill('input[name=password]', demo.report.admin.password);
    await admin.press('Enter');
    await heading(admin, 'Overview');
    await says(admin, '1 requests for access wait for an answer.');
    await admin.click('a:has-text("requests for access wait")');
    await says(admin, 'Zoe asks for Payroll');
    await says(admin, 'I pay the <b>bills</b>.');
    await says(admin, 'Payroll on request (new)');
    await expectAccessible(admin, 'requests', ['dark', 'light']);
    await admin.screenshot(join(shots, 'console-requests.png') as `${string}.png`);
    await admin.fill('input[name=answer]', answer);
    await admin.click('[aria-label="Accept the request of Zoe"]');
    await says(admin, 'Nobody waits for an answer.');
    await says(admin, 'accepted');
    await admin.close();
  }

  it('did all that within its own policy', async () => {
    const page = pages.chromium;
    await openPortal(page);
    const violations = await page.evaluate<unknown[]>(`new Promise((resolve) => {
      const found = [];
      const observer = new ReportingObserver((reports) => found.push(...reports.map(({ body }) => body.toJSON())),
        { types: ['csp-violation'], buffered: true });
      observer.observe();
      requestAnimationFrame(() => resolve(found.concat(observer.takeRecords())));
    })`);
    expect(violations).toEqual([]);
  });
});
