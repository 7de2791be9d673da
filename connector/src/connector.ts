/** Puts the parts together: enrollment, control channel, routers, sessions, apps. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { createBackend, type Backend } from './backend.ts';
import type { ConnectorConfig } from './config.ts';
import { ControlLink } from './control/control-link.ts';
import { StateFile } from './control/state-file.ts';
import { loadCookieKey } from './cookies/cookie-key.ts';
import { createCookieSealer } from './cookies/seal.ts';
import { EdgeHost } from './edge/edge-host.ts';
import type { Offers, ServiceOffer } from './edge/router-link.ts';
import { readInstance } from './edge/read-instance.ts';
import type { Offer } from './edge/service-binding.ts';
import { enroll } from './enroll/enroll.ts';
import { readIdentity, writeIdentity, type Identity } from './enroll/identity-file.ts';
import { HealthChecks } from './health/health-checks.ts';
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
  /** Ends all sessions and connections. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts hosting the configured services, enrolling first if there is no identity yet. Resolves
 * once it runs; connections come and go from then on, each of them dialed from here.
 *
 * Throws `ERR_CONNECTOR_NOT_ENROLLED`, `ERR_CONNECTOR_NO_CONTROLLER`, `ERR_CONNECTOR_IDENTITY_FILE`,
 * `ERR_PEER_IDENTITY` (our own certificate names nobody), `ERR_CONNECTOR_COOKIE_KEY`, `ERR_LISTEN` (metrics) or what `enroll` throws.
 */
export async function createConnector(
  config: ConnectorConfig,
  { logger = silentLogger, tracer = noTracer }: ConnectorDeps = {},
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
  const backends = new Map(
    config.services.map((service) => [
      service.service,
      createBackend(service, sealer, {
        onEnd: (end) => metrics.request(service.service, end),
        tracer,
      }),
    ]),
  );
  /** By service id, as the controller names them. */
  let hosted = new Map<string, { backend: Backend; origin: string | undefined }>();

  const keys = new HostKeys(identity);
  const sessions = new SessionHost({
    hostId: identityId,
    keys,
    limits: config.limits,
    isConnected: () => control.isConnected,
    async serve(stream, caller) {
      const service = hosted.get(caller.serviceId);
      await service?.backend.serve(stream, caller, service.origin);
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
      const service = hosted.get(serviceId)?.backend.ziti;
      if (service === undefined) throw new AppError('ERR_SERVICE_NOT_HOSTED', 'no such target');
      ziti.accept(serviceId, service, circuit, info);
    },
    logger,
  });

  /** Services by name, with grants as the controller issued them last. */
  let granted = new Map<string, GrantedService>();
  const offers = (): Offers =>
    new Map(
      [...granted].flatMap(([name, service]) => {
        const { instance, checks } = hosting.get(name) ?? {};
        const offer = { bindGrant: service.bindGrant, ...instance, ...checks?.standing };
        // HTTP rules and identity headers hold in our own streams only.
        const isForZiti = backends.get(name)?.ziti !== undefined;
        return offersOf(service, offer, isForZiti ? ziti.keyPair.publicKey : undefined);
      }),
    );
  const hosting = new Map(
    await Promise.all(
      config.services.map(async (service) => {
        const { service: name, listen } = service;
        const checks = new HealthChecks(service, {
          onChange: () => edge.setOffers(offers()),
          onEvent: (isHealthy) => {
            const { id } = granted.get(name) ?? {};
            if (id !== undefined) edge.reportHealth(id, isHealthy);
          },
          logger: logger.child({ service: name }),
        });
        return [name, { checks, instance: await readInstance(listen) }] as const;
      }),
    ),
  );

  const applyState = (state: HostState): void => {
    const services = state.services.filter(({ name }) => backends.has(name));
    hosted = new Map(
      services.flatMap(({ id, name, applicationOrigin: origin }) => {
        const backend = backends.get(name);
        return backend === undefined ? [] : [[id, { backend, origin }] as const];
      }),
    );
    sessions.update({ ...state, services });
    granted = new Map(services.map((service) => [service.name, service]));
    edge.update(identityId, state.routers, offers());
    const missing = [...backends.keys()].filter((name) => !granted.has(name));
    logger.info('connector.state', {
      services: [...granted.keys()],
      routers: state.routers.length,
      ...(missing.length > 0 && { notPermitted: missing }),
    });
  };

  const lastState = await stateFile.read();
  if (lastState?.identity.id === identityId) applyState(lastState);
  const control = new ControlLink({
    addresses,
    identity,
    onState(state) {
      applyState(state);
      stateFile.write(state).catch((error: unknown) => {
        logger.error('connector.state-not-saved', { error });
      });
    },
    onRevocation: (revocation) => {
      sessions.revoke(revocation);
      ziti.revoke(revocation);
      for (const backend of backends.values()) backend.revoke(revocation);
    },
    logger,
  });

  for (const { checks } of hosting.values()) checks.start();

  metrics.observe({
    connected: () => control.isConnected,
    routers: () => edge.connectedRouters,
    sessions: () => sessions.openSessions,
    suspendedSessions: () => sessions.suspendedSessions,
    retainedBytes: () => sessions.retainedBytes,
    streams: () => sessions.openStreams,
    apps: () =>
      [...backends].flatMap(([service, { connections }]) =>
        connections === undefined ? [] : [[service, connections] as const],
      ),
  });
  let metricsListener: Listener | undefined;
  const close = async (): Promise<void> => {
    await metricsListener?.close();
    sessions.close();
    ziti.close();
    await Promise.all([...hosting.values()].map(({ checks }) => checks.close()));
    await Promise.all([control.close(), edge.close()]);
    await Promise.all([...backends.values()].map((backend) => backend.close()));
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
