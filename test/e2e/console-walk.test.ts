/**
 * From an empty controller to an application that another person opens in another browser, by the admin console
 * alone: what an operator does by hand here is to start processes, with what the console shows.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../cli/src/demo/ports.ts';
import { PartProcess } from '../fault/part-process.ts';
import { expectAccessible } from '../harness/axe.ts';
import { launchBrowser, type TestBrowser, type UserPage } from '../harness/browser.ts';

const cli = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const host = '127.0.0.1';
const PERSON = { username: 'zoe-of-accounts', password: 'correct horse battery' };

/** For a person to look at. */
const shots = join(tmpdir(), 'postern-screenshots');
mkdirSync(shots, { recursive: true });

const app = createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(`<!doctype html><title>Handbook</title><h1 id="handbook">${request.url}</h1>`);
});
const parts: PartProcess[] = [];
/** Started from what the console shows. */
const scripts: ChildProcess[] = [];
const browsers: TestBrowser<UserPage>[] = [];
let folder: string;
let at: Awaited<ReturnType<typeof places>>;
let page: UserPage;

/** What an operator decides before anything runs. */
async function places() {
  const [gateway, admin, open, control, edge, fabric, metrics, idp] = (await findFreePorts(8)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    ports: { gateway, admin, open, control, edge, fabric, metrics, idp },
    adminUrl: `https://${host}:${admin}`,
    publicUrl: `http://controller.localhost:${open}`,
    loginOrigin: `http://login.localhost:${gateway}`,
    issuer: `http://idp.localhost:${idp}`,
    handbook: `http://handbook.localhost:${gateway}`,
  };
}

beforeAll(async () => {
  app.listen(0, host);
  await once(app, 'listening');
  folder = mkdtempSync(join(tmpdir(), 'postern-walk-'));
  at = await places();
  const { ports, adminUrl, publicUrl, loginOrigin, issuer } = at;
  const control = `tls:${host}:${ports.control}`;
  const part = (name: string, config: object) => {
    const made = new PartProcess(folder, name, name, config);
    parts.push(made);
    return made.start();
  };
  const [browser] = await Promise.all([
    launchBrowser('chromium', { trustsAll: true }),
    part('controller', {
      dataDir: join(folder, 'data'),
      admin: { host, port: ports.admin, url: adminUrl },
      public: { host, port: ports.open, tls: 'none', url: publicUrl },
      control: { host, port: ports.control, advertise: [control] },
      loginOrigin,
      auth: { allowPrivateJwks: true },
    }),
    part('gateway', {
      listen: { host, port: ports.gateway },
      tls: 'none',
      controllerUrl: `http://${host}:${ports.open}`,
      loginOrigin,
      issuer: `${publicUrl}/oidc`,
      apiUrl: `${publicUrl}/postern/v1`,
      idpOrigins: [issuer],
    }),
    part('dev-idp', {
      port: ports.idp,
      issuer,
      clientOrigin: loginOrigin,
      users: [{ ...PERSON, name: 'Zoe', email: 'zoe@example.com' }],
    }),
  ]);
  browsers.push(browser);
  page = await browser.newPage();
  await page.emulate?.({ scheme: 'light', width: 1280 });
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  for (const script of scripts) {
    if (script.exitCode !== null || script.signalCode !== null) continue;
    script.kill('SIGTERM');
    await once(script, 'exit');
  }
  await Promise.all(parts.map((part) => part.stop()));
  app.close();
  rmSync(folder, { recursive: true, force: true });
});

const heading = (text: string) =>
  page.waitFor(`document.querySelector('h1')?.textContent === ${JSON.stringify(text)}`);
const says = (text: string) =>
  page.waitFor(`document.body.innerText.includes(${JSON.stringify(text)})`);
const shot = async (name: string) => {
  await page.evaluate('window.scrollTo(0, 0)');
  await page.screenshot(join(shots, `console-${name}.png`) as `${string}.png`);
};
const follow = (link: string) => page.click(`main a:has-text("${link}")`);
const create = () => page.click('button[type=submit]:has-text("Create")');
const toOverview = async () => {
  await page.click('nav a:has-text("Overview")');
  await heading('Overview');
};
/** The step that the overview points at. */
const next = (title: string) =>
  page.waitFor(
    `document.querySelector('.first-steps [aria-current=step] h3')?.textContent === ${JSON.stringify(`${title} – do this next`)}`,
  );
/** Commands on the page that run a part of that name, once they are there. */
const commandsOf = async (part: string) => {
  const block = `[...document.querySelectorAll('pre')].find((e) => e.innerText.includes('postern ${part} run'))`;
  await page.waitFor(block);
  return page.evaluate<string>(`${block}.innerText`);
};

