import { createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { AppError } from '@postern/shared/errors';
import { sql, type Transaction } from 'kysely';
import { dialectOf } from '../dialect.ts';
import type { Engine } from '../engine.ts';
import { requireCurrentSchema, schemaVersion } from '../migrate.ts';
import type { Database } from '../tables.ts';
import { createBackupWriter, type BackupRow, type BackupWriter } from './backup-file.ts';

/** Rows read at a time. */
const PAGE = 500;

/**
 * Writes one consistent state of the database to `file` (mode 0600), also while controllers use it.
 * The file is complete and on disk when it appears. Returns the number of rows.
 * @throws AppError ERR_BACKUP_EXISTS, ERR_STORE_NEWER, ERR_STORE_OLDER
 */
export async function backUp(engine: Engine, file: string, nowMs: number): Promise<number> {
  if (existsSync(file)) throw new AppError('ERR_BACKUP_EXISTS', `${file} exists already`);
  await requireCurrentSchema(engine.db);
  const partial = `${file}.partial`;
  const stream = createWriteStream(partial, { mode: 0o600, flags: 'wx' });
  try {
    const writer = createBackupWriter(stream);
    await writer.header({
      format: 'postern-backup',
      version: 1,
      schema: schemaVersion(),
      createdAt: new Date(nowMs).toISOString(),
    });
    await engine.readConsistently(async (trx) => {
      for (const table of await dialectOf(trx).tables(trx)) await writeTable(trx, table, writer);
    });
    const rows = await writer.finish();
    stream.end();
    await finished(stream);
    const handle = await open(partial, 'r');
    await handle.sync();
    await handle.close();
    await rename(partial, file);
    return rows;
  } catch (error) {
    stream.destroy();
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeTable(
  trx: Transaction<Database>,
  table: string,
  writer: BackupWriter,
): Promise<void> {
  await writer.table(table);
  const { rowId } = dialectOf(trx);
  let last: unknown;
  for (;;) {
    const after = last === undefined ? sql`true` : rowId.after(last);
    const { rows } = await sql<BackupRow & { '#': unknown }>`
      select ${rowId.value} as ${sql.ref('#')}, ${sql.table(table)}.* from ${sql.table(table)}
      where ${after} order by ${rowId.order} limit ${sql.lit(PAGE)}`.execute(trx);
    for (const { '#': id, ...row } of rows) {
      last = id;
      await writer.row(row);
    }
    if (rows.length < PAGE) return;
  }
}
