/**
 * The admin console in Chromium, served by a real controller: signing in, an application protected by the wizard alone
 * and opened by another person in another browser, what a reader sees, and each page held to WCAG 2.2 AA by axe-core.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeAt } from '../../controller/src/auth/totp.ts';
import { expectAccessible as expectPageAccessible } from '../harness/axe.ts';
import { launchBrowser, type TestBrowser, type UserPage } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';

const cli = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const PERSON = { username: 'zoe-of-accounts', password: 'correct horse battery' };
const READER = { username: 'rita-who-reads', password: 'correct horse battery' };

/** For a person to look at. */
const shots = join(tmpdir(), 'postern-screenshots');
mkdirSync(shots, { recursive: true });

let demo: RunningDemo;
let browser: TestBrowser<UserPage>;
let page: UserPage;
let folder: string;
let connector: ChildProcess | undefined;
const app = createServer((_, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><title>Handbook</title><h1 id="handbook">The handbook</h1>');
});

beforeAll(async () => {
  await new Promise<void>((done) => app.listen(0, '127.0.0.1', done));
  folder = mkdtempSync(join(tmpdir(), 'postern-console-'));
  [demo, browser] = await Promise.all([
    startDemo(),
    launchBrowser('chromium', { trustsAll: true }),
  ]);
  page = await browser.newPage();
  await page.emulate?.({ scheme: 'light', width: 1280 });
});
afterAll(async () => {
  if (connector?.exitCode === null) {
    connector.kill('SIGTERM');
    await once(connector, 'exit');
  }
  await browser?.close();
  await demo?.stop();
  app.close();
  rmSync(folder, { recursive: true, force: true });
});

const expectAccessible = (...looked: [string, readonly ('light' | 'dark')[], string?]) =>
  expectPageAccessible(page, ...looked);

const heading = (text: string) =>
  page.waitFor(`document.querySelector('h1')?.textContent === ${JSON.stringify(text)}`);
const says = (text: string) =>
  page.waitFor(`document.body.innerText.includes(${JSON.stringify(text)})`);
const open = async (hash: string, title: string) => {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await heading(title);
};
const shot = async (name: string) => {
  await page.evaluate('window.scrollTo(0, 0)');
  await page.screenshot(join(shots, `console-${name}.png`) as `${string}.png`);
};

