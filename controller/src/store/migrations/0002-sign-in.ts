/** Signing keys, sign-in sessions and the OIDC provider's own state (columns: `sign-in/tables.ts`). */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('signingKeys')
    .addColumn('kid', 'text', (column) => column.primaryKey())
    .addColumn('use', 'text', (column) => column.notNull())
    .addColumn('issuer', 'text', (column) => column.notNull())
    .addColumn('jwk', 'text', (column) => column.notNull())
    .addColumn('activeAtMs', 'bigint', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('revocations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('expiresAtMs', 'bigint', (column) => column.notNull())
    .execute();

  await db.schema
    .createTable('signInSessions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('identityId', 'text', (column) => column.notNull())
    .addColumn('deviceThumbprint', 'text', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('signerId', 'text')
    .addColumn('createdAtMs', 'bigint', (column) => column.notNull())
    .addColumn('expiresAtMs', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('signInSessionsByIdentity')
    .on('signInSessions')
    .column('identityId')
    .execute();

  await db.schema
    .createTable('signInTokens')
    .addColumn('tokenHash', 'text', (column) => column.primaryKey())
    .addColumn('sessionId', 'text', (column) =>
      column.notNull().references('signInSessions.id').onDelete('cascade'),
    )
    .addColumn('spent', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('signInTokensBySession')
    .on('signInTokens')
    .column('sessionId')
    .execute();

  await db.schema
    .createTable('signInGrants')
    .addColumn('grantHash', 'text', (column) => column.primaryKey())
    .addColumn('sessionId', 'text', (column) =>
      column.notNull().references('signInSessions.id').onDelete('cascade'),
    )
    .execute();
  await db.schema
    .createIndex('signInGrantsBySession')
    .on('signInGrants')
    .column('sessionId')
    .execute();

  await db.schema
    .createTable('oidcPayloads')
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('idHash', 'text', (column) => column.notNull())
    .addColumn('grantHash', 'text')
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('consumedAtMs', 'bigint')
    .addColumn('expiresAtMs', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('oidcPayloadsKey', ['model', 'idHash'])
    .execute();
  await db.schema
    .createIndex('oidcPayloadsByGrant')
    .on('oidcPayloads')
    .column('grantHash')
    .execute();
  await db.schema
    .createIndex('oidcPayloadsByExpiry')
    .on('oidcPayloads')
    .column('expiresAtMs')
    .execute();
}
