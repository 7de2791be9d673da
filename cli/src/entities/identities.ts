import { everyVerb, idColumn, nameColumn, type EntityKind } from './kind.ts';

const precedences = ['default', 'required', 'failed'];
export const roleAttributes = {
  member: 'roleAttributes',
  flags: '-a, --role-attributes <list>',
  help: 'attributes that policies name as #attribute',
  type: 'list',
} as const;
export const appData = {
  member: 'appData',
  flags: '--app-data <key=value>',
  help: 'data handed to applications',
  type: 'map',
} as const;

export const identities: EntityKind = {
  path: 'identities',
  plural: 'identities',
  singular: 'identity',
  aliases: ['ids'],
  named: true,
  help: 'people, devices and hosts',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'type', value: 'type.name' },
    { title: 'attributes', value: 'roleAttributes' },
    { title: 'auth policy', value: 'authPolicy.name' },
    { title: 'admin', value: 'isAdmin' },
    { title: 'disabled', value: 'disabled' },
  ],
  forms: [
    {
      constants: { type: 'Default' },
      fields: [
        {
          member: 'isAdmin',
          flags: '-A, --admin',
          help: 'may administer everything',
          type: 'boolean',
          initial: false,
        },
        roleAttributes,
        {
          member: 'permissions',
          flags: '--permissions <list>',
          help: 'what it may administer, such as service.read',
          type: 'list',
        },
        {
          member: 'authPolicyId',
          flags: '-P, --auth-policy <policy>',
          help: 'how it may sign in (default: the policy "default")',
          type: 'text',
          of: 'auth-policies',
        },
        {
          member: 'externalId',
          flags: '-x, --external-id <id>',
          help: 'its name at the identity provider',
          type: 'text',
        },
        {
          member: 'enrollment.updb',
          flags: '--updb <username>',
          help: 'enrol by password under this name',
          type: 'text',
          on: 'create',
        },
        {
          member: 'enrollment.ottca',
          flags: '--ottca <ca>',
          help: 'enrol by a certificate of this authority',
          type: 'text',
          of: 'cas',
          on: 'create',
        },
        {
          member: 'defaultHostingCost',
          flags: '-c, --default-hosting-cost <cost>',
          help: '0 to 65535',
          type: 'number',
        },
        {
          member: 'defaultHostingPrecedence',
          flags: '-p, --default-hosting-precedence <precedence>',
          help: 'of what it hosts',
          type: 'text',
          choices: precedences,
        },
        {
          member: 'serviceHostingCosts',
          flags: '--service-costs <service=cost>',
          help: 'for single services',
          type: 'map',
          of: 'services',
          numbers: true,
        },
        {
          member: 'serviceHostingPrecedences',
          flags: '--service-precedences <service=precedence>',
          help: 'for single services',
          type: 'map',
          of: 'services',
        },
        appData,
      ],
    },
  ],
  enrollmentToken: ['enrollment.ott.jwt', 'enrollment.ottca.jwt', 'enrollment.updb.jwt'],
  subLists: {
    authenticators: 'authenticators',
    enrollments: 'enrollments',
    'edge-routers': 'edge-routers',
    'edge-router-policies': 'edge-router-policies',
    'service-policies': 'service-policies',
    services: 'services',
    'service-configs': 'service-configs',
  },
};

export const authenticators: EntityKind = {
  path: 'authenticators',
  plural: 'authenticators',
  singular: 'authenticator',
  named: false,
  help: 'certificates and passwords that identities sign in with',
  verbs: ['list', 'show', 'delete'],
  columns: [
    idColumn,
    { title: 'method', value: 'method' },
    { title: 'identity', value: 'identity.name' },
    { title: 'username or fingerprint', value: (row) => row['username'] || row['fingerprint'] },
    { title: 'network-issued', value: 'isIssuedByNetwork' },
    { title: 'extend requested', value: 'isExtendRequested' },
  ],
};

export const enrollments: EntityKind = {
  path: 'enrollments',
  plural: 'enrollments',
  singular: 'enrollment',
  named: false,
  help: 'tokens not used yet',
  verbs: ['list', 'show', 'create', 'delete'],
  columns: [
    idColumn,
    { title: 'method', value: 'method' },
    {
      title: 'for',
      value: (row) =>
        nameOf(row['identity']) ?? nameOf(row['edgeRouter']) ?? nameOf(row['transitRouter']),
    },
    { title: 'username', value: 'username' },
    { title: 'expires', value: 'expiresAt' },
  ],
  forms: (['ott', 'ottca', 'updb'] as const).map((method) => ({
    word: method,
    help: {
      ott: 'by a token',
      ottca: 'by a token and a certificate of another authority',
      updb: 'by a token and a password',
    }[method],
    constants: { method },
    fields: [
      {
        member: 'identityId',
        argument: '<identity>',
        help: 'who enrols',
        type: 'text',
        of: 'identities',
      },
      ...(method === 'ottca'
        ? [
            {
              member: 'caId',
              argument: '<ca>',
              help: 'whose certificate',
              type: 'text',
              of: 'cas',
            } as const,
          ]
        : []),
      ...(method === 'updb'
        ? [
            {
              member: 'username',
              argument: '<username>',
              help: 'name to sign in with',
              type: 'text',
            } as const,
          ]
        : []),
    ],
  })),
  enrollmentToken: ['jwt'],
};

export const apiSessions: EntityKind = {
  path: 'api-sessions',
  plural: 'api-sessions',
  singular: 'api-session',
  named: false,
  help: 'who is signed in',
  verbs: ['list', 'show', 'delete'],
  columns: [
    idColumn,
    { title: 'identity', value: 'identity.name' },
    { title: 'address', value: 'ipAddress' },
    { title: 'last activity', value: 'lastActivityAt' },
    { title: 'authenticator', value: 'authenticatorId' },
  ],
};

export const sessions: EntityKind = {
  path: 'sessions',
  plural: 'sessions',
  singular: 'session',
  named: false,
  help: 'permissions to dial or bind, in use',
  verbs: ['list', 'show', 'delete'],
  columns: [
    idColumn,
    { title: 'api session', value: 'apiSession.id' },
    { title: 'service', value: 'service.name' },
    { title: 'type', value: 'type' },
  ],
};

export const revocations: EntityKind = {
  path: 'revocations',
  plural: 'revocations',
  singular: 'revocation',
  named: false,
  help: 'tokens that no longer count',
  verbs: ['list', 'show', 'create'],
  columns: [idColumn, { title: 'type', value: 'type' }, { title: 'expires', value: 'expiresAt' }],
  forms: [
    {
      word: 'identity',
      help: 'every token of an identity issued until now',
      constants: { type: 'IDENTITY' },
      fields: [
        { member: 'id', argument: '<identity>', help: 'whose', type: 'text', of: 'identities' },
      ],
    },
    {
      word: 'api-session',
      help: 'one session',
      constants: { type: 'API_SESSION' },
      fields: [{ member: 'id', argument: '<id>', help: 'its id', type: 'text' }],
    },
    {
      word: 'jti',
      help: 'one token',
      constants: { type: 'JTI' },
      fields: [
        { member: 'id', argument: '<jti>', help: 'the claim jti of the token', type: 'text' },
      ],
    },
  ],
};

function nameOf(reference: unknown): unknown {
  return typeof reference === 'object' && reference !== null && 'name' in reference
    ? reference.name
    : undefined;
}
