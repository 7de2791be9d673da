import { randomUUID } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { sql, type Kysely } from 'kysely';
import { TIMELINE_KEY } from '../change-log.ts';
import { dialectOf } from '../dialect.ts';
import type { Engine } from '../engine.ts';
import { migrateStore, migrateTo } from '../migrate.ts';
import type { Database } from '../tables.ts';
import { readBackup, type BackupRow } from './backup-file.ts';

/**
 * Fills an empty database from a backup of this or an older version, of whichever kind of database,
 * all or nothing. Routers take the result for new data: its change log gets another name.
 * Returns the number of rows.
 * @throws AppError ERR_BACKUP_INVALID, ERR_STORE_NEWER, ERR_STORE_NOT_EMPTY
 */
export async function restore(engine: Engine, file: string): Promise<number> {
  const { db } = engine;
  await requireEmpty(db);
  const parts = readBackup(file);
  const first = await parts.next();
  if (first.done === true || first.value.kind !== 'header')
    throw new AppError('ERR_BACKUP_INVALID', `${file} is no sound backup: it is empty`);
  await migrateTo(db, first.value.header.schema);

  const rows = await db.transaction().execute(async (trx) => {
    const known = new Set(await dialectOf(trx).tables(trx));
    let table = '';
    let count = 0;
    for await (const part of parts) {
      if (part.kind === 'table') {
        if (!known.has(part.table))
          throw new AppError('ERR_BACKUP_INVALID', `${file} has an unknown table: ${part.table}`);
        table = part.table;
      } else if (part.kind === 'row') {
        await insert(trx, table, part.row);
        count += 1;
      }
    }
    await trx
      .updateTable('meta')
      .set({ value: randomUUID() })
      .where('key', '=', TIMELINE_KEY)
      .execute();
    return count;
  });
  await migrateStore(db);
  return rows;
}

async function requireEmpty(db: Kysely<Database>): Promise<void> {
  for (const table of await dialectOf(db).tables(db)) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
    if (rows.length > 0)
      throw new AppError(
        'ERR_STORE_NOT_EMPTY',
        `the database holds data already (table ${table}): restore into an empty one`,
      );
  }
}

async function insert(db: Kysely<Database>, table: string, row: BackupRow): Promise<void> {
  const columns = sql.join(Object.keys(row).map((column) => sql.ref(column)));
  const values = sql.join(Object.values(row));
  await sql`insert into ${sql.table(table)} (${columns}) values (${values})`.execute(db);
}
