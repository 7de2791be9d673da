import {
  entitySchemas,
  type Entity,
  type EntityKind,
  type Snapshot,
} from '@postern/shared/schemas';
import type { Kysely } from 'kysely';
import { projections } from '../model/changes.ts';
import { readPostures } from '../posture/posture-states.ts';
import { repositories } from './repositories.ts';
import type { Database } from './tables.ts';

type Read<K extends EntityKind> = (db: Kysely<Database>) => Promise<Entity<K>[]>;
type Sources = { [K in EntityKind]?: Read<K> };

/** Reads the whole data model as routers see it. Kinds without a source are empty. */
export function createSnapshotReader() {
  const sources: Sources = {
    identity: async (db) => (await repositories.identities.find(db)).map(projections.identity),
    service: async (db) => (await repositories.services.find(db)).map(projections.service),
    servicePolicy: async (db) =>
      (await repositories.servicePolicies.find(db)).map(projections.servicePolicy),
    edgeRouterPolicy: async (db) =>
      (await repositories.edgeRouterPolicies.find(db)).map(projections.edgeRouterPolicy),
    serviceEdgeRouterPolicy: async (db) =>
      (await repositories.serviceEdgeRouterPolicies.find(db)).map(
        projections.serviceEdgeRouterPolicy,
      ),
    router: async (db) => (await repositories.edgeRouters.find(db)).map(projections.router),
    terminator: async (db) => (await repositories.terminators.find(db)).map(projections.terminator),
    postureCheck: async (db) =>
      (await repositories.postureChecks.find(db)).map(projections.postureCheck),
    posture: readPostures,
    revocation: async (db) => (await repositories.revocations.find(db)).map(projections.revocation),
  };
  return {
    addSource<K extends EntityKind>(kind: K, read: Read<K>): void {
      Object.assign(sources, { [kind]: read });
    },
    async read(db: Kysely<Database>): Promise<Snapshot['entities']> {
      const entities: Partial<Record<EntityKind, unknown[]>> = {};
      for (const kind of Object.keys(entitySchemas) as EntityKind[])
        entities[kind] = (await sources[kind]?.(db)) ?? [];
      return entities as Snapshot['entities'];
    },
  };
}
