import type { Tracer } from '@postern/node/tracing';
import type { DialGrantClaims } from '@postern/shared/grants';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import type { HostRevocation } from '@postern/shared/schemas';
import type { HostedServiceConfig } from './config.ts';
import type { CookieSealer } from './cookies/seal.ts';
import { createAppPool, type AppPool } from './http/app-pool.ts';
import { Preflights } from './http/cross-origin/preflight.ts';
import { KeptWebSockets } from './http/kept-websockets.ts';
import { serveHttp } from './http/serve-http.ts';
import type { AppConnections, ExchangeEnd } from './metrics.ts';
import type { Caller } from './sessions/session-host.ts';
import { parseTarget, type Target } from './target.ts';
import { serveTcp } from './tcp/serve-tcp.ts';
import type { ZitiService } from './ziti/ziti-host.ts';

/** One configured service with its connections to the app. */
export interface Backend {
  config: HostedServiceConfig;
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

/** Who is told of HTTP requests; default: nobody. */
interface RequestObservers {
  /** How each one ended. */
  readonly onEnd?: (end: ExchangeEnd) => void;
  readonly tracer?: Tracer;
}

export function createBackend(
  config: HostedServiceConfig,
  sealer: CookieSealer,
  observers: RequestObservers = {},
): Backend {
  const target = parseTarget(config.target);
  return target.kind === 'http'
    ? createHttpBackend(config, createAppPool(target, config), sealer, observers)
    : createTcpBackend(config, target);
}

function createHttpBackend(
  config: HostedServiceConfig,
  app: AppPool,
  sealer: CookieSealer,
  observers: RequestObservers,
): Backend {
  const kept = new KeptWebSockets();
  const preflights = new Preflights(app, () => performance.now());
  return {
    config,
    async serve(stream, { session, claims, logger }, applicationOrigin) {
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
        now: () => performance.now(),
        ...observers,
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
  config: HostedServiceConfig,
  target: Extract<Target, { kind: 'tcp' }>,
): Backend {
  return {
    config,
    ziti: { target, connectMs: config.timeouts.connectMs },
    async serve(stream, { claims, logger }) {
      if (stream.type !== 'tcp' || claims.via !== undefined) {
        refuse(stream);
        return;
      }
      await serveTcp(stream, { target, connectMs: config.timeouts.connectMs, logger });
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
