/**
 * A router without sockets, files or processes: state, links, circuits and what is decided about them, over
 * whatever carries frames and whatever clock. `create-router.ts` gives it the network, the simulator of
 * `test/fault` a memory.
 */
import type { Logger } from '@postern/shared/log';
import type { RouterStatus, RouterTerminators } from '@postern/shared/schemas';
import { Access, removed } from './circuits/access.ts';
import { BindTable } from './circuits/bind-table.ts';
import { countCircuits } from './circuits/circuit-observer.ts';
import { CircuitTable, type CircuitObserver } from './circuits/circuit-table.ts';
import { Dialer } from './circuits/dialer.ts';
import { Forwarder } from './circuits/forwarder.ts';
import { PathImprover } from './circuits/path-improver.ts';
import { RouteStep } from './circuits/route-step.ts';
import { createStrategies } from './circuits/strategies/index.ts';
import { TerminatorCosts } from './circuits/terminator-costs.ts';
import { Topology } from './circuits/topology.ts';
import type { RouterLimits } from './config.ts';
import { DEFAULT_LINK_COST } from './links/link-cost.ts';
import { RouteTracer } from './inspect/route-tracer.ts';
import { LinkManager, type DialLink } from './links/link-manager.ts';
import { LinkRegistry } from './links/link-registry.ts';
import type { RouterMetrics } from './metrics/metrics.ts';
import type { BufferBudget } from './net/buffer-budget.ts';
import type { PeerContext } from './net/peer-context.ts';
import { PeerRegistry } from './net/peer-registry.ts';
import type { RouterClock } from './net/router-clock.ts';
import { touches, type Impact } from './state/impact.ts';
import type { RouterState } from './state/router-state.ts';

export interface RouterCoreOptions {
  readonly routerId: string;
  readonly limits: RouterLimits;
  readonly clock: RouterClock;
  /** What the controller pushed, loaded already if some was kept. */
  readonly state: RouterState;
  readonly budget: BufferBudget;
  readonly metrics: RouterMetrics;
  readonly observer: CircuitObserver;
  readonly links: {
    readonly groups: readonly string[];
    /** Static cost of its links, at least 1. */
    readonly cost: number;
    /** False for a dark router. */
    readonly accepts: boolean;
    readonly dial: DialLink;
    /** Of the times between attempts, in [0, 1). */
    readonly random?: () => number;
  };
  /** Links or terminators changed: the controller should hear of it. */
  readonly onReport: () => void;
  /** The state changed: it should be saved. */
  readonly onState: () => void;
  readonly logger: Logger;
}

export type RouterCore = ReturnType<typeof createRouterCore>;

export function createRouterCore(options: RouterCoreOptions) {
  const { routerId, limits, clock, state, budget, metrics, logger } = options;
  const nowMs = (): number => clock.nowMs();
  const access = new Access(state, routerId);
  const registry = new LinkRegistry();
  const topology = new Topology(routerId, state, () => registry.weights());
  const binds = new BindTable(routerId, state, access, limits.bindsPerHost);
  const costs = new TerminatorCosts(nowMs);
  const table = new CircuitTable(countCircuits(costs, options.observer));
  const step = new RouteStep({
    table,
    binds,
    linkTo: (id) => registry.get(id)?.peer,
    nameOf: (id) => state.get('identity', id)?.name ?? '',
  });
  const shared = { routerId, state, access, table, step, budget, limits, nowMs };
  const dialer = new Dialer({ ...shared, binds, topology, costs, strategies: createStrategies() });
  const improver = new PathImprover({ table, topology, limits, nowMs });
  const forwarder = new Forwarder(table, budget, limits, nowMs);
  const peers = new PeerRegistry(limits, clock);
  const clients: PeerContext['clients'] = new Set();
  const context: PeerContext = {
    ...shared,
    clock,
    logger,
    binds,
    dialer,
    forwarder,
    peers,
    clients,
    metrics,
    tracer: new RouteTracer(),
  };
  const { groups, cost, accepts, ...dialing } = options.links;
  const links = new LinkManager(
    { context, routeHandler: shared, registry, groups, cost },
    { ...dialing, acceptsLinks: accepts },
  );

  registry.onChange = () => {
    topology.invalidate();
    options.onReport();
  };
  binds.onChange = options.onReport;
  state.onChange = (impact) => {
    if (impact.routers === 'all') links.refresh();
    else links.refresh(impact.routers);
    if (impact.routers === 'all' || impact.routers.size > 0) topology.invalidate();
    options.onState();
    reevaluate(context, impact);
  };

  return {
    context,
    registry,
    topology,
    links,

    /** To be called each `limits.sweepMs`: deadlines, expiry, silence. */
    sweep(): void {
      peers.sweep();
      for (const client of clients) client.recheck();
      binds.expire();
      state.forgetExpiredRevocations();
      state.expirePostures();
    },

    /** To be called each `limits.rerouteCycleMs`. */
    improve(): void {
      const moved = improver.cycle();
      if (moved === 0) return;
      metrics.circuitsMoved(moved);
      logger.info('circuits.moved', { moved });
    },

    /** Links as they are reported. */
    linkReport: (): RouterStatus['links'] =>
      [...registry.values()].map(({ linkId, routerId: peerId, latencyMs, staticCost }) => ({
        id: linkId,
        peerId,
        latencyMs,
        ...(staticCost !== DEFAULT_LINK_COST && { staticCost }),
      })),

    terminatorReport: (): RouterTerminators => binds.report(),

    /** Drops every connection, and dials no more. */
    close(): void {
      links.close();
      for (const peer of [...peers.values()]) peer.socket.destroy();
      for (const client of [...clients]) client.destroy();
    },
  };
}

/** Closes what a change no longer allows, looking only at what it can touch. */
function reevaluate({ access, binds, clients, table }: PeerContext, impact: Impact): void {
  for (const circuit of [...table.values()]) {
    const { callerId, serviceId, sessionId, encryption } = circuit.subject;
    if (!touches(impact, { identityId: callerId, serviceId, sessionId })) continue;
    const clientAddress = circuit.isIngress
      ? circuit.upstream.peer.socket.remoteAddress
      : undefined;
    const denied =
      access.dialDenied(circuit.subject, clientAddress) ??
      access.encryptionDenied(serviceId, encryption);
    if (denied !== undefined) table.close(circuit, removed(denied));
  }
  for (const client of [...clients]) {
    const { session } = client;
    if (session !== undefined && touches(impact, session)) client.recheck();
  }
  binds.reevaluate(impact);
}
