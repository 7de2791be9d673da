/**
 * What a person sees of Postern itself: loader, sign-in, own page, status page and problems, with an
 * operator's look. In Chromium each page is held to WCAG 2.2 AA by axe-core, in light and dark.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  browserKinds,
  launchBrowser,
  type FullBrowserKind,
  type TestBrowser,
  type TestPage,
  type UserPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><path fill="#7a2e8e" d="M0 0h40v40z"/></svg>`;

/** The loader has no worker yet. */
const IS_APPLICATION = `Symbol.for('postern') in window && document.querySelector('main')`;

interface Finding {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

async function expectAccessible(page: TestPage): Promise<void> {
  const findings: Finding[] = [];
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulate?.({ scheme });
    // As the browser's own function: a page's policy forbids what a page could do.
    await page.evaluate(`${axe}; undefined`);
    const { violations } = await page.evaluate<{ violations: Finding[] }>(
      `axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`,
    );
    findings.push(...violations);
  }
  const told = findings.map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
  );
  expect(told).toEqual([]);
}

/** Shows a page in the given look, for the reader of a failure and for docs/images. */
async function picture(page: TestPage, name: string): Promise<void> {
  const folder = process.env['POSTERN_PICTURES'];
  if (folder === undefined || page.emulate === undefined) return;
  for (const scheme of ['light', 'dark'] as const) {
    for (const [size, width] of [
      ['wide', 1100],
      ['narrow', 390],
    ] as const) {
      await page.emulate({ scheme, width });
      await page.screenshot(`${folder}/${name}-${scheme}-${size}.png`);
    }
  }
  await page.emulate({ scheme: 'light', width: 1100 });
}

