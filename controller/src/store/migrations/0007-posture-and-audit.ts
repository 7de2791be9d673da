/** The audit log; posture checks, and what sessions reported about their devices. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  let audit = db.schema
    .createTable('auditRecords')
    .addColumn('seq', 'bigint', (column) => column.primaryKey().notNull());
  for (const name of [
    'id',
    'createdAt',
    'actorKind',
    'actorId',
    'sessionId',
    'address',
    'action',
    'outcome',
    'reason',
    'entityKind',
    'entityId',
    'details',
    'previousHash',
    'hash',
  ]) {
    audit = audit.addColumn(name, 'text', (column) => column.notNull());
  }
  await audit.execute();
  await db.schema
    .createIndex('auditRecordsById')
    .on('auditRecords')
    .column('id')
    .unique()
    .execute();
  await db.schema
    .createIndex('auditRecordsByEntity')
    .on('auditRecords')
    .columns(['entityId', 'seq'])
    .execute();
  await db.schema
    .createIndex('auditRecordsByActor')
    .on('auditRecords')
    .columns(['actorId', 'seq'])
    .execute();

  await db.schema
    .createTable('postureChecks')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('createdAt', 'text', (column) => column.notNull())
    .addColumn('updatedAt', 'text', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('typeId', 'text', (column) => column.notNull())
    .addColumn('roleAttributes', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('definition', 'text', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('postureStates')
    .addColumn('sessionId', 'text', (column) => column.primaryKey().notNull())
    .addColumn('identityId', 'text', (column) => column.notNull())
    .addColumn('reported', 'text', (column) => column.notNull())
    .addColumn('passing', 'text', (column) => column.notNull())
    .addColumn('updatedAtMs', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('postureStatesByIdentity')
    .on('postureStates')
    .column('identityId')
    .execute();
}
