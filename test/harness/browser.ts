/**
 * One small face over three real browsers, so that a scenario is written once: Chromium through
 * Playwright, Firefox through Puppeteer and WebDriver BiDi, WebKitGTK through its own WebDriver.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import puppeteer, { type ElementHandle } from 'puppeteer-core';
import { findBrowser } from '../browsers/find.mjs';
import { launchWebKit } from './webkit.ts';

export type BrowserKind = 'chromium' | 'firefox' | 'webkit';
/** Those that every scenario runs in; WebKit has the core only (`test/e2e/webkit.test.ts`). */
export type FullBrowserKind = Exclude<BrowserKind, 'webkit'>;
export const browserKinds: FullBrowserKind[] = ['chromium', 'firefox'];

export type PressedKey = 'Enter' | 'Escape' | 'Tab' | 'F1' | 'Home' | 's';

export interface TestPage {
  goto(url: string): Promise<void>;
  url(): string;
  /** Runs an expression or function body text in the page; promises are awaited. */
  evaluate<T>(script: string): Promise<T>;
  /** Resolves when the expression is true in whatever document the page then shows. */
  waitFor(expression: string, timeoutMs?: number): Promise<void>;
  /** Puts text in the place of what a field holds. */
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  /** Chooses colour scheme and width. Chromium only. */
  emulate?(look: { scheme: 'light' | 'dark'; width?: number }): Promise<void>;
  /** @param path Ends in `.png`. */
  screenshot(path: `${string}.png`): Promise<void>;
  /** Reloads past every cache, and the service worker, as Shift and the button do. */
  hardReload?(): Promise<void>;
  /** URLs of the page's frames, its own first. */
  frameUrls(): string[];
  /** Gives the page's origin a passkey authenticator that verifies its user by itself. Chromium only. */
  addAuthenticator?(): Promise<void>;
  /** Loads the page anew past all caches and service workers, as Shift+Reload does. Chromium only. */
  forceReload?(): Promise<void>;
  close(): Promise<void>;
}

/** A page that takes what a user's hands do. */
export interface UserPage extends TestPage {
  /** Types into what has the focus, key by key. */
  type(text: string): Promise<void>;
  /** Presses a key by its DOM name, with modifiers held: `press('Enter', 'Control')`. */
  press(key: PressedKey, ...modifiers: ('Control' | 'Shift' | 'Alt')[]): Promise<void>;
  /** Clicks a point of the viewport, in CSS pixels. */
  clickAt(x: number, y: number): Promise<void>;
  /** Chooses files in an `<input type=file>`. */
  chooseFiles(selector: string, ...paths: string[]): Promise<void>;
}

export interface TestBrowser<Page extends TestPage = TestPage> {
  kind: BrowserKind;
  /** A page of the one profile this browser was started with. */
  newPage(): Promise<Page>;
  /** Kills all service workers, as the browser does with idle ones. Chromium only. */
  stopServiceWorkers?(): Promise<void>;
  close(): Promise<void>;
}

export interface LaunchOptions {
  /** Folder of a profile to use and leave; default: a fresh one that is removed. */
  profile?: string;
  /** Folder where downloads go without asking. */
  downloads?: string;
  /** Takes every certificate, as of a controller's own authority. Chromium only. */
  trustsAll?: boolean;
}

export function launchBrowser(
  kind: FullBrowserKind,
  options?: LaunchOptions,
): Promise<TestBrowser<UserPage>>;
export function launchBrowser(kind: BrowserKind, options?: LaunchOptions): Promise<TestBrowser>;
export async function launchBrowser(
  kind: BrowserKind,
  options: LaunchOptions = {},
): Promise<TestBrowser> {
  const executablePath = findBrowser(kind);
  if (!executablePath) throw new Error(`${kind} is not installed: npm test installs it`);
  switch (kind) {
    case 'chromium':
      return launchChromium(executablePath, options);
    case 'firefox':
      return launchFirefox(executablePath, options);
    case 'webkit':
      return launchWebKit(executablePath, options);
  }
}

