/** How the pages look that people see, for the network and for single applications. */
import type { Kysely } from 'kysely';

const TEXTS = 'createdAt updatedAt tags displayName logo logoSha256 light dark helpUrl supportText';

export async function up(db: Kysely<unknown>): Promise<void> {
  let table = db.schema
    .createTable('brandings')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('applicationId', 'text', (column) => column.notNull().unique());
  for (const name of TEXTS.split(' '))
    table = table.addColumn(name as 'name', 'text', (column) => column.notNull());
  await table.execute();
}
