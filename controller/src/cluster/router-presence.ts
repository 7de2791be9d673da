/**
 * Which controller each router is connected to, so that none takes a router for gone that is
 * connected to another, and that the routers of a controller which ended are not taken for there.
 */
import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Database } from '../store/tables.ts';
import type { ClusterDatabase } from './tables.ts';

export interface RouterPresence {
  /** The router is connected here, and nowhere else from now on. */
  arrived(routerId: string): Promise<void>;
  /** Whether another controller, which lives, holds the router's connection. */
  isElsewhere(db: Kysely<Database>, routerId: string): Promise<boolean>;
  /** Routers whose controller has ended and that no other has taken over. */
  orphans(): Promise<string[]>;
}

/** With one controller alone every router is here. */
const ALONE: RouterPresence = {
  arrived: () => Promise.resolve(),
  isElsewhere: () => Promise.resolve(false),
  orphans: () => Promise.resolve([]),
};

export function createRouterPresence(store: Store): RouterPresence {
  const { db, peers } = store;
  if (!peers) return ALONE;
  const reader = db.withTables<ClusterDatabase>();
  const { controllerId } = peers;
  return {
    arrived: (routerId) =>
      store.write(async (tx) => {
        await tx.db
          .withTables<ClusterDatabase>()
          .insertInto('routerConnections')
          .values({ routerId, controllerId })
          .onConflict((conflict) => conflict.column('routerId').doUpdateSet({ controllerId }))
          .execute();
      }),
    isElsewhere: async (database, routerId) => {
      const row = await database
        .withTables<ClusterDatabase>()
        .selectFrom('routerConnections')
        .select('controllerId')
        .where('routerId', '=', routerId)
        .executeTakeFirst();
      return (
        row !== undefined &&
        row.controllerId !== controllerId &&
        (await peers.isAlive(row.controllerId))
      );
    },
    orphans: async () => {
      const online = await reader
        .selectFrom('routerConnections')
        .innerJoin('edgeRouters', 'edgeRouters.id', 'routerConnections.routerId')
        .select(['routerId', 'controllerId'])
        .where('isOnline', '=', 1)
        .where('controllerId', '!=', controllerId)
        .execute();
      const others = [...new Set(online.map((row) => row.controllerId))];
      const alive = new Map(
        await Promise.all(others.map(async (id) => [id, await peers.isAlive(id)] as const)),
      );
      return online.filter((row) => !alive.get(row.controllerId)).map(({ routerId }) => routerId);
    },
  };
}
