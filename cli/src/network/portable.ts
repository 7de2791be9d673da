/**
 * What of a network is written down: for each kind the members an operator chooses, and which of them
 * name other entities. What a controller makes or learns by itself (ids, times, states, terminators,
 * sessions) and every secret (passwords, enrollment tokens, keys) is in no list here.
 */
import type { Row } from '../client/edge-client.ts';

/**
 * How a member names entities: one id, a list of ids, roles (`@id` among `#attribute`), the keys of a
 * map, or the member `part` of each object in a list.
 */
export type ReferenceForm = 'one' | 'many' | 'roles' | 'keys' | 'each';

export interface Reference {
  /** Dotted path of the member. */
  member: string;
  form: ReferenceForm;
  /** Key of the kind it names. */
  to: string;
  /** With `each`. */
  part?: string;
  /** Set after all else exists, because what it names may itself name this kind. */
  late?: boolean;
}

export interface PortableKind {
  /** Its member of the document. */
  key: string;
  /** Path below the Management API's base. */
  path: string;
  /** One of it, in words. */
  word: string;
  /** Members written, in this order; `except`: all but these. */
  members: readonly string[] | { except: readonly string[] };
  references?: readonly Reference[];
  /** Members whose own members count one by one: those left out stay as they are. */
  nested?: readonly string[];
  /** Members that only a new entity takes. */
  fixed?: readonly string[];
  /** Not written and never deleted: what a controller makes by itself. */
  isBuiltIn?: (row: Row) => boolean;
  /** Written, but never deleted. */
  isKept?: (row: Row) => boolean;
  /**
   * Deleted before anything is created, which frees unique values. Others are refused while something
   * names them: they go last.
   */
  deletedFirst?: boolean;
}

const builtInConfigTypes = new Set([
  'intercept.v1',
  'host.v1',
  'host.v2',
  'ziti-tunneler-client.v1',
  'ziti-tunneler-server.v1',
  'interfaces.v1',
  'proxy.v1',
  'router.link.v1',
  'postern.sharing.v1',
]);

const router = ['cost', 'noTraversal', 'disabled', 'tags'];
const roles = (member: string, to: string): Reference => ({ member, form: 'roles', to });

/** Member of an identity with its own configs for services: a list of its own in the API. */
export const SERVICE_CONFIGS = 'serviceConfigs';

