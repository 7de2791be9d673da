/** Writes what routers report about themselves: status, hosted terminators, going offline. */
import { isDeepStrictEqual } from 'node:util';
import { ELSEWHERE } from '@postern/shared/policy';
import type { RouterStatus, RouterTerminators } from '@postern/shared/schemas';
import type { RouterPresence } from '../cluster/router-presence.ts';
import type { ControllerContext } from '../context.ts';
import type { Terminator } from '../model/services.ts';
import { repositories } from '../store/repositories.ts';

/** How a terminator made by a connector is bound, as opposed to one made over REST. */
const EDGE_BINDING = 'edge';

export interface RouterReports {
  status(routerId: string, status: RouterStatus): Promise<void>;
  /** Makes the stored terminators of a router those it reports, as far as policy allows them. */
  terminators(routerId: string, reported: RouterTerminators['terminators']): Promise<void>;
  /** The router is offline, unless another controller has it. What it reported stays. */
  offline(routerId: string): Promise<void>;
  /** The router is gone: it has no links and hosts nothing, unless another controller has it. */
  gone(routerId: string): Promise<void>;
}

export function createRouterReports(
  ctx: Pick<ControllerContext, 'store' | 'policy' | 'clock' | 'logger'>,
  presence: RouterPresence,
): RouterReports {
  const { store, policy } = ctx;

  const mayHost = (routerId: string, hostId: string, serviceId: string): boolean =>
    policy.mayBind(hostId, serviceId, { address: ELSEWHERE, nowMs: ctx.clock() }) &&
    policy.commonRouters(hostId, serviceId).includes(routerId);

  const hostedOn = (routerId: string, all: readonly Terminator[]): Map<string, Terminator> =>
    new Map(
      all
        .filter((row) => row.routerId === routerId && row.hostId !== '')
        .map((row) => [row.id, row]),
    );

  return {
    status: async (routerId, status) => {
      const current = await repositories.edgeRouters.get(store.db, routerId);
      const { isOnline, edgeUrls, fabricAddresses, links } = current ?? {};
      if (
        isDeepStrictEqual(
          { isOnline, edgeUrls, fabricAddresses, links },
          { isOnline: true, ...status },
        )
      ) {
        return;
      }
      await store.write(async (tx) => {
        await repositories.edgeRouters.update(tx, routerId, { ...status, isOnline: true });
      });
    },

    terminators: async (routerId, reported) => {
      const stored = hostedOn(
        routerId,
        await repositories.terminators.find(store.db, { routerId }),
      );
      const permitted = reported.filter(({ hostId, serviceId }) =>
        mayHost(routerId, hostId, serviceId),
      );
      const claimed = new Set(permitted.flatMap(({ instanceId }) => instanceId ?? []));
      const holders =
        claimed.size === 0
          ? []
          : await repositories.terminators.findIn(store.db, 'identity', [...claimed]);
      const wanted = permitted.filter(
        (terminator) => !holders.some((holder) => isHeldByAnother(terminator, holder)),
      );
      const wantedIds = new Set(wanted.map(({ id }) => id));
      const removed = [...stored.keys()].filter((id) => !wantedIds.has(id));
      const changed = wanted.filter((terminator) => {
        const row = stored.get(terminator.id);
        const { cost, precedence, encryption, identity, identitySecret } = row ?? {};
        return !isDeepStrictEqual(
          { cost, precedence, encryption, identity, identitySecret },
          reportedColumns(terminator),
        );
      });
      if (removed.length === 0 && changed.length === 0) return;

      await store.write(async (tx) => {
        for (const id of removed) await repositories.terminators.remove(tx, id);
        for (const terminator of changed) {
          const { id, serviceId, hostId } = terminator;
          const row = await repositories.terminators.get(tx.db, id);
          if (row) {
            const same =
              row.routerId === routerId && row.hostId === hostId && row.serviceId === serviceId;
            // An id is never taken over from another router, host or service.
            if (same) await repositories.terminators.update(tx, id, reportedColumns(terminator));
            else ctx.logger.warn('control.terminatorIdTaken', { routerId, terminatorId: id });
            continue;
          }
          const now = new Date(ctx.clock()).toISOString();
          await repositories.terminators.insert(tx, {
            id,
            createdAt: now,
            updatedAt: now,
            tags: {},
            serviceId,
            routerId,
            hostId,
            binding: EDGE_BINDING,
            address: id,
            ...reportedColumns(terminator),
          });
        }
      });
    },

    offline: async (routerId) => {
      const current = await repositories.edgeRouters.get(store.db, routerId);
      if (current?.isOnline !== true) return;
      await store.write(async (tx) => {
        if (await presence.isElsewhere(tx.db, routerId)) return;
        await repositories.edgeRouters.update(tx, routerId, { isOnline: false });
      });
    },

    gone: async (routerId) => {
      const current = await repositories.edgeRouters.get(store.db, routerId);
      const rows = await repositories.terminators.find(store.db, { routerId });
      const hosted = hostedOn(routerId, rows);
      if (current === undefined || (current.links.length === 0 && hosted.size === 0)) return;
      await store.write(async (tx) => {
        if (await presence.isElsewhere(tx.db, routerId)) return;
        await repositories.edgeRouters.update(tx, routerId, { isOnline: false, links: [] });
        for (const id of hosted.keys()) await repositories.terminators.remove(tx, id);
      });
    },
  };
}

type Reported = RouterTerminators['terminators'][number];

/** What a host may change of a terminator. */
function reportedColumns(reported: Reported) {
  const { cost, precedence, encryption = 'authenticated', instanceId, instanceProof } = reported;
  const identity = instanceId ?? '';
  return { cost, precedence, encryption, identity, identitySecret: instanceProof ?? null };
}

/** Two hosts may have one instance only if they showed the same secret; routers can't see all others in time. */
function isHeldByAnother(
  claim: Reported,
  { serviceId, hostId, identity, identitySecret }: Terminator,
): boolean {
  return (
    identity === claim.instanceId &&
    serviceId === claim.serviceId &&
    hostId !== claim.hostId &&
    (claim.instanceProof === undefined || claim.instanceProof !== identitySecret)
  );
}
