import { AppError } from '@postern/shared/errors';
import { Migrator, type Kysely, type MigrationResultSet } from 'kysely';
import { migrations } from './migrations/index.ts';
import type { Database } from './tables.ts';

/**
 * Brings the schema up to date, all or nothing. Controllers that start at once wait for one another
 * (Kysely takes an advisory lock on PostgreSQL).
 * @throws AppError ERR_STORE_NEWER when a newer Postern has used the database
 */
export function migrateStore(db: Kysely<Database>): Promise<void> {
  return migrate(db, (migrator) => migrator.migrateToLatest());
}

/** The same up to one migration, for what is older. @throws AppError ERR_STORE_NEWER for an unknown one */
export async function migrateTo(db: Kysely<Database>, schema: string): Promise<void> {
  if (!Object.hasOwn(migrations, schema)) throw newer([schema]);
  await migrate(db, (migrator) => migrator.migrateTo(schema));
}

/** Name of the newest migration. */
export function schemaVersion(): string {
  return Object.keys(migrations).sort().at(-1) ?? '';
}

/** @throws AppError ERR_STORE_NEWER, ERR_STORE_OLDER when the schema is not of this version */
export async function requireCurrentSchema(db: Kysely<Database>): Promise<void> {
  await refuseNewer(db);
  const missing = Object.keys(migrations).length - (await executed(db)).length;
  if (missing === 0) return;
  throw new AppError(
    'ERR_STORE_OLDER',
    'the database is empty or of an older version of Postern: start a controller of this version on it first',
  );
}

async function migrate(
  db: Kysely<Database>,
  run: (migrator: Migrator) => Promise<MigrationResultSet>,
): Promise<void> {
  await refuseNewer(db);
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const { error } = await run(new Migrator({ db, provider }));
  if (error === undefined) return;
  // Another controller may have migrated further meanwhile.
  await refuseNewer(db);
  throw error as Error;
}

async function refuseNewer(db: Kysely<Database>): Promise<void> {
  const unknown = (await executed(db)).filter((name) => !Object.hasOwn(migrations, name));
  if (unknown.length > 0) throw newer(unknown);
}

function newer(unknown: readonly string[]): AppError {
  return new AppError(
    'ERR_STORE_NEWER',
    `the data are of a newer version of Postern (${unknown.join(', ')}; this version ends at ${schemaVersion()}): start that version, or restore a backup of this one`,
  );
}

/** Names of the migrations a database has had. */
async function executed(db: Kysely<Database>): Promise<string[]> {
  const table = 'kysely_migration';
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === table)) return [];
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom(table)
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}
