/**
 * The one way from a client to a service: a secure session shared by all who use it there, made when
 * needed, made again when lost, kept authorised while in use and closed when idle.
 *
 *     grant → race of routers → circuit → handshake → session
 *                                   renewed: token to the router, AUTH to the connector
 */
import { AppError, isAppError } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import type { DialGrantResponse } from '../../schemas/index.ts';
import type { Circuit, CloseReason, EdgeConnection } from '../edge/index.ts';
import type { SecureSession } from '../session/index.ts';
import { backoffMs } from './backoff.ts';
import { raceRouters } from './race.ts';
import type { ConnectionReport, GrantSource, HopReport, TokenSource } from './types.ts';

/** How long requests wait for a connection that can be expected to come back. */
const CONNECT_PATIENCE_MS = 8_000;
/** Without open streams for this long, the connection is closed. */
export const IDLE_CLOSE_MS = 60_000;
/** How often a connection in use is looked after. */
export const UPKEEP_MS = 15_000;
/** A grant in use is renewed with this much freshness left, so that an outage finds it young. */
export const RENEW_GRANT_MS = 45_000;

/** Longest look at the way. */
const MEASURE_TIMEOUT_MS = 3_000;

/** Refusals that a token or grant kept too long explains. */
const STALE_TOKEN = new Set(['ERR_TOKEN_INVALID', 'ERR_GRANT_INVALID']);
/** Refusals by a router that a grant from before a change of policy may name, while others would do. */
const STALE_GRANT = new Set(['ERR_ACCESS_NO_POLICY', 'ERR_ACCESS_REMOVED', 'ERR_POSTURE_FAILED']);

/** Another circuit to the same host, through whichever router. */
export type Redial = (hostId: string, signal: AbortSignal) => Promise<Circuit>;

/** The connection to a router in use, and the token it was opened or renewed with. */
interface Way {
  /** The circuit in use. */
  circuitId?: string;
  edge: EdgeConnection;
  token: string;
}

export interface ServiceConnectionOptions {
  grants: GrantSource;
  tokens: TokenSource;
  openEdge: (
    url: string,
    routerId: string,
    token: string,
    signal: AbortSignal,
  ) => Promise<EdgeConnection>;
  /** The authenticated handshake over a joined circuit; `redial` gets another one when that is lost. */
  secure: (circuit: Circuit, grant: DialGrantResponse, redial: Redial) => Promise<SecureSession>;
  /** Told of each end of a session, with its reason. */
  onEnded(reason: CloseReason): void;
  logger: Logger;
  nowMs: () => number;
  /** Resolves after the delay. */
  sleep: (delayMs: number) => Promise<void>;
}

const SILENT: CloseReason = {
  code: 'ERR_EDGE_SILENT',
  message: 'the router did not answer in time',
  retryable: true,
};

interface Live {
  session: SecureSession;
  way: Way;
  grant: DialGrantResponse;
  lastUsedMs: number;
  openedAtMs: number;
  path: readonly HopReport[] | undefined;
  sessionRoundTripMs: number | undefined;
}

export class ServiceConnection {
  readonly #options: ServiceConnectionOptions;
  #live: Live | undefined;
  #connecting: Promise<Live> | undefined;
  #openedSessions = 0;

  constructor(options: ServiceConnectionOptions) {
    this.#options = options;
  }

