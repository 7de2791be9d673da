import { everyVerb, idColumn, nameColumn, type EntityKind, type Field } from './kind.ts';

const flag = (member: string, flags: string, help: string, initial: boolean): Field => ({
  member,
  flags,
  help: `${help} (default: ${initial ? 'yes' : 'no'})`,
  type: 'boolean',
  initial,
});
const updb = 'primary.updb';

export const authPolicies: EntityKind = {
  path: 'auth-policies',
  plural: 'auth-policies',
  singular: 'auth-policy',
  named: true,
  help: 'how identities may sign in',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'certificate', value: 'primary.cert.allowed' },
    { title: 'password', value: 'primary.updb.allowed' },
    { title: 'external jwt', value: 'primary.extJwt.allowed' },
    { title: 'totp', value: 'secondary.requireTotp' },
    { title: 'second jwt', value: 'secondary.requireExtJwtSigner' },
  ],
  forms: [
    {
      fields: [
        flag('primary.cert.allowed', '--primary-cert-allowed', 'sign in by certificate', false),
        flag(
          'primary.cert.allowExpiredCerts',
          '--primary-cert-expired-allowed',
          'also an expired one',
          false,
        ),
        flag(`${updb}.allowed`, '--primary-updb-allowed', 'sign in by password', false),
        {
          member: `${updb}.minPasswordLength`,
          flags: '--primary-updb-min-length <n>',
          help: 'of a password (default: 5)',
          type: 'number',
          initial: 5,
        },
        flag(
          `${updb}.requireMixedCase`,
          '--primary-updb-req-mixed',
          'with small and capital letters',
          false,
        ),
        flag(`${updb}.requireNumberChar`, '--primary-updb-req-numbers', 'with a digit', false),
        flag(
          `${updb}.requireSpecialChar`,
          '--primary-updb-req-special',
          'with another character',
          false,
        ),
        {
          member: `${updb}.maxAttempts`,
          flags: '--primary-updb-max-attempts <n>',
          help: 'wrong ones in a row; 0: any number (default: 5)',
          type: 'number',
          initial: 5,
        },
        {
          member: `${updb}.lockoutDurationMinutes`,
          flags: '--primary-updb-lockout-min <minutes>',
          help: 'after these; 0: until enabled again (default: 15)',
          type: 'number',
          initial: 15,
        },
        flag(
          'primary.extJwt.allowed',
          '--primary-ext-jwt-allowed',
          'sign in at an identity provider',
          false,
        ),
        {
          member: 'primary.extJwt.allowedSigners',
          flags: '--primary-ext-jwt-allowed-signers <list>',
          help: 'by these signers (default: any)',
          type: 'list',
          of: 'external-jwt-signers',
          initial: [],
        },
        flag(
          'secondary.requireTotp',
          '--secondary-req-totp',
          'ask for a one-time code as well',
          false,
        ),
        {
          member: 'secondary.requireExtJwtSigner',
          flags: '--secondary-req-ext-jwt-signer <signer>',
          help: 'ask for a token of this signer as well',
          type: 'text',
          of: 'external-jwt-signers',
          initial: null,
        },
      ],
    },
  ],
};

const signerText = (member: string, flags: string, help: string): Field => ({
  member,
  flags,
  help,
  type: 'text',
});

