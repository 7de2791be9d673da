/** Which encryption a service accepts, and how the host of a terminator encrypts. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('services')
    .addColumn('acceptedEncryption', 'text', (column) =>
      column.notNull().defaultTo('["authenticated"]'),
    )
    .execute();
  await db.schema
    .alterTable('terminators')
    .addColumn('encryption', 'text', (column) => column.notNull().defaultTo('authenticated'))
    .execute();
}
