import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@postern/shared/log';
import type { ControllerConfig } from '../config.ts';
import { openStore, type DatabaseOptions } from './open-store.ts';
import type { PostgresOptions } from './postgres-engine.ts';
import type { Store } from './store.ts';

type StoreConfig = Pick<ControllerConfig, 'dataDir' | 'store'>;

/** Opens the store that the configuration names. @throws what `openStore` throws */
export async function openConfiguredStore(
  config: StoreConfig,
  { clock, logger }: { clock: () => number; logger: Logger },
): Promise<Store> {
  return openStore({ ...(await databaseOptions(config)), clock, logger });
}

/** Where the database of a configuration is. */
export async function databaseOptions({ dataDir, store }: StoreConfig): Promise<DatabaseOptions> {
  if (store.kind === 'sqlite') return { file: store.file ?? join(dataDir, 'store.db') };
  return { postgres: await postgresOptions(store) };
}

async function postgresOptions(
  store: Extract<ControllerConfig['store'], { kind: 'postgres' }>,
): Promise<PostgresOptions> {
  const { host, port, database, user, passwordFile, tls, maxConnections } = store;
  return {
    host,
    port,
    database,
    user,
    password:
      passwordFile === undefined ? undefined : (await readFile(passwordFile, 'utf8')).trim(),
    tls:
      tls === 'none' ? false : tls === 'system' ? true : { ca: await readFile(tls.caFile, 'utf8') },
    maxConnections,
  };
}