describe.each(browserKinds)('pages in %s', (kind: FullBrowserKind) => {
  const isChromium = kind === 'chromium';
  let demo: RunningDemo;
  let browser: TestBrowser<UserPage>;
  let page: UserPage;
  let sample: string;

  beforeAll(async () => {
    demo = await startDemo();
    sample = demo.app('sample').url;
    const look = {
      name: 'network',
      displayName: 'Acme Access',
      logo: { mediaType: 'image/svg+xml', data: Buffer.from(LOGO).toString('base64') },
      light: { accent: '#7a2e8e' },
      dark: { accent: '#d9a6e6', onAccent: '#1d0b22' },
      helpUrl: 'https://help.example.com/',
      supportText: 'Call 1234, any hour.',
    };
    expect((await demo.admin('POST', '/brandings', look)).status).toBe(201);
    browser = await launchBrowser(kind);
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it('signs in on a page with the operator’s look', async () => {
    await page.goto(`${demo.report.login.url}nothing-here`);
    await page.waitFor(`document.querySelector('.brand img')?.naturalWidth > 0`);
    expect(await page.evaluate('document.body.innerText')).toContain('Call 1234');
    await picture(page, 'gateway');
    if (isChromium) await expectAccessible(page);
    await openSignedIn(page, demo, sample);
    await page.waitFor(IS_APPLICATION);
  });

  it('shows the connection: who, path, fingerprint as the connector’s log has it, requests', async () => {
    await page.evaluate(`fetch('/?q=notshown').then((response) => response.text())`);
    await page.goto(`${sample}.postern/status`);
    await page.waitFor(`document.querySelectorAll('.path li').length >= 4`);
    const shown = await page.evaluate<string>('document.body.innerText');
    expect(shown).toContain('Acme Access');
    expect(shown).toMatch(/Router [\w-]+\s+\d/);
    const fingerprint = await page.evaluate<string>(
      `document.querySelector('.fingerprint').textContent`,
    );
    expect(fingerprint).toMatch(/^(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}$/);
    const log = await readFile(join(demo.report.dataDir, 'logs', 'connector.log'), 'utf8');
    expect(log).toContain(`"fingerprint":"${fingerprint}"`);
    expect(shown).not.toContain('notshown');
    const accent = `getComputedStyle(document.querySelector('a.button')).backgroundColor`;
    expect(await page.evaluate(accent)).toMatch(/^rgb\((122, 46, 142|217, 166, 230)\)$/);
    await picture(page, 'status');
    if (isChromium) await expectAccessible(page);
  });

  it('follows what happens by itself', async () => {
    const other = await browser.newPage();
    await other.goto(`${sample}?watched`);
    await other.waitFor(IS_APPLICATION);
    await other.evaluate(
      `fetch('/watched-by-the-status-page').then((response) => response.text())`,
    );
    await page.waitFor(`document.body.innerText.includes('/watched-by-the-status-page')`, 15_000);
    await other.close();
  });

  it('says what is wrong, where and what to do', async () => {
    const name = encodeURIComponent('name = "staff may open the demo apps"');
    const { data } = await demo.admin('GET', `/service-policies?filter=${name}`);
    const [policy] = data;
    await demo.admin('DELETE', `/service-policies/${policy.id}`);
    await page.goto(`${sample}deep`);
    await page.waitFor(`document.querySelector('.way .failed')`);
    const text = await page.evaluate<string>('document.body.innerText');
    expect(text).toMatch(/ERR_ACCESS_/);
    expect(text).toContain('Get help');
    await picture(page, 'problem');
    if (isChromium) await expectAccessible(page);
    const { semantic, identityRoles, serviceRoles, type } = policy;
    await demo.admin('POST', '/service-policies', {
      name: 'again',
      semantic,
      identityRoles,
      serviceRoles,
      type,
    });
  });

  it('ends a session on another device: its streams close within a second, its page says why', async () => {
    const phone = await launchBrowser(kind);
    try {
      const far = await phone.newPage();
      await openSignedIn(far, demo, sample);
      await far.waitFor(IS_APPLICATION);
      await far.evaluate(`(async () => {
        const socket = new WebSocket('/ws');
        await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
        socket.onclose = () => (window.endedAt = Date.now());
      })()`);

      await page.goto(demo.report.login.url);
      await page.waitFor(`document.querySelectorAll('.session').length >= 2`);
      await picture(page, 'own-page');
      if (isChromium) await expectAccessible(page);
      const endedAt = Date.now();
      // By keyboard alone: the button of the session that is not this one's.
      await page.evaluate(
        `[...document.querySelectorAll('.session')].find((item) => !item.querySelector('.here')).querySelector('button').focus()`,
      );
      await page.press('Enter');
      await far.waitFor('window.endedAt', 10_000);
      // Not a measurement: the promise of the product, with the browser's own clock on the same machine.
      expect((await far.evaluate<number>('window.endedAt')) - endedAt).toBeLessThan(1_000);
      await page.waitFor(`document.querySelectorAll('.session').length === 1`);
      expect(await page.evaluate('document.activeElement.id')).toBe('sessions');

      await far.evaluate(`void fetch('/').catch(() => undefined)`);
      const dialog = `[...document.documentElement.children].some((child) => child.localName === 'div')`;
      await far.waitFor(dialog, 15_000);
    } finally {
      await phone.close();
    }
  });

  it('asks before it ends the session in use', async () => {
    await page.goto(demo.report.login.url);
    await page.waitFor(`document.querySelector('.session .here')`);
    await page.click('.session button');
    await page.waitFor(`document.querySelector('dialog[open]')`);
    if (isChromium) await expectAccessible(page);
    // The harmless answer has the focus.
    await page.press('Enter');
    await page.waitFor(`!document.querySelector('dialog')`);
    expect(await page.evaluate(`document.querySelectorAll('.session').length`)).toBe(1);
    await page.click('.session button');
    await page.waitFor(`document.querySelector('dialog[open]')`);
    await page.click('dialog button:not(.plain)');
    await page.waitFor(`location.pathname === '/signout' && document.querySelector('h1')`);
    expect(await page.evaluate('document.body.innerText')).toContain('signed out');
  });
});
