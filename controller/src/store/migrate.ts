import { AppError } from '@postern/shared/errors';
import { Migrator, type Kysely } from 'kysely';
import { migrations } from './migrations/index.ts';
import type { Database } from './tables.ts';

/**
 * Brings the schema up to date, all or nothing. Controllers that start at once wait for one another
 * (Kysely takes an advisory lock on PostgreSQL).
 * @throws AppError ERR_STORE_NEWER when a newer Postern has used the database
 */
export async function migrateStore(db: Kysely<Database>): Promise<void> {
  await refuseNewer(db);
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  // Another controller may have migrated further meanwhile.
  await refuseNewer(db);
  throw error as Error;
}

/** Name of the newest migration; the schema version that backups carry. */
export function schemaVersion(): string {
  return Object.keys(migrations).sort().at(-1) ?? '';
}

async function refuseNewer(db: Kysely<Database>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  const done = 'kysely_migration';
  if (!tables.some(({ name }) => name === done)) return;
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom(done)
    .select('name')
    .orderBy('name')
    .execute();
  const unknown = rows.map(({ name }) => name).filter((name) => !Object.hasOwn(migrations, name));
  if (unknown.length === 0) return;
  throw new AppError(
    'ERR_STORE_NEWER',
    `the database was used by a newer version of Postern (it has ${unknown.join(', ')}, this version ends at ${schemaVersion()}): start that version, or restore a backup of this one`,
  );
}
