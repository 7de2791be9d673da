/** Second factors and passkeys at the login origin, in Chromium with an authenticator of its own. */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeAt } from '../../controller/src/auth/totp.ts';
import { launchBrowser, type TestBrowser, type TestPage } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';

const USERNAME = 'zoe-of-accounts';
const PASSWORD = 'correct horse battery';

let demo: RunningDemo;
let browser: TestBrowser;
let page: TestPage;
let secret: string;
/** Each code counts once, so that each proof waits for the next time step. */
let usedStep = 0;

beforeAll(async () => {
  demo = await startDemo();
  browser = await launchBrowser('chromium');
  page = await browser.newPage();
  const { data: apps } = await demo.admin('GET', '/applications?limit=100');
  const sample = apps.find(({ origin }: { origin: string }) => appUrl().startsWith(origin));
  const loginMethods = ['password', 'passkey'];
  expect((await demo.admin('PATCH', `/applications/${sample.id}`, { loginMethods })).status).toBe(
    200,
  );
  const { data: policies } = await demo.admin('GET', '/auth-policies');
  const { primary, secondary } = policies[0];
  const policy = await demo.admin('POST', '/auth-policies', {
    name: 'two steps',
    primary,
    secondary: { ...secondary, requireTotp: true },
  });
  expect(policy.status).toBe(201);
  const { data: staff } = await demo.admin('GET', '/identities?filter=not isEmpty(roleAttributes)');
  const roleAttributes = [
    ...new Set(staff.flatMap((one: { roleAttributes: string[] }) => one.roleAttributes)),
  ];
  const identity = await demo.admin('POST', '/identities', {
    name: 'Zoe',
    type: 'Default',
    isAdmin: false,
    authPolicyId: policy.data.id,
    roleAttributes,
  });
  const authenticator = await demo.admin('POST', '/authenticators', {
    method: 'updb',
    identityId: identity.data.id,
    username: USERNAME,
    password: PASSWORD,
  });
  expect(authenticator.status).toBe(201);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

/** For a person to look at. */
const shots = join(tmpdir(), 'postern-screenshots');
mkdirSync(shots, { recursive: true });
const shot = (name: string) => join(shots, name) as `${string}.png`;

const appUrl = () => demo.app('sample').url;
const loginOrigin = () => page.evaluate<string>('location.origin');
const inApp = () =>
  page.waitFor(
    `location.origin === ${JSON.stringify(new URL(appUrl()).origin)} && document.querySelector('main')`,
  );
const heading = (text: string) =>
  page.waitFor(`document.querySelector('h1')?.textContent === ${JSON.stringify(text)}`);
const clickButton = (text: string) =>
  page.evaluate(
    `[...document.querySelectorAll('button')].find((b) => b.textContent === ${JSON.stringify(text)}).click()`,
  );

async function freshCode(): Promise<string> {
  await page.waitFor(`Math.floor(Date.now() / 30000) > ${usedStep}`, 60_000);
  usedStep = Math.floor(Date.now() / 30_000);
  return codeAt(secret, Date.now());
}

async function enterPassword(): Promise<void> {
  await page.goto(appUrl());
  await page.waitFor(`document.querySelector('#password')`);
  await page.fill('#username', USERNAME);
  await page.fill('#password', PASSWORD);
  await page.click('form button');
}

async function signOut(origin: string): Promise<void> {
  await page.goto(`${origin}/signout`);
  await heading('You are signed out');
}

/** Top edges of everything on the screen, to see whether a message moves anything. */
const layout = () =>
  page.evaluate<number[]>(
    `[...document.querySelectorAll('#screen *')].map((e) => Math.round(e.getBoundingClientRect().top))`,
  );

describe('a person whose policy asks for two steps', () => {
  let login: string;

  it('sets up an authenticator app on the way to the application', async () => {
    await enterPassword();
    await heading('Set up an authenticator app');
    login = await loginOrigin();
    secret = await page.evaluate<string>(
      `document.querySelector('.key').textContent.replaceAll(' ', '')`,
    );
    expect(await page.evaluate(`document.querySelectorAll('.codes li').length`)).toBe(20);
    expect(
      await page.evaluate(
        `document.documentElement.scrollWidth <= document.documentElement.clientWidth`,
      ),
    ).toBe(true);
    await page.screenshot(shot('second-factor-setup.png'));
    const before = await layout();
    await page.fill('#code', '000000');
    await page.click('form button');
    await page.waitFor(`document.querySelector('#message').textContent !== ''`);
    expect(await layout()).toEqual(before);
    await page.fill('#code', await freshCode());
    await page.click('form button');
    await inApp();
  });

  it('is asked for a code at the next sign-in, ready to type', async () => {
    await signOut(login);
    await enterPassword();
    await heading('One more step');
    expect(await page.evaluate('document.activeElement.id')).toBe('code');
    await page.screenshot(shot('second-factor-code.png'));
    await page.fill('#code', await freshCode());
    await page.click('form button');
    await inApp();
  }, 90_000);

  it('adds a passkey and signs in by it alone', async () => {
    await page.goto(`${login}/`);
    await heading('Applications');
    await page.addAuthenticator?.();
    await clickButton('Add a passkey');
    await page.waitFor(`document.querySelectorAll('.passkeys li').length === 1`);
    await page.screenshot(shot('passkeys.png'));
    await signOut(login);
    await page.goto(appUrl());
    await page.waitFor(`document.querySelector('#password')`);
    await clickButton('Sign in with a passkey');
    await inApp();
  });

  it('uses the passkey as the second step', async () => {
    await signOut(login);
    await enterPassword();
    await heading('One more step');
    await clickButton('Use a passkey');
    await inApp();
  });

  it('shows where the person is signed in, and ends what they do not know', async () => {
    const program = { username: USERNAME, password: PASSWORD };
    expect((await demo.admin('POST', '/authenticate?method=password', program)).status).toBe(200);
    await page.goto(`${login}/`);
    await heading('Applications');
    await page.waitFor(`document.querySelectorAll('.sessions li').length === 2`);
    await page.screenshot(shot('sessions.png'));
    await page.click('[aria-label="End Program or command line"]');
    await page.waitFor(`document.querySelectorAll('.sessions li').length === 1`);
    expect(await page.evaluate(`document.querySelector('.sessions li').textContent`)).toContain(
      'This browser',
    );
  });

  it('removes the passkey, which then signs nobody in', async () => {
    await page.goto(`${login}/`);
    await heading('Applications');
    await clickButton('Remove');
    await page.waitFor(`document.querySelectorAll('.passkeys li').length === 0`);
    await signOut(login);
    await page.goto(appUrl());
    await page.waitFor(`document.querySelector('#password')`);
    await clickButton('Sign in with a passkey');
    await page.waitFor(`document.querySelector('.action .message').textContent !== ''`);
    expect(await loginOrigin()).toBe(login);
  });
});
