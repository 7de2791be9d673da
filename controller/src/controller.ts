/** The controller process: composes store, PKI, APIs and the listeners of the control plane. */
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { join } from 'node:path';
import { listen, type Listener } from '@postern/node/listen';
import {
  createRequestMetrics,
  metricsUrl,
  observeProcess,
  PrometheusSink,
  startMetricsListener,
} from '@postern/node/metrics';
import { PolicyIndex } from '@postern/shared/policy';
import type { Logger } from '@postern/shared/log';
import { createAdminHandler, createAdminServer } from './admin/admin-listener.ts';
import { bootstrap } from './admin/bootstrap.ts';
import { startMaintenance } from './admin/maintenance.ts';
import { auditFolder, openAuditLog } from './audit/audit-log.ts';
import { createAuthentication } from './auth/create-authentication.ts';
import { claimAuthority, requireAuthorityFiles } from './cluster/authority.ts';
import { spreadEvents } from './cluster/spread-events.ts';
import type { ControllerConfig } from './config.ts';
import type { Clock, ControllerContext, Endpoints } from './context.ts';
import { joinControllers } from './control/controller-directory.ts';
import { createControlServer } from './control/control-server.ts';
import { startEventSinks } from './event-sinks/event-sinks.ts';
import { createControllerEvents } from './events.ts';
import { openTokenServices } from './grants/token-services.ts';
import { holdRequests } from './hold-requests.ts';
import { observeController } from './metrics.ts';
import { openPki } from './pki/open-pki.ts';
import type { Pki } from './pki/pki.ts';
import { serveEventSockets } from './edge-api/live/event-socket.ts';
import { collectEvents } from './live/collect-events.ts';
import { openCountryTable } from './posture/country-table.ts';
import { startPosture } from './posture/posture.ts';
import { createPublicApp } from './public-api/public-app.ts';
import { startAccessEnforcement } from './sessions/enforce-access.ts';
import { createLiveState } from './sessions/live-state.ts';
import { openSealer } from './store/sealer.ts';
import { openConfiguredStore } from './store/open-configured-store.ts';
import type { Store } from './store/store.ts';

export interface ControllerOptions {
  logger: Logger;
  /** Default: `Date.now`. */
  clock?: Clock;
  /** Tests: hold every REST answer to its declared schema. Default: no. */
  checkResponses?: boolean;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
}

