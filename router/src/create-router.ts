/** Builds a running router from its configuration: the one place where the parts meet. */
import { Renewable } from '@postern/node/enroll';
import type { Listener } from '@postern/node/listen';
import {
  metricsUrl,
  observeProcess,
  PrometheusSink,
  startMetricsListener,
} from '@postern/node/metrics';
import { noTracer, type Tracer } from '@postern/node/tracing';
import { isReasonCode } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { RouterCircuits, RouterStatus } from '@postern/shared/schemas';
import { circuitObserver, describe } from './circuits/circuit-observer.ts';
import { recordDial } from './circuits/dial-spans.ts';
import { reason } from './circuits/reason.ts';
import type { RouterConfig } from './config.ts';
import { ControllerChannel } from './control/controller-channel.ts';
import { ownAddresses, serverNames } from './addresses.ts';
import { startEdgeListener } from './edge/edge-listener.ts';
import { routerName, writeIdentity } from './enroll/identity-store.ts';
import { loadIdentity } from './enroll/load-identity.ts';
import { startFabricListener } from './fabric/fabric-listener.ts';
import { Inspector } from './inspect/inspector.ts';
import { dialLinksOverTls } from './links/dial-link.ts';
import { RouterMetrics } from './metrics/metrics.ts';
import { AddressLimiter } from './net/address-limiter.ts';
import { BufferBudget } from './net/buffer-budget.ts';
import { systemRouterClock } from './net/router-clock.ts';
import { createRouterCore } from './router-core.ts';
import { RouterState } from './state/router-state.ts';
import { SnapshotFile } from './state/snapshot-file.ts';

