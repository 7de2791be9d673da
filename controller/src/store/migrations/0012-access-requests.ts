/** Who asked for access to which application, and what was decided. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  let table = db.schema
    .createTable('accessRequests')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull());
  for (const [column, owner] of [
    ['identityId', 'identities'],
    ['applicationId', 'applications'],
  ] as const)
    table = table.addColumn(column as 'id', 'text', (made) =>
      made.notNull().references(`${owner}.id`).onDelete('cascade'),
    );
  for (const name of 'createdAt updatedAt tags message state answer'.split(' '))
    table = table.addColumn(name as 'id', 'text', (column) => column.notNull());
  for (const name of 'decidedAt decidedById policyId'.split(' '))
    table = table.addColumn(name as 'id', 'text');
  await table.execute();
  for (const column of ['identityId', 'applicationId'])
    await db.schema
      .createIndex(`accessRequests_${column}`)
      .on('accessRequests')
      .column(column)
      .execute();
}