export interface RunningController {
  readonly admin: Listening & { readonly url: string };
  readonly public: Listening & { readonly url: string };
  readonly control: Listening;
  /** `http://host:port` of `/metrics` and `/health`; absent when they are not served. */
  readonly metricsUrl: string | undefined;
  /** Root and issuing CA, PEM: what clients of `admin` trust. */
  readonly trustBundlePem: string;
  /** Stops listening, ends connections and closes the store, in under 2 s. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type WebServer = Server | HttpsServer;

/** Starts a controller; at first start makes its PKI, default auth policy and administrator in `dataDir`. */
export async function createController(
  config: ControllerConfig,
  { logger, clock = Date.now, checkResponses }: ControllerOptions,
): Promise<RunningController> {
  // Undone in reverse order, by close() and when the start-up fails half-way.
  const undo: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      for (const step of undo.reverse()) await step();
    })());

  const open = async (server: WebServer, { host, port }: Listening): Promise<Listening> => {
    const listener = await listen(server, host, port);
    undo.push(() => listener.close());
    return { host, port: listener.address.port };
  };

  try {
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    await chmod(config.dataDir, 0o700);
    const store = await openConfiguredStore(config, { clock, logger });
    undo.push(() => store.close());
    const pkiDir = join(config.dataDir, 'pki');
    await requireAuthorityFiles(store, pkiDir);
    const pki = await openPki({
      dir: pkiDir,
      trustDomain: config.trustDomain,
      serverNames: serverNames(config),
      partLifetimeMs: config.certificates.partHours * 3_600_000,
      onError: (error) => logger.error('pki.renewalFailed', { error }),
      clock,
    });
    undo.push(() => pki.close());
    const sealer = await openSealer(pkiDir);
    await claimAuthority(store, pki, sealer);
    await bootstrap({ config, store, clock, logger });
    undo.push(startMaintenance({ store, clock, logger }));

    const adminServer = createAdminServer(pki);
    const publicServer = await createPublicServer(config, pki);
    const sink = new PrometheusSink();
    const countRequests = createRequestMetrics(sink, 'postern_controller');
    countRequests(adminServer, 'admin');
    countRequests(publicServer, 'public');
    const serveAdmin = holdRequests(adminServer);
    const servePublic = holdRequests(publicServer);
    const admin = await open(adminServer, config.admin);
    const publicAddress = await open(publicServer, config.public);

    const events = createControllerEvents();
    undo.push(spreadEvents(events, store, logger));
    const live = createLiveState({ store, events, clock });
    undo.push(() => live.close());
    const endpoints: Endpoints = {
      admin: config.admin.url ?? `https://${authority(admin)}`,
      public:
        config.public.url ??
        `${config.public.tls === 'none' ? 'http' : 'https'}://${authority(publicAddress)}`,
      control: config.control.advertise,
    };
    const audit = await openAuditLog({ store, folder: auditFolder(config), clock, logger });
    undo.push(() => audit.close());
    const policy = await followPolicy(store, logger);
    const posture = startPosture(
      { store, clock, logger, policy },
      { countryOf: await openCountryTable(config.posture.countryTableFile) },
    );
    undo.push(() => posture.close());
    const liveEvents = await collectEvents({ store, events, audit, clock, logger });
    undo.push(() => liveEvents.close());
    const sinks = await startEventSinks(config.eventSinks, { log: liveEvents.log, logger });
    undo.push(() => sinks.close());
    const ctx: ControllerContext = {
      config,
      logger,
      store,
      pki,
      policy,
      sealer,
      clock,
      events,
      live,
      audit,
      posture,
      liveEvents,
      auth: createAuthentication({ store, clock, config, events, logger, endpoints }),
      endpoints,
      checkResponses,
    };
    const enforcement = startAccessEnforcement(ctx);
    undo.push(() => enforcement.close());
    const tokens = await openTokenServices(ctx);
    undo.push(() => tokens.close());
    const controlServer = await createControlServer(ctx, tokens);
    undo.push(() => controlServer.close());
    if (ctx.endpoints.control.length === 0)
      ctx.endpoints.control = [`tls:${authority(controlServer.address)}`];
    const { connections } = controlServer;
    undo.push(observeController(sink, { ...ctx, connections }));
    const metrics = await serveMetrics(config, sink, () => ({
      ...connections(),
      changeIndex: store.changes.index,
    }));
    undo.push(() => metrics?.close());
    undo.push(await joinControllers(ctx));
    const publicApp = createPublicApp(ctx, tokens);
    undo.push(() => publicApp.close());

    undo.push(serveEventSockets(adminServer, ctx));
    serveAdmin(createAdminHandler(ctx, tokens));
    servePublic((request, response) => publicApp.handle(request, response));
    logger.info('controller.started', {
      admin: ctx.endpoints.admin,
      public: ctx.endpoints.public,
      control: ctx.endpoints.control,
    });
    return {
      admin: { ...admin, url: ctx.endpoints.admin },
      public: { ...publicAddress, url: ctx.endpoints.public },
      control: controlServer.address,
      metricsUrl: metrics && metricsUrl(metrics),
      trustBundlePem: pki.trustBundlePem,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serveMetrics(
  { metrics }: ControllerConfig,
  sink: PrometheusSink,
  health: () => object,
): Promise<Listener | undefined> {
  if (metrics === undefined) return undefined;
  observeProcess(sink);
  return startMetricsListener({ ...metrics, scrape: () => sink.scrape(), health });
}

/** The policy index, loaded and from then on moved by every committed change. */
async function followPolicy(store: Store, logger: Logger): Promise<PolicyIndex> {
  const policy = new PolicyIndex();
  let loadedIndex = 0;
  const load = async (): Promise<void> => {
    const snapshot = await store.snapshot();
    policy.load(snapshot);
    loadedIndex = snapshot.index;
  };
  await load();
  store.changes.subscribe(({ index, changes }) => {
    if (index <= loadedIndex) return;
    for (const change of changes) policy.apply(change);
  });
  store.changes.onReset(() => {
    load().catch((error: unknown) => logger.error('policy.reloadFailed', { error }));
  });
  return policy;
}

function serverNames({
  admin,
  public: open,
  control,
  serverNames: extra,
}: ControllerConfig): string[] {
  const urls = [admin.url, open.url].flatMap((url) =>
    url === undefined ? [] : new URL(url).hostname,
  );
  const advertised = control.advertise.map((address) =>
    address.slice('tls:'.length, address.lastIndexOf(':')),
  );
  const hosts = [admin.host, open.host, control.host].filter(
    (host) => host !== '0.0.0.0' && host !== '::',
  );
  return ['localhost', '127.0.0.1', '::1', ...hosts, ...urls, ...advertised, ...extra].map((name) =>
    name.replace(/^\[|\]$/g, ''),
  );
}

async function createPublicServer(
  { public: { tls } }: ControllerConfig,
  pki: Pki,
): Promise<WebServer> {
  const limits = { headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 16_384 };
  if (tls === 'none') return createHttpServer(limits);
  if (tls === 'pki') {
    const server = createHttpsServer({
      ...limits,
      key: pki.server().keyPem,
      cert: pki.server().certChainPem,
    });
    pki.events.on('renewed', () =>
      server.setSecureContext({ key: pki.server().keyPem, cert: pki.server().certChainPem }),
    );
    return server;
  }
  return createHttpsServer({
    ...limits,
    key: await readFile(tls.keyFile),
    cert: await readFile(tls.certFile),
  });
}

function authority({ host, port }: Listening): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
