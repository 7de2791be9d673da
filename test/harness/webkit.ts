/**
 * WebKitGTK's MiniBrowser through its WebDriver, on a display and a session bus of its own. Evidence for the
 * engine, not for Safari.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaunchOptions, TestBrowser, TestPage } from './browser.ts';
import { startSession, type WebDriverSession } from './webdriver-client.ts';

const START_TIMEOUT_MS = 30_000;
/** Between two looks into a page. */
const LOOK_MS = 40;

/** @param driver Path of `WebKitWebDriver`. */
export async function launchWebKit(
  driver: string,
  { profile, downloads }: LaunchOptions,
): Promise<TestBrowser> {
  const home = profile ?? mkdtempSync(join(tmpdir(), 'postern-webkit-'));
  const environment = prepareHome(home, downloads);
  const display = await startDisplay();
  const port = await freePort();
  const driverProcess = spawn(
    'dbus-run-session',
    ['--', driver, `--port=${port}`, '--host=127.0.0.1'],
    { env: { ...environment, DISPLAY: display.name }, stdio: 'ignore', detached: true },
  );
  const stop = async (): Promise<void> => {
    await endGroup(driverProcess);
    await endGroup(display.process);
    if (profile === undefined) rmSync(home, { recursive: true, force: true });
  };
  // Both lead groups of their own, so nothing else would end them with this process.
  process.once('exit', () => {
    for (const { pid } of [driverProcess, display.process]) endNow(pid);
  });
  try {
    await listening(`http://127.0.0.1:${port}/status`);
    const session = await startSession(`http://127.0.0.1:${port}`, {
      // A load that the loader replaces would never end; waitFor decides what counts.
      pageLoadStrategy: 'none',
      'webkitgtk:browserOptions': { args: ['--automation'] },
    });
    return {
      kind: 'webkit',
      newPage: async () => createPage(session, await session.newWindow()),
      close: async () => {
        await session.end().catch(() => undefined);
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function createPage(session: WebDriverSession, window: string): TestPage {
  let lastUrl = 'about:blank';
  const command = <T>(path: string, body?: object | null): Promise<T> =>
    session.command<T>(window, path, body);
  async function evaluate<T>(script: string): Promise<T> {
    const result = await command<{ value?: T; error?: string }>('execute/async', {
      args: [],
      script: `const done = arguments[arguments.length - 1];
        (async () => (${script}))().then((value) => done({ value }), (error) => done({ error: String(error) }));`,
    });
    if (result.error !== undefined) throw new Error(result.error);
    return result.value as T;
  }
  // Synchronous looks only: a script that waits may never be answered once its document is replaced.
  const look = (expression: string): Promise<unknown> =>
    command('execute/sync', {
      args: [],
      script: `try { return Boolean(${expression}); } catch { return false; }`,
    }).catch(() => false);
  const waitFor = async (expression: string, timeoutMs = 30_000): Promise<void> => {
    const deadline = Date.now() + timeoutMs;
    while ((await look(expression)) !== true) {
      if (Date.now() > deadline) {
        const text = await command('execute/sync', {
          args: [],
          script: 'return document.body?.innerText.slice(0, 500)',
        }).catch(() => '(no page)');
        const url = await command<string>('url').catch(() => lastUrl);
        throw new Error(
          `waited ${timeoutMs} ms for ${expression} at ${url}; the page says: ${String(text)}`,
        );
      }
      await sleep(LOOK_MS);
    }
    lastUrl = await command<string>('url');
  };
  return {
    goto: async (url) => {
      lastUrl = url;
      await command('url', { url });
    },
    url: () => lastUrl,
    evaluate,
    waitFor,
    fill: async (selector, text) => {
      await waitFor(`document.querySelector(${JSON.stringify(selector)})`);
      await command(`element/${await session.find(window, selector)}/value`, { text });
    },
    click: async (selector) => {
      await waitFor(`document.querySelector(${JSON.stringify(selector)})`);
      await command(`element/${await session.find(window, selector)}/click`, {});
    },
    screenshot: async (path) => {
      writeFileSync(path, Buffer.from(await command<string>('screenshot'), 'base64'));
    },
    frameUrls: () => [lastUrl],
    close: async () => {
      await command('window', null);
    },
  };
}

/** Everything the browser keeps goes to `home`. */
function prepareHome(home: string, downloads?: string): NodeJS.ProcessEnv {
  const config = join(home, 'config');
  mkdirSync(config, { recursive: true });
  if (downloads !== undefined) {
    writeFileSync(join(config, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  }
  return {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: config,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    GTK_A11Y: 'none',
    NO_AT_BRIDGE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
  };
}

async function startDisplay(): Promise<{ name: string; process: ChildProcess }> {
  const child = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true },
  );
  const line = createInterface(child.stdio[3] as Readable)
    [Symbol.asyncIterator]()
    .next();
  const { value } = await Promise.race([
    line,
    once(child, 'exit').then(() => {
      throw new Error('Xvfb did not start');
    }),
  ]);
  return { name: `:${value as string}`, process: child };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error('WebKitWebDriver does not answer', { cause });
      await sleep(50);
    }
  }
}

function endNow(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Ended before.
  }
}

/** Ends a program and all that it started. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    return;
  }
  await Promise.race([exited, sleep(3_000)]);
  if (child.exitCode !== null || child.signalCode !== null) return;
  endNow(child.pid);
  await exited;
}