async function launchChromium(
  executablePath: string,
  { profile = '', downloads, trustsAll = false }: LaunchOptions,
): Promise<TestBrowser<UserPage>> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    acceptDownloads: true,
    ignoreHTTPSErrors: trustsAll,
    ...(downloads === undefined ? {} : { downloadsPath: downloads }),
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    kind: 'chromium',
    newPage: async () => {
      const page = await context.newPage();
      return {
        goto: async (url) => {
          await page.goto(url, { waitUntil: 'commit' });
        },
        url: () => page.url(),
        evaluate: (script) => page.evaluate(script),
        waitFor: (expression, timeoutMs = 30_000) =>
          waitInPage(
            (script) => page.evaluate(script),
            expression,
            timeoutMs,
            () => page.url(),
          ),
        fill: (selector, text) => page.fill(selector, text),
        click: (selector) => page.click(selector),
        type: (text) => page.keyboard.type(text),
        press: (key, ...modifiers) => page.keyboard.press([...modifiers, key].join('+')),
        clickAt: (x, y) => page.mouse.click(x, y),
        chooseFiles: (selector, ...paths) => page.setInputFiles(selector, paths),
        emulate: async ({ scheme, width }) => {
          await page.emulateMedia({ colorScheme: scheme });
          if (width !== undefined) await page.setViewportSize({ width, height: 900 });
        },
        screenshot: async (path) => {
          await page.screenshot({ path, fullPage: true });
        },
        hardReload: async () => {
          const devtools = await context.newCDPSession(page);
          await devtools.send('Page.reload', { ignoreCache: true });
          await devtools.detach();
        },
        frameUrls: () => page.frames().map((frame) => frame.url()),
        addAuthenticator: async () => {
          const devtools = await context.newCDPSession(page);
          await devtools.send('WebAuthn.enable');
          await devtools.send('WebAuthn.addVirtualAuthenticator', {
            options: {
              protocol: 'ctap2',
              transport: 'internal',
              hasResidentKey: true,
              hasUserVerification: true,
              isUserVerified: true,
              automaticPresenceSimulation: true,
            },
          });
        },
        forceReload: async () => {
          const devtools = await context.newCDPSession(page);
          await devtools.send('Page.reload', { ignoreCache: true });
          await devtools.detach();
        },
        close: async () => {
          // Playwright may wait for ever for a page that is closed while it loads.
          await page.waitForLoadState('load', { timeout: 5_000 }).catch(() => undefined);
          await page.close();
        },
      };
    },
    stopServiceWorkers: async () => {
      const [page] = context.pages();
      if (!page) throw new Error('no page is open');
      const devtools = await context.newCDPSession(page);
      const statuses = new Map<string, string>();
      let changed = (): void => undefined;
      devtools.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
        for (const { versionId, runningStatus } of versions) statuses.set(versionId, runningStatus);
        changed();
      });
      const until = (isSo: () => boolean): Promise<void> =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error('service workers go on')), 10_000);
          changed = () => {
            if (!isSo()) return;
            clearTimeout(timer);
            resolve();
          };
          changed();
        });
      await devtools.send('ServiceWorker.enable');
      await until(() => statuses.size > 0);
      const stopped = new Set<string>();
      const wasRunning = [...statuses].filter(([, status]) => status !== 'stopped');
      const all = until(() => {
        // One that was stopped may be starting again by now.
        for (const [id, status] of statuses) if (/^stop/.test(status)) stopped.add(id);
        return wasRunning.every(([id]) => stopped.has(id));
      });
      await devtools.send('ServiceWorker.stopAllWorkers');
      await all;
      await devtools.detach();
    },
    close: () => context.close(),
  };
}

