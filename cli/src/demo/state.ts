import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import { findFreePorts, isPortFree } from './ports.ts';

const portNames = [
  'gateway',
  'controllerAdmin',
  'controllerPublic',
  'controllerControl',
  'router1Edge',
  'router1Fabric',
  'router1Metrics',
  'router2Edge',
  'router2Fabric',
  'router2Metrics',
  'idp',
] as const;
export type DemoPorts = Record<(typeof portNames)[number], number>;

const stateSchema = z.strictObject({
  ports: z.record(z.enum(portNames), z.int().min(1).max(65_535)),
  user: z.strictObject({ username: z.string(), password: z.string() }),
  adminPassword: z.string(),
  sampleSecret: z.string(),
});

/** What one data folder keeps between runs. Holds passwords: file mode 0600. */
export type DemoState = z.infer<typeof stateSchema>;

/**
 * The folder to work in.
 * @throws {AppError} `ERR_DEMO_DATA` if a named folder does not exist.
 */
export async function openDataDir(dataDir: string | undefined): Promise<string> {
  if (dataDir === undefined) return mkdtemp(join(tmpdir(), 'postern-demo-'));
  const found = await stat(dataDir).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new AppError('ERR_DEMO_DATA', `--data ${dataDir} is not a folder: create it first`);
  }
  return dataDir;
}

/**
 * Reads the folder's state or makes a new one with random passwords. Ports stay the same from run to
 * run where they are still free.
 * @throws {AppError} `ERR_DEMO_PORT` if the gateway's port is taken, `ERR_DEMO_DATA` if the state is broken.
 */
export async function openState(dataDir: string, gatewayPort: number): Promise<DemoState> {
  const path = join(dataDir, 'demo.json');
  const before = await readState(path);
  if (gatewayPort !== 0 && !(await isPortFree(gatewayPort))) {
    throw new AppError(
      'ERR_DEMO_PORT',
      `Port ${gatewayPort} is in use: choose another with --port N, or --port 0 for a free one`,
    );
  }
  const ports = await choosePorts(before?.ports);
  const state: DemoState = {
    ports: gatewayPort === 0 ? ports : { ...ports, gateway: gatewayPort },
    user: before?.user ?? { username: 'alice', password: newPassword() },
    adminPassword: before?.adminPassword ?? newPassword(),
    sampleSecret: before?.sampleSecret ?? newPassword(),
  };
  await writeFile(`${path}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return state;
}

async function readState(path: string): Promise<DemoState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError(
      'ERR_DEMO_DATA',
      `${path} is not a demo's state: use another --data folder`,
      {
        cause,
      },
    );
  }
}

async function choosePorts(before: DemoPorts | undefined): Promise<DemoPorts> {
  const fresh = await findFreePorts(portNames.length);
  const entries = await Promise.all(
    portNames.map(async (name, index) => {
      const kept = before?.[name];
      return [name, kept !== undefined && (await isPortFree(kept)) ? kept : fresh[index]] as const;
    }),
  );
  return Object.fromEntries(entries) as DemoPorts;
}

/** 72 bits, easy to copy. */
function newPassword(): string {
  return randomBytes(9).toString('base64url');
}
