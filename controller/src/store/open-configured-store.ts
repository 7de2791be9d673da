import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@postern/shared/log';
import type { ControllerConfig } from '../config.ts';
import { openStore } from './open-store.ts';
import type { PostgresOptions } from './postgres-engine.ts';
import type { Store } from './store.ts';

/** Opens the store that the configuration names. @throws what `openStore` throws */
export async function openConfiguredStore(
  config: Pick<ControllerConfig, 'dataDir' | 'store'>,
  { clock, logger }: { clock: () => number; logger: Logger },
): Promise<Store> {
  const { store } = config;
  if (store.kind === 'sqlite') return openStore({ file: sqliteFile(config), clock, logger });
  return openStore({ postgres: await postgresOptions(store), clock, logger });
}

/** The SQLite file of a configuration of that kind. */
export function sqliteFile({
  dataDir,
  store,
}: Pick<ControllerConfig, 'dataDir' | 'store'>): string {
  return (store.kind === 'sqlite' ? store.file : undefined) ?? join(dataDir, 'store.db');
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