/** In the order in which they are created: what is named comes before what names it. */
export const portableKinds: readonly PortableKind[] = [
  {
    key: 'configTypes',
    path: 'config-types',
    word: 'config type',
    members: ['schema', 'target', 'tags'],
    fixed: ['target'],
    isBuiltIn: ({ name }) => builtInConfigTypes.has(String(name)),
  },
  {
    key: 'configs',
    path: 'configs',
    word: 'config',
    members: ['configTypeId', 'data', 'tags'],
    references: [{ member: 'configTypeId', form: 'one', to: 'configTypes' }],
    fixed: ['configTypeId'],
  },
  {
    key: 'extJwtSigners',
    path: 'external-jwt-signers',
    word: 'external JWT signer',
    members: [
      'issuer',
      'audience',
      'enabled',
      'certPem',
      'jwksEndpoint',
      'kid',
      'claimsProperty',
      'useExternalId',
      'externalAuthUrl',
      'clientId',
      'scopes',
      'targetToken',
      'enrollToCertEnabled',
      'enrollToTokenEnabled',
      'enrollNameClaimsSelector',
      'enrollAttributeClaimsSelector',
      'enrollAuthPolicyId',
      'tags',
    ],
    references: [{ member: 'enrollAuthPolicyId', form: 'one', to: 'authPolicies', late: true }],
  },
  {
    key: 'authPolicies',
    path: 'auth-policies',
    word: 'auth policy',
    members: ['primary', 'secondary', 'tags'],
    nested: ['primary', 'secondary'],
    references: [
      { member: 'primary.extJwt.allowedSigners', form: 'many', to: 'extJwtSigners' },
      { member: 'secondary.requireExtJwtSigner', form: 'one', to: 'extJwtSigners' },
    ],
    isKept: ({ id }) => id === 'default',
  },
  {
    key: 'cas',
    path: 'cas',
    word: 'certificate authority',
    members: [
      'certPem',
      'isAuthEnabled',
      'isAutoCaEnrollmentEnabled',
      'isOttCaEnrollmentEnabled',
      'identityRoles',
      'identityNameFormat',
      'externalIdClaim',
      'tags',
    ],
    fixed: ['certPem'],
  },
  {
    key: 'postureChecks',
    path: 'posture-checks',
    word: 'posture check',
    members: {
      except: [
        'id',
        'name',
        'createdAt',
        'updatedAt',
        '_links',
        'version',
        'isSystem',
        'assurance',
      ],
    },
    fixed: ['typeId'],
  },
  {
    key: 'services',
    path: 'services',
    word: 'service',
    members: [
      'encryptionRequired',
      'acceptedEncryption',
      'roleAttributes',
      'configs',
      'terminatorStrategy',
      'maxIdleTimeMillis',
      'tags',
    ],
    references: [{ member: 'configs', form: 'many', to: 'configs' }],
  },
  {
    key: 'edgeRouters',
    path: 'edge-routers',
    word: 'edge router',
    members: ['isTunnelerEnabled', 'roleAttributes', ...router, 'appData', 'configs'],
    references: [{ member: 'configs', form: 'many', to: 'configs' }],
    deletedFirst: true,
  },
  {
    key: 'transitRouters',
    path: 'transit-routers',
    word: 'transit router',
    members: router,
    deletedFirst: true,
  },
  {
    key: 'identities',
    path: 'identities',
    word: 'identity',
    members: [
      'isAdmin',
      'roleAttributes',
      'permissions',
      'authPolicyId',
      'externalId',
      'defaultHostingCost',
      'defaultHostingPrecedence',
      'serviceHostingCosts',
      'serviceHostingPrecedences',
      SERVICE_CONFIGS,
      'appData',
      'tags',
    ],
    references: [
      { member: 'authPolicyId', form: 'one', to: 'authPolicies' },
      { member: 'serviceHostingCosts', form: 'keys', to: 'services' },
      { member: 'serviceHostingPrecedences', form: 'keys', to: 'services' },
      { member: SERVICE_CONFIGS, form: 'each', part: 'service', to: 'services' },
      { member: SERVICE_CONFIGS, form: 'each', part: 'config', to: 'configs' },
    ],
    // The first administrator belongs to its controller, a router's identity to its router.
    isBuiltIn: ({ isDefaultAdmin, typeId }) => isDefaultAdmin === true || typeId === 'Router',
    deletedFirst: true,
  },
  {
    key: 'servicePolicies',
    path: 'service-policies',
    word: 'service policy',
    members: ['type', 'semantic', 'identityRoles', 'serviceRoles', 'postureCheckRoles', 'tags'],
    references: [
      roles('identityRoles', 'identities'),
      roles('serviceRoles', 'services'),
      roles('postureCheckRoles', 'postureChecks'),
    ],
    deletedFirst: true,
  },
  {
    key: 'edgeRouterPolicies',
    path: 'edge-router-policies',
    word: 'edge router policy',
    members: ['semantic', 'identityRoles', 'edgeRouterRoles', 'tags'],
    references: [roles('identityRoles', 'identities'), roles('edgeRouterRoles', 'edgeRouters')],
    isBuiltIn: ({ isSystem }) => isSystem === true,
    deletedFirst: true,
  },
  {
    key: 'serviceEdgeRouterPolicies',
    path: 'service-edge-router-policies',
    word: 'service edge router policy',
    members: ['semantic', 'serviceRoles', 'edgeRouterRoles', 'tags'],
    references: [roles('serviceRoles', 'services'), roles('edgeRouterRoles', 'edgeRouters')],
    deletedFirst: true,
  },
  {
    key: 'applications',
    path: 'applications',
    word: 'application',
    members: ['origin', 'serviceId', 'loginMethods', 'signerIds', 'sessionHours', 'tags'],
    references: [
      { member: 'serviceId', form: 'one', to: 'services' },
      { member: 'signerIds', form: 'many', to: 'extJwtSigners' },
    ],
    deletedFirst: true,
  },
];
