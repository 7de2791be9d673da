/** The controllers of this database. */
import type { Kysely } from 'kysely';

const TEXTS =
  'createdAt updatedAt tags ctrlAddress apiAddresses certPem fingerprint lastJoinedAt seenAt';

export async function up(db: Kysely<unknown>): Promise<void> {
  let table = db.schema
    .createTable('controllers')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull().unique());
  for (const name of TEXTS.split(' '))
    table = table.addColumn(name as 'name', 'text', (column) => column.notNull());
  await table.execute();
}