  /** True while streams are open: a bad moment to replace the worker. */
  get isBusy(): boolean {
    return (this.#live?.session.openStreams ?? 0) > 0;
  }

  /**
   * The session, connecting if there is none. Rejects with the reason (`ERR_SESSION_ENDED`,
   * `ERR_ACCESS_NO_POLICY`, `ERR_SERVICE_NOT_HOSTED`, `ERR_NO_ROUTER`, `ERR_HANDSHAKE_FAILED`, …).
   *
   * @param traceparent of the request that wants it, told to the router that is dialed
   */
  async session(traceparent?: string): Promise<SecureSession> {
    const live = this.#live ?? (await this.#connect(traceparent));
    live.lastUsedMs = this.#options.nowMs();
    return live.session;
  }

  /** Sessions made so far. */
  get openedSessions(): number {
    return this.#openedSessions;
  }

  /** What is known of the connection, for the status page. */
  report(): ConnectionReport | undefined {
    const live = this.#live;
    if (live === undefined) return undefined;
    const { session, way, grant, openedAtMs, path, sessionRoundTripMs } = live;
    return {
      identity: grant.identity.name,
      service: grant.service.name,
      circuitId: way.circuitId ?? session.circuitId,
      openedAtMs,
      openStreams: session.openStreams,
      ...session.traffic,
      suite: session.suite,
      fingerprint: session.fingerprint,
      path,
      sessionRoundTripMs,
    };
  }

  /** Measures the way to each hop, and inside the encryption. Takes at most 3 s; never rejects. */
  async measure(): Promise<void> {
    const live = this.#live;
    if (live === undefined) return;
    const signal = AbortSignal.timeout(MEASURE_TIMEOUT_MS);
    const { session, way } = live;
    const [path, sessionRoundTripMs] = await Promise.all([
      way.edge.traceRoute(way.circuitId ?? session.circuitId, signal).catch(() => []),
      session.ping(signal).catch(() => undefined),
    ]);
    live.path = path.map(({ kind, name, roundTripMs }) => ({ kind, name, roundTripMs }));
    live.sessionRoundTripMs = sessionRoundTripMs;
  }

  /** Ends the session, if any. The next {@link session} connects anew. */
  close(): void {
    this.#live?.session.close();
    this.#live?.way.edge.close();
  }

  #connect(traceparent: string | undefined): Promise<Live> {
    this.#connecting ??= this.#connectPatiently(traceparent).finally(
      () => (this.#connecting = undefined),
    );
    return this.#connecting;
  }

