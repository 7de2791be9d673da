/**
 * Browsers started plainly, without automation, which would distort throughput: the page measures
 * itself and reports to its server. Signing in is done by automation before, in the same profile.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser } from '../browsers/find.mjs';
import { launchBrowser, type BrowserKind, type TestPage } from '../harness/browser.ts';

const chromiumArguments = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Clocks of 1 ms, Firefox's default, are too coarse for round trips of a few. */
const firefoxPreferences = 'user_pref("privacy.reduceTimerPrecision", false);\n';

export class BenchProfile {
  readonly kind: BrowserKind;
  readonly #folder: string;

  private constructor(kind: BrowserKind, folder: string) {
    this.kind = kind;
    this.#folder = folder;
  }

  static async create(kind: BrowserKind): Promise<BenchProfile> {
    const folder = await mkdtemp(join(tmpdir(), `postern-bench-${kind}-`));
    if (kind === 'firefox') await writeFile(join(folder, 'user.js'), firefoxPreferences);
    return new BenchProfile(kind, folder);
  }

  /** Uses the profile once under automation, for example to sign in. */
  async prepare(use: (page: TestPage) => Promise<void>): Promise<void> {
    const browser = await launchBrowser(this.kind, { profile: this.#folder });
    await use(await browser.newPage());
    await browser.close();
  }

  /** Opens a URL plainly, and ends the browser when `until` settles. */
  async open<T>(url: string, until: Promise<T>): Promise<T> {
    const path = findBrowser(this.kind) ?? '';
    const args =
      this.kind === 'chromium'
        ? [...chromiumArguments, `--user-data-dir=${this.#folder}`, url]
        : ['--headless', '--no-remote', '--profile', this.#folder, url];
    const child = spawn(path, args, { stdio: 'ignore', detached: true });
    try {
      return await until;
    } finally {
      const exited = once(child, 'exit');
      // The browser's own process group, started above.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await exited;
    }
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