function run(commands: string): void {
  const script = `postern() { exec "${process.execPath}" "${cli}" "$@"; }\n${commands}`;
  scripts.push(spawn('sh', ['-c', script], { cwd: folder, stdio: 'ignore' }));
}

/** Puts a machine's addresses in place of those that the console leaves open. */
function filledIn(commands: string): string {
  const { edge, fabric, metrics } = at.ports;
  const open: [string, string][] = [
    ['port: 443', `host: ${host}\n  port: ${edge}`],
    ['{ certFile: /etc/postern/router.pem, keyFile: /etc/postern/router.key }', 'none'],
    ['wss://ROUTER.EXAMPLE.COM/edge', `ws://${host}:${edge}/edge`],
    ["port: 6264, advertise: 'ROUTER.EXAMPLE.COM:6264'", `host: ${host}, port: ${fabric}`],
    ['port: 9090', `port: ${metrics}`],
  ];
  return open.reduce((text, [before, after]) => {
    expect(text).toContain(before);
    return text.replace(before, after);
  }, commands);
}

describe('an empty controller', () => {
  it('says what is to be done, to who signs in first', async () => {
    await page.goto(`${at.adminUrl}/console/`);
    await heading('Sign in to the console');
    const password = readFileSync(join(folder, 'data', 'admin-password'), 'utf8').trim();
    await page.fill('input[name=username]', 'admin');
    await page.fill('input[name=password]', password);
    await page.press('Enter');
    await heading('Overview');
    await next('Start a router');
    await expectAccessible(page, 'empty', ['dark', 'light']);
    await shot('empty');
  });

  it('gives the commands that bring a router, and notices it', async () => {
    await follow('Make a router');
    await heading('New edge router');
    await page.fill('input[name=name]', 'router-west');
    await create();
    await heading('router-west');
    await says('Waiting for router-west');
    await toOverview();
    await next('Start a router');
    await follow('Commands that start router-west');
    await says('Waiting for router-west');
    await expectAccessible(page, 'router expected', ['dark', 'light']);
    await shot('router');
    run(filledIn(await commandsOf('router')));
    await says('router-west is online.');
    await expectAccessible(page, 'router here', ['dark', 'light'], 'main');
    await follow('Back to the overview');
    await next('Say how people sign in');
  });

  it('learns of an identity provider, and of a person that it knows', async () => {
    await follow('Register an identity provider');
    await heading('New external JWT signer');
    const provider = {
      name: 'Company sign-in',
      issuer: at.issuer,
      audience: 'postern-login',
      clientId: 'postern-login',
      claimsProperty: '/sub',
      jwksEndpoint: `http://${host}:${at.ports.idp}/jwks`,
    };
    for (const [name, value] of Object.entries(provider))
      await page.fill(`input[name=${name}]`, value);
    await page.click('text=Enabled');
    await page.click('text=Use external ID');
    await create();
    await heading('Company sign-in');
    await toOverview();
    await next('Protect an application');
    await follow('Make a person');
    await heading('New identity');
    await page.fill('input[name=name]', 'Zoe');
    await page.fill('input[name=externalId]', PERSON.username);
    await page.fill('.list-field:has-text("Role attributes") input', 'readers');
    await page.press('Enter');
    await create();
    await heading('Zoe');
  });

  it('gets an application from the wizard, and its connector by the command it shows', async () => {
    await toOverview();
    await expectAccessible(page, 'last step', ['dark', 'light'], 'main');
    await follow('Protect an application');
    await heading('Protect an application');
    const address = app.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await page.fill('input[name=name]', 'Handbook');
    await page.fill('input[name=origin]', at.handbook);
    await page.fill('input[name=target]', `http://${host}:${address.port}`);
    await page.click('text=Everyone with a role attribute');
    await page.fill('input[name=attribute]', 'readers');
    await says('By Company sign-in');
    await page.click('button[type=submit]');
    await says('Your application is set up');
    run(await commandsOf('connector'));
    await says(`The connector is there. Open ${at.handbook}`);
    await toOverview();
    await says('Nothing needs attention');
    expect(await page.evaluate(`document.querySelector('.first-steps')`)).toBe(null);
  });

  it('has led to an application that its person opens in another browser', async () => {
    const other = await launchBrowser('firefox');
    browsers.push(other);
    const theirs = await other.newPage();
    await theirs.goto(`${at.handbook}/chapter?number=1`);
    await theirs.waitFor(
      `location.origin === '${at.issuer}' && document.querySelector('#password')`,
    );
    await theirs.fill('#username', PERSON.username);
    await theirs.fill('#password', PERSON.password);
    await theirs.press('Enter');
    await theirs.waitFor(`document.querySelector('#handbook')`);
    expect(theirs.url()).toBe(`${at.handbook}/chapter?number=1`);
    expect(await theirs.evaluate(`document.querySelector('#handbook').textContent`)).toBe(
      '/chapter?number=1',
    );
  });
});
