/** The entities of the Management API, as the console lists them. */
import type { Operation } from '../api/operations.ts';

export interface Column {
  /** Member of the row; with a dot, of a member. */
  readonly member: string;
  /** What the API sorts by; absent: it does not. */
  readonly sort?: string;
  readonly as?: 'text' | 'time' | 'list' | 'yes-no' | 'state' | 'reference';
}

/** What can be done with one entity beyond changing and deleting it. */
export interface EntityAction {
  readonly word: 'enable' | 'disable' | 'reEnroll' | 'refresh';
  readonly operation: Operation;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Only when the member of the detail is set, or is not. */
  readonly when?: readonly [member: string, isSet: boolean];
}

export interface Kind {
  /** As in the API's paths, and the console's. */
  readonly path: string;
  readonly columns: readonly Column[];
  /** Members that the search looks in. */
  readonly search: readonly string[];
  readonly actions?: readonly EntityAction[];
  /** Lists below an entity: `/identities/{id}/services`. */
  readonly related?: readonly string[];
}

const name: Column = { member: 'name', sort: 'name' };
const attributes: Column = { member: 'roleAttributes', as: 'list' };
const updated: Column = { member: 'updatedAt', sort: 'updatedAt', as: 'time' };
const created: Column = { member: 'createdAt', sort: 'createdAt', as: 'time' };
const semantic: Column = { member: 'semantic', sort: 'semantic' };
const list = (member: string): Column => ({ member, as: 'list' });
const flag = (member: string): Column => ({ member, sort: member, as: 'yes-no' });
const reference = (member: string): Column => ({ member, as: 'reference' });

const routerActions: readonly EntityAction[] = [
  { word: 'reEnroll', operation: 'post /edge-routers/{id}/re-enroll' },
];

