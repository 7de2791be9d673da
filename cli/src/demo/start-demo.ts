/**
 * Starts a whole Postern on loopback: the parts as processes of their own, in the order in which
 * they need each other, each restarted if it dies.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SupervisedChild } from '../process/child.ts';
import type { ConfigObject } from '../config/merge.ts';
import { AdminClient } from '../client/admin-client.ts';
import { createLayout, type DemoLayout, type LayoutOverrides } from './layout.ts';
import type { DemoOptions } from './options.ts';
import { checkReachable } from './ports.ts';
import { seed, type SeededApp } from './seed.ts';
import { openDataDir, openState, type DemoState } from './state.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const cliScript = join(repository, 'cli/dist/main.js');
const sampleScript = join(repository, 'test/apps/sample/main.mjs');

/** The object `postern demo --json` prints. */
export interface DemoReport {
  apps: SeededApp[];
  login: { url: string; username: string; password: string };
  admin: { url: string; username: string; password: string };
  /** The admin console; the same user as `admin`. */
  console: string;
  routers: { name: string; edge: string; metrics: string }[];
  gateway: { url: string };
  idp: { issuer: string };
  pids: { controller: number; routers: number[]; connector: number; gateway: number; idp: number };
  dataDir: string;
  caFile: string;
}

export interface Demo {
  /** Process ids are read when asked for: they change when a part is restarted. */
  readonly report: DemoReport;
  stop(): Promise<void>;
}

/**
 * @param signal Aborted while starting: what runs is stopped, and `undefined` returned.
 * @throws {AppError} `ERR_DEMO_PORT`, `ERR_DEMO_DATA`, `ERR_DEMO_APP_UNREACHABLE`, `ERR_PROCESS_START`.
 */
export async function startDemo(
  options: DemoOptions,
  overrides: LayoutOverrides,
  signal: AbortSignal,
): Promise<Demo | undefined> {
  const dataDir = resolve(await openDataDir(options.dataDir));
  await Promise.all(options.apps.map(({ name, target }) => checkReachable(name, target)));
  const state = await openState(dataDir, options.port);
  const layout = createLayout(dataDir, state, options.apps, overrides);
  const parts = createParts(layout);
  const all = [
    parts.sample,
    parts.idp,
    parts.controller,
    ...parts.routers,
    parts.connector,
    parts.gateway,
  ];
  const stop = async () => {
    await Promise.all(all.map((child) => child.stop()));
  };
  try {
    await writeConfigs(layout, state);
    await rm(layout.sampleSocket, { force: true });
    await Promise.all([parts.sample, parts.idp, parts.controller].map((child) => child.start()));
    signal.throwIfAborted();
    const admin = await AdminClient.signIn(
      `${layout.adminUrl}/edge/management/v1`,
      caFile(layout),
      'admin',
      state.adminPassword,
    );
    const apps = await seed(admin, layout, state.user.username);
    await admin.close();
    signal.throwIfAborted();
    await Promise.all([...parts.routers, parts.gateway].map((child) => child.start()));
    await parts.connector.start();
    signal.throwIfAborted();
    return {
      stop,
      get report() {
        return createReport(layout, state, apps, parts);
      },
    };
  } catch (error) {
    await stop();
    if (options.dataDir === undefined && !options.keep) {
      await rm(dataDir, { recursive: true, force: true });
    }
    if (signal.aborted) return undefined;
    throw error;
  }
}

type Parts = ReturnType<typeof createParts>;

function createParts(layout: DemoLayout) {
  const part = (name: string, command: string) =>
    new SupervisedChild({
      name,
      script: cliScript,
      args: [command, 'run', '--config', layout.inData('config', `${name}.json`)],
      logFile: layout.inData('logs', `${name}.log`),
    });
  return {
    sample: new SupervisedChild({
      name: 'sample app',
      script: sampleScript,
      args: [
        '--socket',
        layout.sampleSocket,
        '--secret-file',
        layout.inData('sample-secret'),
        '--jwks-url',
        layout.assertionJwksUrl,
      ],
      logFile: layout.inData('logs', 'sample.log'),
    }),
    idp: part('idp', 'dev-idp'),
    controller: part('controller', 'controller'),
    routers: layout.routers.map(({ name }) => part(name, 'router')),
    connector: part('connector', 'connector'),
    gateway: part('gateway', 'gateway'),
  };
}

async function writeConfigs(layout: DemoLayout, state: DemoState): Promise<void> {
  await mkdir(layout.inData('config'), { recursive: true, mode: 0o700 });
  await mkdir(layout.inData('logs'), { recursive: true, mode: 0o700 });
  const { controller, gateway, connector, idp, router } = layout.configs;
  const files: [string, ConfigObject][] = [
    ['controller', controller],
    ['gateway', gateway],
    ['connector', connector],
    ['idp', idp],
    ...layout.routers.map((item): [string, ConfigObject] => [item.name, router(item)]),
  ];
  const write = (path: string, text: string) => writeFile(path, text, { mode: 0o600 });
  await Promise.all([
    ...files.map(([name, config]) =>
      write(layout.inData('config', `${name}.json`), JSON.stringify(config, null, 2)),
    ),
    write(layout.inData('admin-password'), state.adminPassword),
    write(layout.inData('sample-secret'), state.sampleSecret),
  ]);
}

function caFile(layout: DemoLayout): string {
  return layout.inData('controller', 'pki', 'root.crt');
}

function createReport(
  layout: DemoLayout,
  state: DemoState,
  apps: SeededApp[],
  parts: Parts,
): DemoReport {
  return {
    apps,
    login: { url: `${layout.loginOrigin}/`, ...state.user },
    admin: {
      url: `${layout.adminUrl}/edge/management/v1`,
      username: 'admin',
      password: state.adminPassword,
    },
    console: `${layout.adminUrl}/console/`,
    routers: layout.routers.map(({ name, edge, metrics }) => ({
      name,
      edge: `ws://127.0.0.1:${edge}/edge`,
      metrics: `http://127.0.0.1:${metrics}/metrics`,
    })),
    gateway: { url: layout.gatewayUrl },
    idp: { issuer: layout.issuer },
    pids: {
      controller: parts.controller.pid,
      routers: parts.routers.map((child) => child.pid),
      connector: parts.connector.pid,
      gateway: parts.gateway.pid,
      idp: parts.idp.pid,
    },
    dataDir: layout.dataDir,
    caFile: caFile(layout),
  };
}