  async #connectPatiently(traceparent: string | undefined): Promise<Live> {
    const { nowMs, sleep, logger, tokens, grants } = this.#options;
    const startedMs = nowMs();
    let refusals = 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#connectOnce(traceparent);
      } catch (error) {
        if (!isAppError(error)) throw error;
        logger.warn('connect.failed', { code: error.code, attempt });
        const isStale = STALE_TOKEN.has(error.code);
        const isRefused = isStale || STALE_GRANT.has(error.code);
        if (isRefused && refusals++ === 0) {
          // Refused although it looked valid here: one new grant, and token, decide.
          await grants.forget();
          if (isStale) await tokens.renew();
          continue;
        }
        const isWorthTrying = error.retryable && !isRefused;
        if (!isWorthTrying || nowMs() - startedMs > CONNECT_PATIENCE_MS) throw error;
        await sleep(backoffMs(attempt));
      }
    }
  }

  async #connectOnce(traceparent: string | undefined): Promise<Live> {
    const { grants, secure, nowMs, logger } = this.#options;
    const grant = await grants.current();
    const way = await this.#findWay(grant);
    try {
      const circuit = await way.edge.dial(grant.dialGrant, { movable: true, traceparent });
      way.circuitId = circuit.circuitId;
      const redial: Redial = (hostId, signal) => this.#redial(way, hostId, signal);
      const session = await secure(circuit, grant, redial);
      const live: Live = {
        session,
        way,
        grant,
        lastUsedMs: nowMs(),
        openedAtMs: nowMs(),
        path: undefined,
        sessionRoundTripMs: undefined,
      };
      this.#openedSessions += 1;
      this.#live = live;
      void session.closed.then((reason) => this.#ended(live, reason));
      void this.#lookAfter(live);
      logger.info('connect.ready', { router: way.edge.routerId, suite: session.suite });
      return live;
    } catch (error) {
      way.edge.close();
      throw error;
    }
  }

  /** Through one of the routers that the grant names; if none answers, of those that a new one names. */
  async #findWay(grant: DialGrantResponse): Promise<Way> {
    try {
      return await this.#race(grant);
    } catch (error) {
      if (!isAppError(error, 'ERR_NO_ROUTER')) throw error;
      const newer = await this.#options.grants.fetch().catch(() => grant);
      if (newer.dialGrant === grant.dialGrant) throw error;
      return this.#race(newer);
    }
  }

  async #race({ routers }: DialGrantResponse): Promise<Way> {
    const { tokens, openEdge } = this.#options;
    const token = await tokens.token();
    const candidates = routers.flatMap(({ id, edgeUrls }) => edgeUrls.map((url) => ({ id, url })));
    if (candidates.length === 0) {
      throw new AppError('ERR_NO_ROUTER', 'no router is offered for this service', {
        retryable: true,
      });
    }
    const edge = await raceRouters(candidates, ({ id, url }, signal) =>
      openEdge(url, id, token, signal),
    );
    return { edge, token };
  }

  /** A refusal that a grant or token kept too long explains is met with new ones, once. */
  async #redial(way: Way, hostId: string, signal: AbortSignal): Promise<Circuit> {
    const { grants, tokens } = this.#options;
    try {
      return await this.#redialOnce(way, hostId, signal);
    } catch (error) {
      if (!isAppError(error)) throw error;
      const isStale = STALE_TOKEN.has(error.code);
      if (!isStale && !STALE_GRANT.has(error.code)) throw error;
      await grants.forget();
      if (isStale) await tokens.renew();
      return this.#redialOnce(way, hostId, signal);
    }
  }

  async #redialOnce(way: Way, hostId: string, signal: AbortSignal): Promise<Circuit> {
    const grant = await this.#options.grants.current();
    if (!way.edge.isOpen) {
      const found = await this.#findWay(grant);
      // Nobody wants it any more, and nobody would close it.
      if (signal.aborted) found.edge.close();
      signal.throwIfAborted();
      Object.assign(way, found);
    }
    const { edge } = way;
    try {
      const circuit = await edge.dial(grant.dialGrant, { hostId, movable: true, signal });
      way.circuitId = circuit.circuitId;
      return circuit;
    } catch (error) {
      // A router that does not answer is left; another one may.
      if (signal.aborted) edge.close(SILENT);
      throw error;
    }
  }

  #ended(live: Live, reason: CloseReason): void {
    if (this.#live === live) this.#live = undefined;
    live.way.edge.close();
    this.#options.logger.info('connect.ended', { code: reason.code });
    this.#options.onEnded(reason);
  }

  /** Renews or closes, until the session ends. A worker that dies meanwhile takes the session with it. */
  async #lookAfter(live: Live): Promise<void> {
    const { nowMs, sleep, grants, logger } = this.#options;
    for (;;) {
      await sleep(UPKEEP_MS);
      if (this.#live !== live) return;
      if (live.session.openStreams > 0) live.lastUsedMs = nowMs();
      if (nowMs() - live.lastUsedMs > IDLE_CLOSE_MS) {
        live.session.close();
        return;
      }
      if (grants.freshMs(live.grant) > RENEW_GRANT_MS) continue;
      try {
        await this.#renew(live);
      } catch (error) {
        // Router and connector decide how long the session may go on without it.
        logger.warn('connect.renewal-failed', { code: isAppError(error) ? error.code : 'unknown' });
      }
    }
  }

  async #renew(live: Live): Promise<void> {
    const { grants, tokens } = this.#options;
    const grant = await grants.fetch();
    const token = await tokens.token();
    if (this.#live !== live) return;
    const { way } = live;
    if (token !== way.token) await way.edge.updateToken(token);
    way.token = token;
    if (grant.dialGrant === live.grant.dialGrant) return;
    live.session.renew(grant.dialGrant, grant.assertion);
    live.grant = grant;
  }
}
