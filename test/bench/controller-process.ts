/** A controller as a process of its own, with a model of the wished size in its database. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@postern/shared/log';
import { controllerConfigSchema } from '@postern/controller';
import { findFreePorts } from '../../cli/src/demo/ports.ts';
import { newEntity, newIdentity, newService } from '../../controller/src/model/defaults.ts';
import { openConfiguredStore } from '../../controller/src/store/open-configured-store.ts';
import { repositories } from '../../controller/src/store/repositories.ts';
import { edgeClient, type EdgeClient } from '../harness/edge-client.ts';
import { defaultKind } from '../harness/stores.ts';

const postern = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));

export interface ModelSize {
  readonly identities: number;
  readonly services: number;
  readonly policies: number;
}

export const storeName = defaultKind.name;

export interface ControllerProcess {
  readonly adminUrl: string;
  readonly publicUrl: string;
  readonly controlPort: number;
  readonly trustBundlePem: string;
  readonly edge: EdgeClient;
  adminPassword(): Promise<string>;
  /** Resident memory, MiB. */
  memoryMiB(): number;
  /** Stops, adds the model to the database, starts again. */
  fill(size: ModelSize): Promise<void>;
  stop(): Promise<void>;
}

/** On SQLite, or PostgreSQL with POSTERN_TEST_STORE=postgres. */
export async function startController(): Promise<ControllerProcess> {
  const database = await defaultKind.create();
  const dir = await mkdtemp(join(tmpdir(), 'postern-bench-'));
  const [admin = 0, open = 0, control = 0] = await findFreePorts(3);
  const input = {
    dataDir: join(dir, 'data'),
    store: await database.config(),
    admin: { port: admin },
    public: { port: open, tls: 'none' as const },
    control: { port: control },
    loginOrigin: 'http://login.localhost:8080',
    auth: { attemptsPerMinute: 100_000 },
    limits: { adminRequestsPerMinute: 1_000_000, clientRequestsPerMinute: 1_000_000 },
  };
  const file = join(dir, 'controller.json');
  await writeFile(file, JSON.stringify(input));
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [postern, 'controller', 'run', '--config', file], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
  };
  const end = async (): Promise<void> => {
    const running = child;
    if (!running) return;
    child = undefined;
    const exited = once(running, 'exit');
    running.kill('SIGTERM');
    await exited;
  };
  await start();
  const trustBundlePem = await readFile(join(input.dataDir, 'pki', 'root.crt'), 'utf8');
  return {
    adminUrl: `https://127.0.0.1:${admin}`,
    publicUrl: `http://127.0.0.1:${open}`,
    controlPort: control,
    trustBundlePem,
    edge: edgeClient({ admin: { port: admin }, trustBundlePem } as Parameters<
      typeof edgeClient
    >[0]),
    adminPassword: async () =>
      (await readFile(join(input.dataDir, 'admin-password'), 'utf8')).trim(),
    memoryMiB: () => residentMiB(child?.pid ?? 0),
    fill: async (size) => {
      await end();
      await fillStore(controllerConfigSchema.parse(input), size);
      await start();
    },
    stop: async () => {
      await end();
      await database.dispose();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/**
 * Identities in teams, services in groups, policies that give each team two groups: somebody sees
 * eight services among a thousand.
 */
async function fillStore(
  config: Parameters<typeof openConfiguredStore>[0],
  size: ModelSize,
): Promise<void> {
  const store = await openConfiguredStore(config, { clock: Date.now, logger: silentLogger });
  const nowMs = Date.now();
  const [teams, groups] = [Math.ceil(size.policies / 2), Math.ceil(size.services / 4)];
  await store.write(async (tx) => {
    for (let i = 0; i < size.identities; i += 1) {
      const values = { name: `person ${i}`, roleAttributes: [`team-${i % teams}`] };
      await repositories.identities.insert(tx, newIdentity(values, nowMs));
    }
    for (let i = 0; i < size.services; i += 1) {
      const values = { name: `service ${i}`, roleAttributes: [`group-${i % groups}`] };
      await repositories.services.insert(tx, newService(values, nowMs));
    }
    for (let i = 0; i < size.policies; i += 1) {
      await repositories.servicePolicies.insert(tx, {
        ...newEntity(nowMs),
        tags: {},
        name: `policy ${i}`,
        type: 'Dial',
        semantic: 'AnyOf',
        identityRoles: [`#team-${i % teams}`],
        serviceRoles: [`#group-${i % groups}`],
        postureCheckRoles: [],
      });
    }
  });
  await store.close();
}

/** `VmRSS` of proc(5). Linux only. */
function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
