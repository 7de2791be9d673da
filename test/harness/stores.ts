/**
 * Runs a suite on every database that Postern supports:
 *
 *     describe.each(await stores())('… on $name', ({ create }) => { … await create() … });
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { ControllerConfig } from '../../controller/src/config.ts';
import { openStore, type StoreOptions } from '../../controller/src/store/open-store.ts';
import type { Store } from '../../controller/src/store/store.ts';
import { postgresBinaries, startPostgres, type PostgresServer } from './postgres.ts';

export interface TestDatabase {
  readonly kind: 'sqlite' | 'postgres';
  /** Opens a store over it; several times for a restart or, on PostgreSQL, several controllers. */
  open(clock?: () => number): Promise<Store>;
  /** The `store` of a controller's configuration. */
  config(): Promise<ControllerConfig['store']>;
  /** Deletes it. Stores must be closed. */
  dispose(): Promise<void>;
}

export interface StoreKind {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** An empty database. */
  readonly create: () => Promise<TestDatabase>;
}

export const sqliteKind: StoreKind = { name: 'SQLite', create: createSqlite };

/**
 * What suites use that name no database: SQLite, or PostgreSQL with POSTERN_TEST_STORE=postgres.
 */
export const defaultKind: StoreKind =
  process.env['POSTERN_TEST_STORE'] === 'postgres'
    ? ((await postgresKind()) ?? sqliteKind)
    : sqliteKind;

/** SQLite and, where it is installed, PostgreSQL: one server for the calling file. */
export async function stores(): Promise<StoreKind[]> {
  const postgres = await postgresKind();
  return postgres ? [sqliteKind, postgres] : [sqliteKind];
}

/** PostgreSQL alone; `undefined`, and a printed reason, where it is not installed. */
export async function postgresKind(): Promise<
  (StoreKind & { server(): Promise<PostgresServer> }) | undefined
> {
  if (postgresBinaries() === undefined) {
    process.stderr.write('PostgreSQL is not installed: its tests are skipped\n');
    return undefined;
  }
  let server: Promise<PostgresServer> | undefined;
  afterAll(async () => {
    await (await server)?.dispose();
  });
  const started = () => (server ??= startPostgres());
  return {
    name: 'PostgreSQL',
    server: started,
    create: async () => createPostgres(await started()),
  };
}

async function createSqlite(): Promise<TestDatabase> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-store-'));
  const file = join(dir, 'store.db');
  return {
    kind: 'sqlite',
    open: (clock = Date.now) => openStore({ file, clock }),
    config: () => Promise.resolve({ kind: 'sqlite', file }),
    dispose: () => rm(dir, { recursive: true, force: true }),
  };
}

async function createPostgres(server: PostgresServer): Promise<TestDatabase> {
  const { password, ...where } = await server.createDatabase();
  const options: Pick<Extract<StoreOptions, { postgres: unknown }>, 'postgres'> = {
    postgres: { ...where, password, tls: false, maxConnections: 5 },
  };
  const dir = await mkdtemp(join(tmpdir(), 'postern-store-'));
  return {
    kind: 'postgres',
    open: (clock = Date.now) => openStore({ ...options, clock }),
    config: async () => {
      const passwordFile = join(dir, 'password');
      await writeFile(passwordFile, password, { mode: 0o600 });
      return { kind: 'postgres', ...where, passwordFile, tls: 'none', maxConnections: 5 };
    },
    dispose: async () => {
      await server.dropDatabase(where.database);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
