/** Service sessions, revocations that say of what, configs of single identities, devices signed in. */
import type { CreateTableBuilder, Kysely } from 'kysely';

type Build = CreateTableBuilder<string>;
interface OldRevocation {
  id: string;
  expiresAtMs: number | string;
}

export async function up(db: Kysely<Record<string, Record<string, unknown>>>): Promise<void> {
  const text = (built: Build, column: string): Build =>
    built.addColumn(column, 'text', (c) => c.notNull());
  const entity = (name: string): Build =>
    ['createdAt', 'updatedAt', 'tags'].reduce<Build>(
      text,
      db.schema.createTable(name).addColumn('id', 'text', (c) => c.primaryKey().notNull()),
    );
  const owned = (built: Build, column: string, table: string): Build =>
    built.addColumn(column, 'text', (c) =>
      c.notNull().references(`${table}.id`).onDelete('cascade'),
    );

  const sessions = owned(text(entity('sessions'), 'type'), 'apiSessionId', 'apiSessions');
  await owned(owned(sessions, 'identityId', 'identities'), 'serviceId', 'services').execute();
  await db.schema
    .createIndex('sessionsOnce')
    .on('sessions')
    .columns(['apiSessionId', 'serviceId', 'type'])
    .unique()
    .execute();
  for (const column of ['identityId', 'serviceId'])
    await db.schema.createIndex(`sessionsBy-${column}`).on('sessions').column(column).execute();

  const configs = text(entity('identityConfigs'), 'configTypeId').addColumn(
    'configId',
    'text',
    (c) => c.notNull().references('configs.id'),
  );
  await owned(owned(configs, 'identityId', 'identities'), 'serviceId', 'services').execute();
  await db.schema
    .createIndex('identityConfigsOnce')
    .on('identityConfigs')
    .columns(['identityId', 'serviceId', 'configTypeId'])
    .unique()
    .execute();
  await db.schema
    .createIndex('identityConfigsByConfig')
    .on('identityConfigs')
    .column('configId')
    .execute();

  const old = (await db
    .selectFrom('revocations')
    .selectAll()
    .execute()) as unknown as OldRevocation[];
  await db.schema.dropTable('revocations').execute();
  await text(text(entity('revocations'), 'type'), 'expiresAt').execute();
  for (const { id, expiresAtMs } of old) {
    const expiresAt = new Date(Number(expiresAtMs)).toISOString();
    const times = { createdAt: expiresAt, updatedAt: expiresAt };
    await db
      .insertInto('revocations')
      .values({ id, ...times, tags: '{}', type: 'API_SESSION', expiresAt })
      .execute();
  }

  for (const [column, type] of [
    ['lastUsedAtMs', 'bigint'],
    ['userAgent', 'text'],
    ['address', 'text'],
  ] as const)
    await db.schema.alterTable('signInSessions').addColumn(column, type).execute();
}
