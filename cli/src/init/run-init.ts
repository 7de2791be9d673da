/** `postern init`: everything that a network on hosts of its own needs, written into one folder. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '@postern/shared/errors';
import { stringify } from 'yaml';
import type { Terminal } from '../terminal/terminal.ts';
import { discoverProvider } from './discover.ts';
import { dnsRecords, nextSteps } from './guide.ts';
import { createInitLayout } from './layout.ts';
import { parseInitOptions, type InitFlags } from './options.ts';
import { seedNetwork } from './seed-network.ts';

/** The object that `postern init --json` prints. Names no secret. */
export interface InitReport {
  dir: string;
  parts: { folder: string; part: string; hosts: string[]; ports: number[] }[];
  apps: { name: string; url: string }[];
  user: string;
}

/**
 * @throws {AppError} `ERR_CLI_USAGE`, `ERR_CLI_INIT` (the folder is not empty), `ERR_OIDC_DISCOVERY`
 */
export async function runInit(domain: string, flags: InitFlags, terminal: Terminal): Promise<void> {
  const options = parseInitOptions(domain, flags);
  const dir = resolve(options.dir);
  const { oidc } = options;
  const provider = oidc && (await discoverProvider(oidc.issuer));
  const layout = createInitLayout(options, provider && new URL(provider.issuer).origin);
  await claimFolder(dir);
  try {
    const inDir = (...names: string[]): string => join(dir, ...names);
    const password = oidc === undefined ? randomBytes(12).toString('base64url') : undefined;
    await mkdir(inDir('controller'), { mode: 0o700 });
    const { tokens } = await seedNetwork(options, layout, {
      dataDir: inDir('controller', 'data'),
      provider,
      password,
    });
    for (const { folder, part, config } of layout.parts) {
      await writeSecret(inDir(folder, `${part}.yaml`), stringify(config));
      const token = tokens.get(folder);
      if (token !== undefined) await writeSecret(inDir(folder, 'enrollment.jwt'), token);
    }
    if (password !== undefined) await writeSecret(inDir('user-password'), `${password}\n`);
    await writeSecret(inDir('dns.zone'), dnsRecords(layout));
    await writeSecret(inDir('README.md'), nextSteps(options, layout));
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
  const report: InitReport = {
    dir,
    parts: layout.parts.map(({ folder, part, hosts, ports }) => ({
      folder,
      part,
      hosts,
      ports: ports.map(({ port }) => port),
    })),
    apps: layout.apps.map(({ name, origin }) => ({ name, url: `${origin}/` })),
    user: options.user,
  };
  terminal.out(
    options.json
      ? `${JSON.stringify(report)}\n`
      : `Written to ${dir}, readable by you alone:\n\n${layout.parts
          .map(({ folder, hosts }) => `  ${folder.padEnd(12)}${hosts.join(', ')}\n`)
          .join('')}\nNext: ${join(dir, 'README.md')}\n`,
  );
}

/** Makes the folder, or takes one that is empty. */
async function claimFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if ((await readdir(dir)).length > 0) {
    throw new AppError(
      'ERR_CLI_INIT',
      `${dir} is not empty: choose another with --dir, or remove it`,
    );
  }
}

async function writeSecret(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, text, { mode: 0o600 });
}
