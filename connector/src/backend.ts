import type { Tracer } from '@postern/node/tracing';
import type { DialGrantClaims } from '@postern/shared/grants';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import type { HostRevocation } from '@postern/shared/schemas';
import type { CookieSealer } from './cookies/seal.ts';
import { CallerRate } from './http/caller-rate.ts';
import { createAppPool, type AppPool } from './http/app-pool.ts';
import { Preflights } from './http/cross-origin/preflight.ts';
import { KeptWebSockets } from './http/kept-websockets.ts';
import { serveHttp, type RequestFacts } from './http/serve-http.ts';
import type { AppConnections, ExchangeEnd } from './metrics.ts';
import type { Caller } from './sessions/session-host.ts';
import { chooseDestination } from './hosting/destination.ts';
import type { HostedConfig } from './hosting/host-config.ts';
import { parseTarget, type TcpTarget } from './target.ts';
import { serveTcp, type TcpEnd } from './tcp/serve-tcp.ts';
import type { ZitiService } from './ziti/ziti-host.ts';

/** One configured service with its connections to the app. */
export interface Backend {
  config: HostedConfig;
  /** How programs with an SDK of OpenZiti are served; absent where only our own streams are. */
  ziti?: ZitiService;
  serve(
    stream: SessionStream,
    caller: Caller,
    applicationOrigin: string | undefined,
  ): Promise<void>;
  /** Connections to the app; `undefined` for a TCP service, which has one a stream. */
  readonly connections: AppConnections | undefined;
  /** Ends what sessions do not end: WebSockets that wait to be resumed. */
  revoke(revocation: HostRevocation): void;
  close(): Promise<void>;
}

/** Who is told of requests and streams; default: nobody. */
export interface RequestObservers {
  /** How each one ended. */
  readonly onEnd?: (end: ExchangeEnd, request: RequestFacts, caller: Caller) => void;
  /** How each TCP stream ended. */
  readonly onTcpEnd?: (end: TcpEnd, caller: Caller) => void;
  readonly tracer?: Tracer;
}

export function createBackend(
  config: HostedConfig,
  sealer: CookieSealer,
  observers: RequestObservers = {},
): Backend {
  const target = parseTarget(config.target);
  return target.kind === 'http'
    ? createHttpBackend(config, createAppPool(target, config), sealer, observers)
    : createTcpBackend(config, target, observers);
}

function createHttpBackend(
  config: HostedConfig,
  app: AppPool,
  sealer: CookieSealer,
  { onEnd, tracer }: RequestObservers,
): Backend {
  const now = () => performance.now();
  const rate = config.rate && new CallerRate(config.rate, now);
  const kept = new KeptWebSockets();
  const preflights = new Preflights(app, now);
  return {
    config,
    async serve(stream, caller, applicationOrigin) {
      const { session, claims, logger } = caller;
      if (stream.type !== 'http') {
        refuse(stream);
        return;
      }
      await serveHttp(stream, {
        config,
        app,
        applicationOrigin,
        owner: ownerOf(claims),
        sealer,
        kept,
        via: claims.via,
        preflights,
        // Other origins are told nothing of who asks: an assertion would be a credential of every request.
        assertion: () => (claims.via === undefined ? session.assertion : undefined),
        logger,
        now,
        rate,
        onEnd: onEnd && ((end, request) => onEnd(end, request, caller)),
        tracer,
      });
    },
    get connections() {
      return app.connections;
    },
    revoke: (revocation) => kept.revoke(revocation),
    close: () => {
      kept.close();
      return app.close();
    },
  };
}

function createTcpBackend(
  config: HostedConfig,
  fixed: TcpTarget,
  { onTcpEnd }: RequestObservers,
): Backend {
  const { forwarding } = config;
  const { connectMs } = config.timeouts;
  const targetFor = (data: Uint8Array | undefined): TcpTarget =>
    forwarding === undefined ? fixed : { kind: 'tcp', ...chooseDestination(forwarding, data) };
  return {
    config,
    ziti: { targetFor, connectMs },
    async serve(stream, caller) {
      const { claims, logger } = caller;
      if (stream.type !== 'tcp' || claims.via !== undefined) {
        refuse(stream);
        return;
      }
      let target: TcpTarget;
      try {
        target = targetFor(stream.openHead);
      } catch (error) {
        stream.reset(ResetCode.refused, 'ERR_DESTINATION_REFUSED');
        logger.warn('tcp.refused', { stream: stream.id, error });
        return;
      }
      const onEnd = onTcpEnd && ((end: TcpEnd) => onTcpEnd(end, caller));
      await serveTcp(stream, { target, connectMs, logger, onEnd });
    },
    connections: undefined,
    revoke: () => undefined,
    close: () => Promise.resolve(),
  };
}

function ownerOf({ svc, sub, sid, cnf }: DialGrantClaims) {
  return { serviceId: svc, identityId: sub, sessionId: sid, keyThumbprint: cnf.jkt };
}

/** A service speaks one kind of stream. */
function refuse(stream: SessionStream): void {
  stream.reset(ResetCode.refused, 'ERR_STREAM_TYPE');
}