export interface RunningRouter {
  readonly routerId: string;
  /** URLs of the browser listener; empty without one. */
  readonly edgeUrls: readonly string[];
  /** `tls:host:port` of the fabric listener; empty for a dark router. */
  readonly fabricAddresses: readonly string[];
  /** Port the fabric listener is bound to; 0 without one. */
  readonly fabricPort: number;
  /** `http://host:port` of `/metrics` and `/health`. */
  readonly metricsUrl: string;
  /** Closes everything; idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a router. Enrolls first when the state folder holds no identity.
 *
 * @throws AppError `ERR_ROUTER_NOT_ENROLLED`, `ERR_ENROLL_*`, `ERR_ROUTER_IDENTITY`, `ERR_LISTEN`
 */
export async function createRouter(
  config: RouterConfig,
  { logger, tracer: spans = noTracer }: { logger: Logger; tracer?: Tracer },
): Promise<RunningRouter> {
  const identity = new Renewable(await loadIdentity(config, logger), (renewed) =>
    writeIdentity(config.stateDir, renewed),
  );
  const { routerId, trustDomain } = routerName(identity.current);
  const { limits } = config;
  const log = logger.child({ routerId });

  const state = new RouterState();
  const snapshots = new SnapshotFile(config.stateDir, () => state.snapshot(), log);
  const saved = await snapshots.load();
  if (saved !== undefined) state.load(saved);

  const sink = new PrometheusSink();
  observeProcess(sink);
  const metrics = new RouterMetrics(sink);
  const budget = new BufferBudget(limits.bufferedBytes);
  const core = createRouterCore({
    routerId,
    limits,
    clock: systemRouterClock,
    state,
    budget,
    metrics,
    observer: circuitObserver(
      metrics,
      log,
      (event) => controllerChannel.circuitEvent(event),
      (circuit, elapsedMs, error) => recordDial(spans, routerId, circuit, elapsedMs, error),
    ),
    links: {
      ...config.links,
      accepts: config.fabric !== undefined,
      dial: dialLinksOverTls({ identity, trustDomain, timeoutMs: limits.helloTimeoutMs }, budget),
    },
    onReport: () => controllerChannel.report(),
    onState: () => snapshots.scheduleSave(),
    logger: log,
  });
  const { context, registry, links } = core;
  const { table, binds, peers } = context;
  const inspector = new Inspector({
    ...context,
    topology: core.topology,
    registry,
    missingLinks: () => links.missing,
  });
  const limiter = new AddressLimiter({
    total: limits.unauthenticatedSockets,
    perAddress: limits.unauthenticatedPerAddress,
  });

  const listeners: Listener[] = [];
  const opened = async (listener: Promise<Listener>): Promise<Listener> => {
    listeners.push(await listener);
    return listener;
  };
  const closeListeners = (): Promise<unknown> =>
    Promise.all(listeners.map((listener) => listener.close()));
  let edge: Listener | undefined;
  let fabric: Listener | undefined;
  let metricsListener: Listener;
  try {
    if (config.edge !== undefined) {
      edge = await opened(
        startEdgeListener({ config: config.edge, identity, context, limiter, logger: log }),
      );
    }
    if (config.fabric !== undefined) {
      const { host, port } = config.fabric;
      fabric = await opened(
        startFabricListener({
          host,
          port,
          identity,
          trustDomain,
          context,
          links: links.deps,
          limiter,
        }),
      );
    }
    const health = () => ({
      routerId,
      controllerConnected: state.connected,
      policyIndex: state.position.index,
      links: registry.size,
      circuits: table.size,
    });
    metricsListener = await opened(
      startMetricsListener({
        ...config.metrics,
        scrape: () => sink.scrape(),
        health,
        ready: () => state.position.index > 0,
      }),
    );
  } catch (error) {
    await closeListeners();
    throw error;
  }
  const addresses = ownAddresses(config, edge?.address, fabric?.address);

  const controllerChannel = new ControllerChannel({
    routerId,
    trustDomain,
    identity,
    serverNames: serverNames(config),
    addresses: config.controllers ?? identity.current.controllers,
    state,
    status: (): RouterStatus => ({
      ...addresses,
      links: core.linkReport(),
    }),
    terminators: core.terminatorReport,
    circuits: (): RouterCircuits => ({
      circuits: [...table.values()]
        .filter(({ isIngress, state }) => isIngress && state === 'open')
        .map(describe),
    }),
    onCloseCircuit: ({ circuitId, code }) => {
      const circuit = table.get(circuitId);
      if (circuit?.isIngress === true)
        table.close(circuit, reason(isReasonCode(code) ? code : 'ERR_CIRCUIT_ENDED'));
    },
    inspect: (question) => inspector.answer(question),
    timeoutMs: limits.helloTimeoutMs,
    logger: log,
  });

  metrics.observe({
    connections: () => ({
      client: peers.count('client'),
      host: peers.count('host'),
      sdk: peers.count('sdk'),
      link: registry.size,
    }),
    unauthenticated: () => limiter.held,
    circuits: () => table.size,
    binds: () => binds.size,
    bufferedBytes: () => budget.bytes,
    bufferLimitBytes: budget.limitBytes,
    inFlightBytes: () => table.inFlightBytes(),
    connected: () => state.connected,
    policyIndex: () => state.position.index,
    links: () => registry.values(),
    forwarded: context.forwarder.counts,
  });
  const sweeper = setInterval(() => core.sweep(), limits.sweepMs);
  const improving = setInterval(() => core.improve(), limits.rerouteCycleMs);
  links.refresh();
  controllerChannel.start();
  log.info('router.started', { ...addresses });

  let closing: Promise<void> | undefined;
  const shutDown = async (): Promise<void> => {
    clearInterval(sweeper);
    clearInterval(improving);
    controllerChannel.close();
    core.close();
    await closeListeners();
    await snapshots.close();
    log.info('router.stopped');
  };
  const close = (): Promise<void> => (closing ??= shutDown());
  return {
    routerId,
    ...addresses,
    fabricPort: fabric?.address.port ?? 0,
    metricsUrl: metricsUrl(metricsListener),
    close,
    [Symbol.asyncDispose]: close,
  };
}