describe('the console', () => {
  it('is opened and signed in to with the keyboard alone', async () => {
    await page.goto(demo.report.console);
    await heading('Sign in to the console');
    await expectAccessible('sign-in', ['dark', 'light']);
    await page.waitFor(`document.activeElement?.name === 'username'`);
    await page.type('admin');
    await page.press('Tab');
    await page.type('not the password');
    await page.press('Enter');
    await says('User name or password are not right');
    await page.fill('input[name=password]', demo.report.admin.password);
    await page.press('Enter');
    await heading('Overview');
    await says('Nothing needs attention');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Overview');
    expect(await page.evaluate('Object.keys(sessionStorage).concat(document.cookie)')).toEqual([
      '',
    ]);
    await shot('overview');
  });

  it('has a way past its navigation, and to each main action', async () => {
    await page.evaluate(`document.querySelector('a').focus()`);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await page.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe(
      'Protect an application',
    );
    await page.press('Enter');
    await heading('Protect an application');
  });

  it('takes from nothing to an application, and says what is wrong where it is', async () => {
    const { port } = app.address() as AddressInfo;
    await says('By user name and password');
    await page.fill('input[name=name]', 'Handbook');
    await page.fill('input[name=origin]', 'http://handbook.example.com');
    await page.fill('input[name=target]', `http://127.0.0.1:${port}`);
    await page.click('text=Everyone with a role attribute');
    await page.fill('input[name=attribute]', 'readers');
    await page.click('text=By Demo sign-in');
    await page.click('text=By user name and password');
    await page.click('text=Also make a new person');
    await page.fill('input[name=username]', PERSON.username);
    await page.fill('input[name=password]', PERSON.password);
    await expectAccessible('wizard', ['dark', 'light']);
    await shot('wizard');
    await page.click('button[type=submit]');
    await says('must be https, or http on localhost');
    expect(await page.evaluate(`document.querySelector('[name=origin]').ariaInvalid`)).toBe('true');
    await page.fill('input[name=origin]', handbook());
    await page.click('button[type=submit]');
    await says('Your application is set up');
    await says('Waiting for the connector');
    await expectAccessible('wizard, done', ['dark', 'light']);
    await shot('wizard-done');
  });

  it('gives the commands that bring the connector, and notices it', async () => {
    const commands = await page.evaluate<string>(
      `[...document.querySelectorAll('pre')].find((e) => e.innerText.includes('connector run')).innerText`,
    );
    const script = `postern() { exec "${process.execPath}" "${cli}" "$@"; }\n${commands}`;
    connector = spawn('sh', ['-c', script], { cwd: folder, stdio: 'ignore' });
    await says(`The connector is there. Open ${handbook()}`);
  });

  it('let another person open the application in another browser', async () => {
    const other = await launchBrowser('chromium');
    try {
      const theirs = await other.newPage();
      await theirs.goto(`${handbook()}/`);
      await theirs.waitFor(`document.querySelector('#password')`);
      await theirs.fill('#username', PERSON.username);
      await theirs.fill('#password', PERSON.password);
      await theirs.click('form button');
      await theirs.waitFor(`document.querySelector('#handbook')`);
    } finally {
      await other.close();
    }
  });

  it('shows who can reach what, and why not', async () => {
    const { data: people } = await demo.admin(
      'GET',
      `/identities?filter=name="${PERSON.username}"`,
    );
    const { data: services } = await demo.admin('GET', '/services');
    const idOf = (name: string) => services.find((one: { name: string }) => one.name === name).id;
    const advisor = (service: string) =>
      `#/advisor?identity=${people[0].id}&service=${idOf(service)}`;
    await open(advisor('Handbook'), 'Who can reach what');
    await says(`${PERSON.username} may dial Handbook`);
    await shot('advisor');
    await open(advisor('sample'), 'Who can reach what');
    await says('identity lacks #staff');
    await expectAccessible('advisor', ['dark', 'light']);
  });

  it('shows what a change of a policy would do', async () => {
    await open('#/simulation', 'What would change');
    await page.click('button:has-text("Show effects")');
    await says('Nobody would gain or lose anything');
    await page.fill('.body-form .list-field input >> nth=0', '#readers');
    await page.press('Enter');
    await page.fill('.body-form .list-field input >> nth=1', '#demo');
    await page.press('Enter');
    await page.click('button:has-text("Show effects")');
    await says('1 identities affected. Gained: 1. Lost: 0.');
    await expectAccessible('simulation', ['dark', 'light']);
    await shot('simulation');
  });

  it('refuses a name twice at its field, creates, changes and deletes', async () => {
    await open('#/services/new', 'New service');
    await expectAccessible('new', ['dark', 'light']);
    await page.fill('input[name=name]', 'sample');
    await page.click('button[type=submit]');
    await page.waitFor(`document.querySelector('[name=name]').ariaInvalid === 'true'`);
    await shot('form');
    await page.fill('input[name=name]', 'almanac');
    await page.fill('.list-field input', 'books');
    await page.press('Enter');
    await page.click('button[type=submit]');
    await heading('almanac');
    await expectAccessible('detail', ['dark', 'light']);
    await page.fill('input[name=name]', 'almanac 2');
    await page.click('button[type=submit]');
    await heading('almanac 2');
    await says('Saved.');
    await page.click('[role=tab]:has-text("JSON")');
    await page.waitFor(`document.querySelector('textarea')?.value.includes('"books"')`);
    await page.click('[role=tab]:has-text("Related")');
    await says('Service policies');
    await page.click('header button:has-text("Delete")');
    await page.waitFor(`document.querySelector('[role=alertdialog]')`);
    await page.press('Escape');
    await page.waitFor(`!document.querySelector('[role=alertdialog]')`);
    await page.click('header button:has-text("Delete")');
    await expectAccessible('asking', ['light']);
    await page.click('[role=alertdialog] .danger');
    await heading('Services');
    await page.waitFor(`!document.querySelector('[role=table]').innerText.includes('almanac')`);
  });

  it('finds rows, and keeps what narrows a list in the address', async () => {
    await open('#/identities', 'Identities');
    await page.fill('input[type=search]', 'zoe');
    await says('1 in all');
    expect(await page.evaluate('location.hash')).toContain('q=zoe');
    await page.click('button:has-text("Expression")');
    await page.fill('input[type=search]', 'isAdmin = ');
    await page.press('Enter');
    await page.waitFor(`document.querySelector('[role=alert]')`);
    await page.fill('input[type=search]', 'isAdmin = true');
    await page.press('Enter');
    await page.waitFor(
      `document.querySelector('[role=table]').innerText.includes('Default Admin')`,
    );
  });

  it('checks the chain of the audit log', async () => {
    await open('#/audit', 'Audit log');
    await page.click('button:has-text("Check the chain")');
    await says('every hash follows from the one before');
    await expectAccessible('audit', ['dark', 'light']);
    await shot('audit');
  });

  it('shows the network, and events as they happen', async () => {
    await open('#/map', 'Map');
    await says('router-2');
    await expectAccessible('map', ['dark', 'light']);
    await shot('map');
    await open('#/events', 'Live events');
    await demo.admin('POST', '/services', { name: 'just-made', encryptionRequired: true });
    await page.waitFor(`document.querySelector('.events')?.innerText.includes('just-made')`);
    await expectAccessible('events', ['dark', 'light']);
    await shot('events');
  });

  it('lists every entity without a barrier', async () => {
    const hashes = await page.evaluate<string[]>(
      `[...document.querySelectorAll('nav a')].map((a) => a.hash)`,
    );
    expect(hashes.length).toBeGreaterThan(25);
    for (const hash of hashes) {
      const link = JSON.stringify(`nav a[href$="${hash}"]`);
      await page.evaluate(`document.querySelector(${link}).click()`);
      await page.waitFor(`document.title.startsWith(document.querySelector(${link}).textContent)`);
      await page.waitFor(`!document.body.innerText.includes('Loading…')`);
      expect(await page.evaluate(`document.querySelector('[role=alert]')?.textContent ?? ''`)).toBe(
        '',
      );
      // What is around them is the same on all pages.
      await expectAccessible(hash, ['light'], 'main');
    }
    await page.emulate?.({ scheme: 'dark', width: 390 });
    await open('#/identities', 'Identities');
    expect(
      await page.evaluate(
        'document.documentElement.scrollWidth <= document.documentElement.clientWidth',
      ),
    ).toBe(true);
    await shot('narrow');
    await page.emulate?.({ scheme: 'light', width: 1280 });
  }, 240_000);

  it('did all that within its own policy, and is small enough to begin with', async () => {
    const manifest = new URL('../../web/dist/manifest.json', import.meta.url);
    const { firstLoadBytes } = JSON.parse(readFileSync(manifest, 'utf8'));
    expect(firstLoadBytes).toBeLessThanOrEqual(250_000);

    const violations = await page.evaluate<unknown[]>(`new Promise((resolve) => {
      const found = [];
      const observer = new ReportingObserver((reports) => found.push(...reports.map(({ body }) => body.toJSON())),
        { types: ['csp-violation'], buffered: true });
      observer.observe();
      setTimeout(() => resolve(found.concat(observer.takeRecords())), 100);
    })`);
    expect(violations).toEqual([]);
  });

  it('is over when the session is ended elsewhere', async () => {
    const { data: own } = await demo.admin('GET', '/current-api-session');
    const { data: sessions } = await demo.admin('GET', '/api-sessions?limit=100');
    for (const { id } of sessions)
      if (id !== own.id) await demo.admin('DELETE', `/api-sessions/${id}`);
    await says('Your session has ended');
  });

  it('shows somebody who may only read nothing that they cannot do', async () => {
    const { data: made } = await demo.admin('POST', '/identities', {
      name: READER.username,
      type: 'Default',
      isAdmin: false,
      permissions: ['admin_readonly'],
    });
    await demo.admin('POST', '/authenticators', {
      method: 'updb',
      identityId: made.id,
      ...READER,
    });
    await page.evaluate(`location.hash = '#/'`);
    await page.fill('input[name=username]', READER.username);
    await page.fill('input[name=password]', READER.password);
    await page.press('Enter');
    await heading('Overview');
    expect(await page.evaluate('document.body.innerText')).not.toContain('Protect an application');
    await open('#/services', 'Services');
    await says('Handbook');
    expect(await page.evaluate('document.body.innerText')).not.toContain('New service');
    await page.click('a:has-text("Handbook")');
    await heading('Handbook');
    await says('You may look at this, but not change it.');
    expect(
      await page.evaluate(
        `[...document.querySelectorAll('main button')].map((b) => b.textContent).filter((t) => /Save|Delete|Create/.test(t))`,
      ),
    ).toEqual([]);
    await page.click('button:has-text("Sign out")');
    await heading('Sign in to the console');
  });

  it('asks for the second step where one is owed', async () => {
    const call = `const call = (method, path, body, token = '') => fetch('/edge/management/v1' + path, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { 'zt-session': token }) },
      ...(body && { body: JSON.stringify(body) }),
    }).then((response) => response.json());`;
    const made = await page.evaluate<{
      token: string;
      provisioningUrl: string;
      recoveryCodes: string[];
    }>(`(async () => {
      ${call}
      const reader = ${JSON.stringify(READER)};
      const { data: { token } } = await call('POST', '/authenticate?method=password', reader);
      await call('POST', '/current-identity/mfa', {}, token);
      const { data } = await call('GET', '/current-identity/mfa', undefined, token);
      return { ...data, token };
    })()`);
    const code = codeAt(new URL(made.provisioningUrl).searchParams.get('secret')!, Date.now());
    await page.evaluate(`(async () => {
      ${call}
      const answer = await call('POST', '/current-identity/mfa/verify', ${JSON.stringify({ code })}, ${JSON.stringify(made.token)});
      if (answer.error) throw new Error(answer.error.code);
    })()`);
    await page.fill('input[name=username]', READER.username);
    await page.fill('input[name=password]', READER.password);
    await page.press('Enter');
    await heading('Second step');
    await expectAccessible('second step', ['dark', 'light']);
    await page.fill('input[name=code]', 'abcdef');
    await page.press('Enter');
    await says('That code is not right');
    await page.fill('input[name=code]', made.recoveryCodes[0]!);
    await page.press('Enter');
    await page.waitFor(`document.querySelector('nav')`);
  });
});

function handbook(): string {
  return new URL(demo.app('sample').url).origin.replace('//sample.', '//handbook.');
}