async function launchFirefox(
  executablePath: string,
  { profile, downloads }: LaunchOptions,
): Promise<TestBrowser<UserPage>> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    protocolTimeout: 180_000,
    // As in Chromium: pages differ with the room they have.
    defaultViewport: { width: 1280, height: 720 },
    extraPrefsFirefox: {
      // Sockets that fail on purpose would make the next ones to the same host wait.
      'network.websocket.delay-failed-reconnects': false,
      // Seconds that it gives a server to close, ten by default: some of ours never do.
      'network.websocket.timeout.close': 1,
      ...(downloads === undefined
        ? {}
        : {
            'browser.download.folderList': 2,
            'browser.download.dir': downloads,
            'browser.download.always_ask_before_handling_new_types': false,
          }),
    },
    ...(profile === undefined ? {} : { userDataDir: profile }),
  });
  return {
    kind: 'firefox',
    newPage: async () => {
      const page = await browser.newPage();
      return {
        goto: async (url) => {
          // Redirects by script may keep this load from ever ending; waitFor decides what counts.
          const started = page.goto(url, { waitUntil: 'domcontentloaded' }).catch(() => undefined);
          await Promise.race([started, sleep(attemptMs)]);
        },
        url: () => page.url(),
        evaluate: <T>(script: string) => page.evaluate(script) as Promise<T>,
        waitFor: (expression, timeoutMs = 30_000) =>
          waitInPage(
            (script) => page.evaluate(script),
            expression,
            timeoutMs,
            () => page.url(),
          ),
        fill: async (selector, text) => {
          await page.waitForSelector(selector);
          await page.evaluate((found) => {
            document.querySelector<HTMLInputElement>(found)?.select();
          }, selector);
          await page.type(selector, text);
        },
        click: async (selector) => {
          await page.waitForSelector(selector);
          await page.evaluate(untilStill, selector);
          await page.click(selector);
        },
        type: (text) => page.keyboard.type(text),
        press: async (key, ...modifiers) => {
          for (const modifier of modifiers) await page.keyboard.down(modifier);
          await page.keyboard.press(key);
          for (const modifier of modifiers.reverse()) await page.keyboard.up(modifier);
        },
        clickAt: (x, y) => page.mouse.click(x, y),
        chooseFiles: async (selector, ...paths) => {
          const input = await page.waitForSelector(selector);
          await (input as ElementHandle<HTMLInputElement>).uploadFile(...paths);
        },
        screenshot: async (path) => {
          await page.screenshot({ path });
        },
        // Other engines ignore the argument.
        hardReload: () => page.evaluate('void location.reload(true)') as Promise<void>,
        frameUrls: () => page.frames().map((frame) => frame.url()),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}

/**
 * Waits in a page until what is to be clicked no longer moves, as Playwright does by itself; Puppeteer's
 * locators would, but leave names of theirs in the page.
 */
async function untilStill(selector: string): Promise<void> {
  let before = '';
  for (;;) {
    const box = JSON.stringify(document.querySelector(selector)?.getBoundingClientRect());
    if (box === before) return;
    before = box;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** How long one look into a document may take before the next document is tried. */
const attemptMs = 2_000;

/**
 * Waits across navigations: the expression is tried again each animation frame within a document,
 * and again in the next document when one is replaced.
 */
async function waitInPage(
  evaluate: (script: string) => Promise<unknown>,
  expression: string,
  timeoutMs: number,
  url: () => string,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const attempt = evaluate(`new Promise((resolve) => {
        const end = Date.now() + ${Math.min(attemptMs, timeoutMs)};
        const look = () => {
          let found = false;
          try { found = Boolean(${expression}); } catch { found = false; }
          if (found || Date.now() > end) resolve(found);
          else setTimeout(look, 20);
        };
        look();
      })`);
      // An evaluation may never settle when its document is replaced (Firefox).
      attempt.catch(() => undefined);
      const done = await Promise.race([attempt, sleep(attemptMs + 1_000)]);
      if (done) return;
    } catch (error) {
      last = error;
      await sleep(50);
    }
  }
  const text = await evaluate('document.body?.innerText.slice(0, 500)').catch(() => '(no page)');
  throw new Error(
    `waited ${timeoutMs} ms for ${expression} at ${url()}; the page says: ${String(text)}${last instanceof Error ? `; last error: ${last.message}` : ''}`,
  );
}
