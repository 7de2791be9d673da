/** What routers see of each entity: projections onto the control channel's schemas. */
import type { Entity } from '@postern/shared/schemas';
import type { EdgeRouter } from './edge-routers.ts';
import type { Identity } from './identities.ts';
import type { EdgeRouterPolicy, ServiceEdgeRouterPolicy, ServicePolicy } from './policies.ts';
import type { PostureCheck } from './posture.ts';
import type { Service, Terminator } from './services.ts';
import type { Revocation } from './sessions.ts';

export const projections = {
  /** `disabledAt` alone decides: maintenance clears it when `disabledUntil` has passed. */
  identity: (row: Identity): Entity<'identity'> => ({
    id: row.id,
    name: row.name,
    disabled: row.disabledAt !== null,
    roleAttributes: row.roleAttributes,
  }),
  service: (row: Service): Entity<'service'> => ({
    id: row.id,
    name: row.name,
    roleAttributes: row.roleAttributes,
    encryptionRequired: row.encryptionRequired,
    acceptedEncryption: row.acceptedEncryption,
    terminatorStrategy: row.terminatorStrategy,
  }),
  servicePolicy: (row: ServicePolicy): Entity<'servicePolicy'> => ({
    id: row.id,
    type: row.type,
    semantic: row.semantic,
    identityRoles: row.identityRoles,
    serviceRoles: row.serviceRoles,
    postureCheckRoles: row.postureCheckRoles,
  }),
  postureCheck: ({ id, roleAttributes, definition }: PostureCheck): Entity<'postureCheck'> => ({
    id,
    roleAttributes,
    ...('networks' in definition && { networks: definition.networks }),
  }),
  edgeRouterPolicy: (row: EdgeRouterPolicy): Entity<'edgeRouterPolicy'> => ({
    id: row.id,
    semantic: row.semantic,
    identityRoles: row.identityRoles,
    edgeRouterRoles: row.edgeRouterRoles,
  }),
  serviceEdgeRouterPolicy: (row: ServiceEdgeRouterPolicy): Entity<'serviceEdgeRouterPolicy'> => ({
    id: row.id,
    semantic: row.semantic,
    serviceRoles: row.serviceRoles,
    edgeRouterRoles: row.edgeRouterRoles,
  }),
  router: (row: EdgeRouter): Entity<'router'> => ({
    id: row.id,
    name: row.name,
    roleAttributes: row.roleAttributes,
    cost: row.cost,
    noTraversal: row.noTraversal,
    disabled: row.disabled,
    isOnline: row.isOnline,
    edgeUrls: row.isTransit ? [] : row.edgeUrls,
    fabricAddresses: row.fabricAddresses,
    links: row.links,
  }),
  terminator: (row: Terminator): Entity<'terminator'> => ({
    id: row.id,
    serviceId: row.serviceId,
    routerId: row.routerId,
    hostId: row.hostId,
    cost: row.cost,
    precedence: row.precedence,
    encryption: row.encryption,
    ...(row.identity !== '' && { instanceId: row.identity }),
    ...(row.hostId !== '' && row.identitySecret !== null && { instanceProof: row.identitySecret }),
  }),
  revocation: (row: Revocation): Entity<'revocation'> => ({
    id: row.id,
    expiresAtMs: Date.parse(row.expiresAt),
  }),
};
