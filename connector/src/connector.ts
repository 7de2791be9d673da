/** Puts the parts together: enrollment, control channel, routers, sessions, apps. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Renewable } from '@postern/node/enroll';
import type { Listener } from '@postern/node/listen';
import {
  metricsUrl,
  observeProcess,
  PrometheusSink,
  startMetricsListener,
} from '@postern/node/metrics';
import { certificateIdentity } from '@postern/node/tls';
import { noTracer, type Tracer } from '@postern/node/tracing';
import { AppError } from '@postern/shared/errors';
import { silentLogger, type Logger } from '@postern/shared/log';
import { createZitiKeyPair } from '@postern/shared/protocol/ziti';
import type { HostState } from '@postern/shared/schemas';
import { AuditFile } from './audit/audit-file.ts';
import { observersOf } from './audit/observers.ts';
import { createBackend } from './backend.ts';
import type { ConnectorConfig } from './config.ts';
import { ControlLink } from './control/control-link.ts';
import { StateFile } from './control/state-file.ts';
import { loadCookieKey } from './cookies/cookie-key.ts';
import { createCookieSealer } from './cookies/seal.ts';
import { EdgeHost } from './edge/edge-host.ts';
import type { Offers, ServiceOffer } from './edge/router-link.ts';
import type { Offer } from './edge/service-binding.ts';
import { enroll } from './enroll/enroll.ts';
import { readIdentity, writeIdentity, type Identity } from './enroll/identity-file.ts';
import { HostedServices, type HostedService } from './hosting/hosted-services.ts';
import { Sequence } from './hosting/sequence.ts';
import { servicesToHost } from './hosting/services-to-host.ts';
import { ConnectorMetrics } from './metrics.ts';
import { HostKeys } from './sessions/host-keys.ts';
import { SessionHost } from './sessions/session-host.ts';
import { ZitiHost } from './ziti/ziti-host.ts';

type GrantedService = HostState['services'][number];

export interface ConnectorDeps {
  /** Default: silent. */
  logger?: Logger;
  /** Default: nothing is traced. */
  tracer?: Tracer;
  /** Told the name of a service each time a router took it: from then on it can be reached there. */
  onBound?: (service: string) => void;
}

