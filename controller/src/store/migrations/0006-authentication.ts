/** Certificate authorities of others, second factors, passkeys, certificates of API sessions. */
import type { CreateTableBuilder, Kysely } from 'kysely';

type Build = CreateTableBuilder<string>;

export async function up(db: Kysely<unknown>): Promise<void> {
  const entity = (name: string, texts: string, numbers: string): Build => {
    let built: Build = db.schema
      .createTable(name)
      .addColumn('id', 'text', (column) => column.primaryKey().notNull());
    for (const text of ['createdAt', 'updatedAt', 'tags', ...words(texts)])
      built = text.endsWith('?')
        ? built.addColumn(text.slice(0, -1), 'text')
        : built.addColumn(text, 'text', (column) => column.notNull());
    for (const number of words(numbers))
      built = built.addColumn(number, 'integer', (column) => column.notNull());
    return built;
  };
  const owned = (built: Build, column: string, table: string): Build =>
    built.addColumn(column, 'text', (c) =>
      c.notNull().references(`${table}.id`).onDelete('cascade'),
    );

  await entity(
    'cas',
    'certPem identityRoles identityNameFormat externalIdClaim verificationToken',
    'isVerified isAutoCaEnrollmentEnabled isOttCaEnrollmentEnabled isAuthEnabled',
  )
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('fingerprint', 'text', (column) => column.notNull().unique())
    .execute();

  await owned(
    entity('mfas', 'sealedSecret? sealedRecoveryCodes? lockedUntil?', 'isVerified failedAttempts'),
    'identityId',
    'identities',
  )
    .addColumn('lastStep', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('mfasIdentity').on('mfas').column('identityId').unique().execute();

  await owned(
    entity('passkeys', 'name publicKey transports deviceType lastUsedAt?', 'isBackedUp'),
    'identityId',
    'identities',
  )
    .addColumn('counter', 'bigint', (column) => column.notNull())
    .addColumn('credentialId', 'text', (column) => column.notNull().unique())
    .execute();
  await db.schema.createIndex('passkeysIdentity').on('passkeys').column('identityId').execute();

  await owned(
    entity('sessionCertificates', 'subject fingerprint certPem validFrom validTo', ''),
    'apiSessionId',
    'apiSessions',
  ).execute();
  await db.schema
    .createIndex('sessionCertificatesSession')
    .on('sessionCertificates')
    .column('apiSessionId')
    .execute();

  const add = (
    table: string,
    column: string,
    type: 'text' | 'integer' | 'bigint',
    initial?: string | number,
  ) =>
    db.schema
      .alterTable(table)
      .addColumn(column, type, (c) => (initial === undefined ? c : c.notNull().defaultTo(initial)))
      .execute();
  await add('apiSessions', 'kind', 'text', 'legacy');
  await add('apiSessions', 'mfaPassedAt', 'text');
  await add('authenticators', 'isExtendRequested', 'integer', 0);
  await add('authenticators', 'isKeyRollRequested', 'integer', 0);
  await add('authenticators', 'extendRequestedAt', 'text');
  await add('authenticators', 'unverifiedCertPem', 'text');
  await add('authenticators', 'unverifiedFingerprint', 'text');
  await add('enrollments', 'caId', 'text');
  await add('signInSessions', 'mfaAtMs', 'bigint');
  await add('signInSessions', 'secondSignerId', 'text');
}

function words(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}
