/** Chromium on one host of a network of namespaces, which trusts one authority beside its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { findBrowser } from '../browsers/find.mjs';
import type { NetworkOfHosts } from './namespaces.ts';

/** Whether an authority can be put into a browser's store (Debian's `libnss3-tools`). */
export const hasCertutil = spawnSync('certutil', ['--help']).error === undefined;

/** @param caPem the authority that signed what the browser will see */
export async function openChromiumOn(
  network: NetworkOfHosts,
  host: string,
  caPem: string,
): Promise<{ page: Page; close(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'postern-browser-'));
  const store = join(home, '.pki', 'nssdb');
  await mkdir(store, { recursive: true });
  await writeFile(join(home, 'ca.pem'), caPem);
  const database = ['-d', `sql:${store}`];
  execFileSync('certutil', ['-N', ...database, '--empty-password']);
  const authority = ['-A', '-n', 'test', '-t', 'C,,', '-i', join(home, 'ca.pem')];
  execFileSync('certutil', [...authority, ...database]);
  // A program of its own, since Playwright starts one by its path.
  const program = join(home, 'chromium');
  const [ip, args] = network.on(host, findBrowser('chromium') ?? 'chromium');
  await writeFile(program, `#!/bin/sh\nexec ${[ip, ...args].join(' ')} "$@"\n`);
  await chmod(program, 0o700);
  const context = await chromium.launchPersistentContext(join(home, 'profile'), {
    executablePath: program,
    env: { ...process.env, HOME: home },
    args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  return {
    page: await context.newPage(),
    close: async () => {
      await context.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