export const externalJwtSigners: EntityKind = {
  path: 'external-jwt-signers',
  plural: 'ext-jwt-signers',
  singular: 'ext-jwt-signer',
  aliases: ['external-jwt-signers', 'external-jwt-signer'],
  named: true,
  help: 'identity providers whose tokens count',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'issuer', value: 'issuer' },
    { title: 'audience', value: 'audience' },
    { title: 'enabled', value: 'enabled' },
    { title: 'claim', value: 'claimsProperty' },
    { title: 'external id', value: 'useExternalId' },
  ],
  forms: [
    {
      fields: [
        { member: 'issuer', argument: '<issuer>', help: 'exactly as in its tokens', type: 'text' },
        { ...signerText('issuer', '--issuer <issuer>', 'exactly as in its tokens'), on: 'update' },
        signerText(
          'audience',
          '-a, --audience <audience>',
          'exactly as in its tokens; needed to create',
        ),
        flag('enabled', '--enabled', 'its tokens count', true),
        signerText('jwksEndpoint', '-u, --jwks-endpoint <url>', 'where its keys are'),
        {
          member: 'certPem',
          flags: '-p, --cert-file <file>',
          help: 'or its one certificate',
          type: 'file',
        },
        signerText('kid', '-k, --kid <kid>', 'key id of that certificate'),
        {
          ...signerText(
            'claimsProperty',
            '-c, --claims-property <pointer>',
            'claim that names the identity (default: sub)',
          ),
          initial: 'sub',
        },
        flag(
          'useExternalId',
          '-x, --use-external-id',
          'the claim is an external id, not an id',
          true,
        ),
        signerText('externalAuthUrl', '-y, --external-auth-url <url>', 'where clients sign in'),
        signerText('clientId', '--client-id <id>', 'with which clients sign in'),
        {
          member: 'scopes',
          flags: '--scopes <list>',
          help: 'with which clients sign in',
          type: 'list',
        },
        {
          ...signerText(
            'targetToken',
            '--target-token <token>',
            'which token clients send (default: ACCESS)',
          ),
          choices: ['ACCESS', 'ID'],
        },
        flag(
          'enrollToCertEnabled',
          '--enroll-to-cert',
          'its tokens enrol new identities, by certificate',
          false,
        ),
        flag('enrollToTokenEnabled', '--enroll-to-token', 'its tokens enrol new identities', false),
        signerText(
          'enrollNameClaimsSelector',
          '--enroll-name-claim <pointer>',
          'claim with the name of a new identity',
        ),
        signerText(
          'enrollAttributeClaimsSelector',
          '--enroll-attribute-claim <pointer>',
          'claim with its role attributes',
        ),
        {
          member: 'enrollAuthPolicyId',
          flags: '--enroll-auth-policy <policy>',
          help: 'its auth policy',
          type: 'text',
          of: 'auth-policies',
        },
      ],
    },
  ],
};

export const cas: EntityKind = {
  path: 'cas',
  plural: 'cas',
  singular: 'ca',
  named: true,
  help: 'certificate authorities of others',
  verbs: everyVerb,
  columns: [
    idColumn,
    nameColumn,
    { title: 'verified', value: 'isVerified' },
    { title: 'sign-in', value: 'isAuthEnabled' },
    { title: 'auto enrolment', value: 'isAutoCaEnrollmentEnabled' },
    { title: 'ottca enrolment', value: 'isOttCaEnrollmentEnabled' },
    { title: 'fingerprint', value: 'fingerprint' },
  ],
  forms: [
    {
      fields: [
        { member: 'certPem', argument: '<pem-file>', help: 'its certificate', type: 'file' },
        flag('isAuthEnabled', '-e, --auth', 'its certificates sign in', false),
        flag(
          'isAutoCaEnrollmentEnabled',
          '-u, --autoca',
          'its certificates make new identities',
          false,
        ),
        flag(
          'isOttCaEnrollmentEnabled',
          '-o, --ottca',
          'its certificates enrol with a token',
          false,
        ),
        {
          member: 'identityRoles',
          flags: '-a, --role-attributes <list>',
          help: 'of identities it makes',
          type: 'list',
          initial: [],
        },
        {
          member: 'identityNameFormat',
          flags: '-f, --identity-name-format <format>',
          help: 'such as [caName]-[commonName]',
          type: 'text',
        },
        {
          member: 'externalIdClaim.location',
          flags: '-l, --location <location>',
          help: 'where certificates have the external id',
          type: 'text',
          choices: ['COMMON_NAME', 'SAN_URI', 'SAN_EMAIL'],
        },
        {
          member: 'externalIdClaim.matcher',
          flags: '-m, --matcher <matcher>',
          help: 'which of several',
          type: 'text',
          choices: ['ALL', 'PREFIX', 'SUFFIX', 'SCHEME'],
        },
        {
          member: 'externalIdClaim.matcherCriteria',
          flags: '-x, --matcher-criteria <text>',
          help: 'the prefix, suffix or scheme',
          type: 'text',
        },
        {
          member: 'externalIdClaim.parser',
          flags: '-p, --parser <parser>',
          help: 'how to take it apart',
          type: 'text',
          choices: ['NONE', 'SPLIT'],
        },
        {
          member: 'externalIdClaim.parserCriteria',
          flags: '-s, --parser-criteria <text>',
          help: 'what to split at',
          type: 'text',
        },
        {
          member: 'externalIdClaim.index',
          flags: '--index <n>',
          help: 'which of what is found, from 0',
          type: 'number',
        },
      ],
    },
  ],
};