export const kinds = {
  identities: {
    path: 'identities',
    columns: [
      name,
      { member: 'type.name' },
      attributes,
      flag('isAdmin'),
      { member: 'hasApiSession', as: 'yes-no' },
      updated,
    ],
    search: ['name', 'externalId'],
    actions: [
      {
        word: 'disable',
        operation: 'post /identities/{id}/disable',
        body: { durationMinutes: 0 },
        when: ['disabled', false],
      },
      { word: 'enable', operation: 'post /identities/{id}/enable', when: ['disabled', true] },
    ],
    related: [
      'services',
      'service-policies',
      'edge-routers',
      'edge-router-policies',
      'authenticators',
      'enrollments',
    ],
  },
  services: {
    path: 'services',
    columns: [
      name,
      attributes,
      flag('encryptionRequired'),
      { member: 'terminatorStrategy' },
      updated,
    ],
    search: ['name'],
    related: [
      'identities',
      'service-policies',
      'edge-routers',
      'service-edge-router-policies',
      'terminators',
      'configs',
    ],
  },
  applications: {
    path: 'applications',
    columns: [
      name,
      { member: 'origin', sort: 'origin' },
      reference('service'),
      list('loginMethods'),
      updated,
    ],
    search: ['name', 'origin'],
  },
  'service-policies': {
    path: 'service-policies',
    columns: [
      name,
      { member: 'type' },
      semantic,
      list('identityRoles'),
      list('serviceRoles'),
      list('postureCheckRoles'),
    ],
    search: ['name'],
    related: ['identities', 'services', 'posture-checks'],
  },
  'edge-router-policies': {
    path: 'edge-router-policies',
    columns: [name, semantic, list('identityRoles'), list('edgeRouterRoles')],
    search: ['name'],
    related: ['identities', 'edge-routers'],
  },
  'service-edge-router-policies': {
    path: 'service-edge-router-policies',
    columns: [name, semantic, list('serviceRoles'), list('edgeRouterRoles')],
    search: ['name'],
    related: ['services', 'edge-routers'],
  },
  'posture-checks': {
    path: 'posture-checks',
    columns: [name, { member: 'typeId' }, attributes, updated],
    search: ['name'],
  },
  'edge-routers': {
    path: 'edge-routers',
    columns: [
      name,
      attributes,
      { member: 'isOnline', as: 'state' },
      flag('isVerified'),
      { member: 'hostname' },
      updated,
    ],
    search: ['name'],
    actions: routerActions,
    related: ['identities', 'services', 'edge-router-policies', 'service-edge-router-policies'],
  },
  'transit-routers': {
    path: 'transit-routers',
    columns: [name, { member: 'isOnline', as: 'state' }, flag('isVerified'), updated],
    search: ['name'],
  },
  terminators: {
    path: 'terminators',
    columns: [
      { member: 'id' },
      reference('service'),
      reference('router'),
      { member: 'binding', sort: 'binding' },
      { member: 'precedence' },
      { member: 'cost', sort: 'cost' },
    ],
    search: ['address'],
  },
  configs: {
    path: 'configs',
    columns: [name, reference('configType'), updated],
    search: ['name'],
    related: ['services'],
  },
  'config-types': {
    path: 'config-types',
    columns: [name, updated],
    search: ['name'],
    related: ['configs'],
  },
  authenticators: {
    path: 'authenticators',
    columns: [
      { member: 'id' },
      { member: 'method', sort: 'method' },
      reference('identity'),
      { member: 'username' },
      created,
    ],
    search: ['username'],
  },
  enrollments: {
    path: 'enrollments',
    columns: [
      { member: 'id' },
      { member: 'method', sort: 'method' },
      reference('identity'),
      { member: 'expiresAt', sort: 'expiresAt', as: 'time' },
    ],
    search: ['username'],
  },
  passkeys: {
    path: 'passkeys',
    columns: [name, reference('identity'), created],
    search: ['name'],
  },
  'auth-policies': { path: 'auth-policies', columns: [name, updated], search: ['name'] },
  'external-jwt-signers': {
    path: 'external-jwt-signers',
    columns: [name, { member: 'issuer', sort: 'issuer' }, flag('enabled'), updated],
    search: ['name', 'issuer'],
  },
  cas: {
    path: 'cas',
    columns: [name, flag('isVerified'), flag('isAuthEnabled'), updated],
    search: ['name'],
  },
  revocations: {
    path: 'revocations',
    columns: [{ member: 'id' }, { member: 'type' }, created],
    search: ['id'],
  },
  brandings: {
    path: 'brandings',
    columns: [name, { member: 'displayName' }, updated],
    search: ['name'],
  },
  'api-sessions': {
    path: 'api-sessions',
    columns: [
      reference('identity'),
      { member: 'kind' },
      { member: 'ipAddress' },
      { member: 'lastActivityAt', sort: 'lastActivityAt', as: 'time' },
      created,
    ],
    search: ['identity.name'],
  },
  sessions: {
    path: 'sessions',
    columns: [
      { member: 'id' },
      { member: 'type' },
      reference('service'),
      { member: 'identityId' },
      created,
    ],
    search: ['service.name'],
  },
  controllers: {
    path: 'controllers',
    columns: [
      name,
      { member: 'ctrlAddress' },
      { member: 'isOnline', as: 'state' },
      { member: 'lastJoinedAt', as: 'time' },
    ],
    search: ['name'],
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;

export function kindOf(path: string): Kind | undefined {
  return Object.hasOwn(kinds, path) ? kinds[path as KindName] : undefined;
}

/** The entities in the order of the navigation; sessions have a group of their own. */
export const groups: readonly {
  readonly word: 'access' | 'network' | 'people' | 'sessions' | 'settings';
  readonly kinds: readonly KindName[];
}[] = [
  { word: 'access', kinds: ['applications', 'services', 'service-policies', 'posture-checks'] },
  {
    word: 'people',
    kinds: [
      'identities',
      'authenticators',
      'passkeys',
      'enrollments',
      'auth-policies',
      'external-jwt-signers',
      'cas',
    ],
  },
  {
    word: 'network',
    kinds: [
      'edge-routers',
      'transit-routers',
      'terminators',
      'edge-router-policies',
      'service-edge-router-policies',
      'controllers',
    ],
  },
  { word: 'sessions', kinds: ['api-sessions', 'sessions', 'revocations'] },
  { word: 'settings', kinds: ['configs', 'config-types', 'brandings'] },
];
