/** Backups of the database asked for over REST: files in `<dataDir>/snapshots`, the latest kept. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControllerContext } from '../context.ts';
import { EdgeError } from '../edge-api/errors.ts';
import { backUpController } from '../store/backup/index.ts';

const KEPT = 10;
const INTERVAL_MS = 60_000;
const NAME = /^postern-[0-9TZ-]+\.backup$/;

export interface DatabaseSnapshots {
  /** Writes one; resolves with its file name when it is on disk. @throws EdgeError RATE_LIMITED */
  take(): Promise<string>;
}

export function createDatabaseSnapshots({
  config,
  clock,
  logger,
}: Pick<ControllerContext, 'config' | 'clock' | 'logger'>): DatabaseSnapshots {
  const folder = join(config.dataDir, 'snapshots');
  let lastMs = -Infinity;
  return {
    async take() {
      const nowMs = clock();
      if (nowMs - lastMs < INTERVAL_MS)
        throw new EdgeError('RATE_LIMITED', 'the last snapshot is less than a minute old');
      lastMs = nowMs;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `postern-${new Date(nowMs).toISOString().replace(/[:.]/g, '-')}.backup`;
      await backUpController(config, join(folder, name), { logger, clock });
      const all = (await readdir(folder)).filter((file) => NAME.test(file)).sort();
      for (const old of all.slice(0, -KEPT)) await rm(join(folder, old), { force: true });
      logger.info('database.snapshotTaken', { name });
      return name;
    },
  };
}