/** A connector at work. */
export interface Connector {
  readonly identityId: string;
  /** True while a controller is connected. */
  readonly isConnected: boolean;
  readonly connectedRouters: number;
  readonly openStreams: number;
  /** `http://host:port` of `/metrics` and `/health`; absent when they are not served. */
  readonly metricsUrl: string | undefined;
  /**
   * Takes another configuration: services come, change and go, streams that are open go on. The audit file is
   * opened anew. All or nothing.
   * @throws AppError `ERR_CONNECTOR_RELOAD` (something else than `services` and `hostConfigs` is different), or
   *   what a service cannot be hosted for
   */
  reload(config: ConnectorConfig): Promise<void>;
  /** Ends all sessions and connections. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts hosting the configured services, enrolling first if there is no identity yet. Resolves
 * once it runs; connections come and go from then on, each of them dialed from here.
 *
 * Throws `ERR_CONNECTOR_NOT_ENROLLED`, `ERR_CONNECTOR_NO_CONTROLLER`, `ERR_CONNECTOR_IDENTITY_FILE`,
 * `ERR_PEER_IDENTITY` (our own certificate names nobody), `ERR_CONNECTOR_COOKIE_KEY`, `ERR_CONNECTOR_AUDIT_FILE`, `ERR_LISTEN` (metrics) or what `enroll` throws.
 */
export async function createConnector(
  config: ConnectorConfig,
  { logger = silentLogger, tracer = noTracer, onBound }: ConnectorDeps = {},
): Promise<Connector> {
  await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
  const identityPath = join(config.stateDir, 'identity.json');
  const identity = new Renewable(await loadIdentity(config, identityPath, logger), (renewed) =>
    writeIdentity(identityPath, renewed),
  );
  const { id: identityId } = certificateIdentity(identity.current.cert);
  const addresses = config.controlAddresses ?? identity.current.controlAddresses;
  if (addresses.length === 0) {
    throw new AppError('ERR_CONNECTOR_NO_CONTROLLER', 'controlAddresses is not configured');
  }
  const sealer = createCookieSealer(
    await loadCookieKey(config.cookieKeyFile ?? join(config.stateDir, 'cookie.key')),
  );
  const stateFile = new StateFile(join(config.stateDir, 'state.json'));
  const sink = new PrometheusSink();
  observeProcess(sink);
  const metrics = new ConnectorMetrics(sink);
  const audit =
    config.auditFile === undefined ? undefined : await AuditFile.open(config.auditFile, logger);
  const services = new HostedServices({
    createBackend: (service) =>
      createBackend(service, sealer, observersOf(service.service, { metrics, audit, tracer })),
    onChange: () => edge.setOffers(offers()),
    onHealth: (name, isHealthy) => {
      const { id } = granted.get(name) ?? {};
      if (id !== undefined) edge.reportHealth(id, isHealthy);
    },
    logger,
  });
  /** Services by name, with grants as the controller issued them last. */
  let granted = new Map<string, GrantedService>();
  /** The same by id. */
  let hosted = new Map<string, { service: HostedService; origin: string | undefined }>();

  const keys = new HostKeys(identity);
  const sessions = new SessionHost({
    hostId: identityId,
    keys,
    limits: config.limits,
    isConnected: () => control.isConnected,
    async serve(stream, caller) {
      const { service, origin } = hosted.get(caller.serviceId) ?? {};
      await service?.serve(stream, caller, origin);
    },
    onHandshake: (code) => metrics.handshake(code),
    logger,
  });
  const ziti = new ZitiHost(await createZitiKeyPair(), logger);
  const edge = new EdgeHost({
    identity,
    onDial: (serviceId, circuit, info) => {
      if (info.isZiti !== true) {
        sessions.accept(serviceId, circuit, info);
        return;
      }
      const service = hosted.get(serviceId)?.service.backend.ziti;
      if (service === undefined) throw new AppError('ERR_SERVICE_NOT_HOSTED', 'no such target');
      ziti.accept(serviceId, service, circuit, info);
    },
    onBound: (serviceId) => {
      const name = hosted.get(serviceId)?.service.config.service;
      if (name !== undefined) onBound?.(name);
    },
    logger,
  });
  const offers = (): Offers =>
    new Map(
      [...hosted].flatMap(([, { service }]) => {
        const grant = granted.get(service.config.service);
        if (grant === undefined) return [];
        // HTTP rules and identity headers hold in our own streams only.
        const isForZiti = service.backend.ziti !== undefined;
        const offer = { bindGrant: grant.bindGrant, ...service.offer };
        return offersOf(grant, offer, isForZiti ? ziti.keyPair.publicKey : undefined);
      }),
    );

  let configured: Pick<ConnectorConfig, 'services' | 'hostConfigs'> = config;
  let state: HostState | undefined;
  const apply = async (next: typeof configured, to: HostState | undefined): Promise<void> => {
    await services.update(servicesToHost(next, to, logger));
    configured = next;
    state = to;
    if (to === undefined) return;
    const permitted = to.services.filter(({ name }) => services.get(name) !== undefined);
    granted = new Map(permitted.map((service) => [service.name, service]));
    hosted = new Map(
      permitted.flatMap(({ id, name, applicationOrigin: origin }) => {
        const service = services.get(name);
        return service === undefined ? [] : [[id, { service, origin }] as const];
      }),
    );
    sessions.update({ ...to, services: permitted });
    edge.update(identityId, to.routers, offers());
    const missing = [...services.all].map(([name]) => name).filter((name) => !granted.has(name));
    logger.info('connector.state', {
      services: [...granted.keys()],
      routers: to.routers.length,
      ...(missing.length > 0 && { notPermitted: missing }),
    });
  };
  const oneByOne = new Sequence();

  const lastState = await stateFile.read();
  await apply(config, lastState?.identity.id === identityId ? lastState : undefined);
  const control = new ControlLink({
    addresses,
    identity,
    onState(to) {
      oneByOne
        .run(() => apply(configured, to))
        .then(() => stateFile.write(to))
        .catch((error: unknown) => logger.error('connector.state-not-applied', { error }));
    },
    onRevocation: (revocation) => {
      sessions.revoke(revocation);
      ziti.revoke(revocation);
      for (const backend of services.backends) backend.revoke(revocation);
    },
    logger,
  });

  metrics.observe({
    connected: () => control.isConnected,
    routers: () => edge.connectedRouters,
    sessions: () => sessions.openSessions,
    suspendedSessions: () => sessions.suspendedSessions,
    retainedBytes: () => sessions.retainedBytes,
    streams: () => sessions.openStreams,
    apps: () =>
      [...services.all].flatMap(
        ([
          service,
          {
            backend: { connections },
          },
        ]) => (connections === undefined ? [] : [[service, connections] as const]),
      ),
  });
  let metricsListener: Listener | undefined;
  const close = async (): Promise<void> => {
    await metricsListener?.close();
    sessions.close();
    ziti.close();
    await Promise.all([control.close(), edge.close()]);
    await oneByOne.run(() => services.close());
    await audit?.close();
  };
  const health = () => ({
    identityId,
    controllerConnected: control.isConnected,
    routers: edge.connectedRouters,
    streams: sessions.openStreams,
  });
  if (config.metrics !== undefined) {
    try {
      const scrape = () => sink.scrape();
      metricsListener = await startMetricsListener({
        ...config.metrics,
        scrape,
        health,
        ready: () => edge.connectedRouters > 0,
      });
    } catch (error) {
      await close();
      throw error;
    }
  }
  let closing: Promise<void> | undefined;
  return {
    identityId,
    metricsUrl: metricsListener && metricsUrl(metricsListener),
    get isConnected() {
      return control.isConnected;
    },
    get connectedRouters() {
      return edge.connectedRouters;
    },
    get openStreams() {
      return sessions.openStreams;
    },
    async reload(next) {
      const changed = Object.keys({ ...config, ...next }).filter(
        (key) =>
          key !== 'services' &&
          key !== 'hostConfigs' &&
          !isDeepStrictEqual(
            next[key as keyof ConnectorConfig],
            config[key as keyof ConnectorConfig],
          ),
      );
      if (changed.length > 0) {
        throw new AppError(
          'ERR_CONNECTOR_RELOAD',
          `changes only at a restart: ${changed.join(', ')}`,
        );
      }
      await oneByOne.run(() => apply(next, state));
      await audit?.reopen();
      logger.info('connector.reloaded', { services: [...services.all].map(([name]) => name) });
    },
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

/** One offer for each encryption that a service accepts and its target can be reached by. */
function offersOf(
  { id: serviceId, acceptedEncryption = ['authenticated'] }: GrantedService,
  offer: Offer,
  zitiKey: Uint8Array | undefined,
): [name: string, ServiceOffer][] {
  const offers: [string, ServiceOffer][] = [];
  if (acceptedEncryption.includes('authenticated')) offers.push([serviceId, { serviceId, offer }]);
  if (acceptedEncryption.includes('ziti') && zitiKey !== undefined)
    offers.push([`${serviceId} ziti`, { serviceId, offer: { ...offer, zitiKey } }]);
  return offers;
}

async function loadIdentity(
  config: ConnectorConfig,
  path: string,
  logger: Logger,
): Promise<Identity> {
  const existing = await readIdentity(path);
  if (existing !== undefined) return existing;
  if (config.enrollmentJwtFile === undefined) {
    throw new AppError(
      'ERR_CONNECTOR_NOT_ENROLLED',
      `${path} does not exist and no enrollmentJwtFile is configured`,
    );
  }
  const token = (await readFile(config.enrollmentJwtFile, 'utf8')).trim();
  const identity = await enroll(token);
  await writeIdentity(path, identity);
  logger.info('connector.enrolled', { identityId: certificateIdentity(identity.cert).id });
  return identity;
}
