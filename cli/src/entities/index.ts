import { AppError } from '@postern/shared/errors';
import { authPolicies, cas, externalJwtSigners } from './authentication.ts';
import { configKind, configTypes } from './configs.ts';
import {
  apiSessions,
  authenticators,
  enrollments,
  identities,
  revocations,
  sessions,
} from './identities.ts';
import { idColumn, nameColumn, type EntityKind } from './kind.ts';
import { edgeRouterPolicies, serviceEdgeRouterPolicies, servicePolicies } from './policies.ts';
import { postureChecks } from './posture-checks.ts';
import { edgeRouters, terminators, transitRouters } from './routers.ts';
import { applications, services } from './services.ts';

export * from './kind.ts';

const controllers: EntityKind = {
  path: 'controllers',
  plural: 'controllers',
  singular: 'controller',
  named: true,
  help: 'controllers of this network',
  verbs: ['list'],
  columns: [
    idColumn,
    nameColumn,
    { title: 'address', value: 'ctrlAddress' },
    { title: 'online', value: 'isOnline' },
    { title: 'last joined', value: 'lastJoinedAt' },
  ],
};
const networkJwts: EntityKind = {
  path: 'network-jwts',
  plural: 'network-jwts',
  singular: 'network-jwt',
  named: true,
  help: 'tokens by which clients find this network',
  verbs: ['list'],
  columns: [nameColumn, { title: 'token', value: 'token' }],
};

/** Everything `postern edge` administers, in the order of its help. */
export const entityKinds: readonly EntityKind[] = [
  identities,
  services,
  applications,
  servicePolicies,
  edgeRouterPolicies,
  serviceEdgeRouterPolicies,
  edgeRouters,
  transitRouters,
  terminators,
  configKind,
  configTypes,
  postureChecks,
  authPolicies,
  externalJwtSigners,
  cas,
  authenticators,
  enrollments,
  apiSessions,
  sessions,
  revocations,
  controllers,
  networkJwts,
];

/** Role attributes in use, by the kind that has them. */
export const roleAttributeLists: readonly string[] = [
  'identity-role-attributes',
  'service-role-attributes',
  'edge-router-role-attributes',
  'posture-check-role-attributes',
];

/** The kind whose collection has that path. */
export function kindAt(path: string): EntityKind {
  const kind = entityKinds.find((one) => one.path === path);
  if (!kind) throw new AppError('ERR_CLI_USAGE', `there are no ${path}`);
  return kind;
}
