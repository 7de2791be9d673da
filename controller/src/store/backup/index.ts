/** Backup and restore of the database that a configuration names: `postern controller backup` and `restore`. */
import { mkdir } from 'node:fs/promises';
import type { Logger } from '@postern/shared/log';
import type { ControllerConfig } from '../../config.ts';
import { databaseOptions } from '../open-configured-store.ts';
import { openEngine } from '../open-store.ts';
import { backUp } from './back-up.ts';
import { restore } from './restore.ts';

type Config = Pick<ControllerConfig, 'dataDir' | 'store'>;

/** Writes the database to a new `file`; see `backUp`. Returns the number of rows. */
export async function backUpController(
  config: Config,
  file: string,
  { logger, clock = Date.now }: { logger: Logger; clock?: () => number },
): Promise<number> {
  const engine = await openEngine(await databaseOptions(config), logger);
  try {
    return await backUp(engine, file, clock());
  } finally {
    await engine.close();
  }
}

/** Fills the empty database from `file`; see `restore`. Returns the number of rows. */
export async function restoreController(
  config: Config,
  file: string,
  { logger }: { logger: Logger },
): Promise<number> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const engine = await openEngine(await databaseOptions(config), logger);
  try {
    return await restore(engine, file);
  } finally {
    await engine.close();
  }
}
