/** Routers that carry traffic for other routers only. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('edgeRouters')
    .addColumn('isTransit', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
