/** Identities, services, policies, routers and what signs in; the change log of the data model. */
import { type CreateTableBuilder, type Kysely } from 'kysely';

type Build = CreateTableBuilder<string>;

/** `name` columns of text, numbers or JSON; a `?` at the end makes it nullable. */
function columns(table: Build, type: 'text' | 'bigint', names: string): Build {
  return names.split(' ').reduce<Build>((built, name) => {
    const nullable = name.endsWith('?');
    return built.addColumn(nullable ? name.slice(0, -1) : name, type, (c) =>
      nullable ? c : c.notNull(),
    );
  }, table);
}

const identityColumn = (built: Build, nullable = false): Build =>
  built.addColumn('identityId', 'text', (c) => {
    const reference = c.references('identities.id').onDelete('cascade');
    return nullable ? reference : reference.notNull();
  });

export async function up(db: Kysely<unknown>): Promise<void> {
  const entity = (name: string): Build =>
    columns(
      db.schema.createTable(name).addColumn('id', 'text', (c) => c.primaryKey().notNull()),
      'text',
      'createdAt updatedAt tags',
    );
  const named = (name: string): Build =>
    entity(name).addColumn('name', 'text', (c) => c.notNull().unique());

  await columns(named('authPolicies'), 'text', 'primary secondary').execute();
  await columns(
    columns(
      named('identities'),
      'text',
      'typeId disabledAt? disabledUntil? roleAttributes permissions appData defaultHostingPrecedence serviceHostingCosts serviceHostingPrecedences envInfo sdkInfo',
    ),
    'bigint',
    'isAdmin isDefaultAdmin defaultHostingCost',
  )
    .addColumn('externalId', 'text', (c) => c.unique())
    .addColumn('authPolicyId', 'text', (c) => c.notNull().references('authPolicies.id'))
    .execute();
  await columns(
    columns(identityColumn(entity('authenticators')), 'text', 'method passwordHash? certPem?'),
    'bigint',
    'failedAttempts isIssuedByNetwork',
  )
    .addColumn('username', 'text', (c) => c.unique())
    .addColumn('fingerprint', 'text', (c) => c.unique())
    .execute();
  await db.schema
    .createIndex('authenticatorsMethod')
    .on('authenticators')
    .columns(['identityId', 'method'])
    .unique()
    .execute();

  await columns(
    columns(
      named('edgeRouters'),
      'text',
      'roleAttributes appData configs ctrlChanListeners certPem? hostname edgeUrls fabricAddresses links',
    ),
    'bigint',
    'cost noTraversal disabled isTunnelerEnabled isVerified isOnline',
  )
    .addColumn('fingerprint', 'text', (c) => c.unique())
    .execute();
  await columns(
    identityColumn(entity('enrollments'), true),
    'text',
    'method username? expiresAt sealedToken',
  )
    .addColumn('edgeRouterId', 'text', (c) => c.references('edgeRouters.id').onDelete('cascade'))
    .addColumn('tokenHash', 'text', (c) => c.notNull().unique())
    .execute();
  await columns(
    identityColumn(entity('apiSessions')),
    'text',
    'authenticatorId ipAddress configTypes lastActivityAt expiresAt',
  )
    .addColumn('tokenHash', 'text', (c) => c.notNull().unique())
    .execute();
  await db.schema
    .createIndex('apiSessionsByIdentity')
    .on('apiSessions')
    .column('identityId')
    .execute();

  await columns(named('configTypes'), 'text', 'schema target?').execute();
  await columns(named('configs'), 'text', 'data')
    .addColumn('configTypeId', 'text', (c) => c.notNull().references('configTypes.id'))
    .execute();
  await columns(
    columns(named('services'), 'text', 'terminatorStrategy roleAttributes configs'),
    'bigint',
    'encryptionRequired maxIdleTimeMillis',
  ).execute();
  await columns(
    columns(
      entity('terminators'),
      'text',
      'hostId binding address identity identitySecret? precedence',
    ),
    'bigint',
    'cost',
  )
    .addColumn('serviceId', 'text', (c) => c.notNull().references('services.id'))
    .addColumn('routerId', 'text', (c) => c.notNull().references('edgeRouters.id'))
    .execute();
  await db.schema
    .createIndex('terminatorsByService')
    .on('terminators')
    .column('serviceId')
    .execute();
  await db.schema.createIndex('terminatorsByRouter').on('terminators').column('routerId').execute();
  await columns(named('applications'), 'text', 'loginMethods signerIds')
    .addColumn('sessionHours', 'double precision', (c) => c.notNull())
    .addColumn('origin', 'text', (c) => c.notNull().unique())
    .addColumn('serviceId', 'text', (c) => c.notNull().references('services.id'))
    .execute();

  await columns(
    named('servicePolicies'),
    'text',
    'type semantic identityRoles serviceRoles postureCheckRoles',
  ).execute();
  await columns(named('edgeRouterPolicies'), 'text', 'semantic identityRoles edgeRouterRoles')
    .addColumn('isSystem', 'bigint', (c) => c.notNull())
    .execute();
  await columns(
    named('serviceEdgeRouterPolicies'),
    'text',
    'semantic serviceRoles edgeRouterRoles',
  ).execute();

  await columns(
    columns(
      named('externalJwtSigners'),
      'text',
      'audience certPem? jwksEndpoint? kid claimsProperty externalAuthUrl? clientId scopes targetToken enrollNameClaimsSelector enrollAttributeClaimsSelector enrollAuthPolicyId commonName notBefore? notAfter?',
    ),
    'bigint',
    'enabled useExternalId enrollToCertEnabled enrollToTokenEnabled',
  )
    .addColumn('issuer', 'text', (c) => c.notNull().unique())
    .addColumn('fingerprint', 'text', (c) => c.unique())
    .execute();

  await db.schema
    .createTable('changeLog')
    .addColumn('index', 'bigint', (c) => c.primaryKey())
    .addColumn('changes', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('meta')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute();
}
