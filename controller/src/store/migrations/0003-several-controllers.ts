/** What several controllers of one database must know of each other (columns: `cluster/tables.ts`). */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('routerConnections')
    .addColumn('routerId', 'text', (column) => column.primaryKey().notNull())
    .addColumn('controllerId', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('seenProofs')
    .addColumn('proofHash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('expiresAtMs', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('seenProofsByExpiry')
    .on('seenProofs')
    .column('expiresAtMs')
    .execute();
}
