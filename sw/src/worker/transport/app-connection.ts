/**
 * The one way from this browser to the application: a secure session shared by all pages, made when
 * needed, made again when lost, kept authorised while in use and closed when idle.
 *
 *     grant → race of routers → circuit → handshake → session
 *                                   renewed: token to the router, AUTH to the connector
 */
import { AppError, isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { Circuit, CloseReason, EdgeConnection } from '@postern/shared/protocol/edge';
import type { SecureSession } from '@postern/shared/protocol/session';
import type { DialGrantResponse } from '@postern/shared/schemas';
import type { TokenSource } from '../auth/token-source.ts';
import { backoffMs } from './backoff.ts';
import type { GrantSource } from './dial-grants.ts';
import { raceRouters } from './race.ts';

/** How long requests wait for a connection that can be expected to come back. */
const CONNECT_PATIENCE_MS = 8_000;
/** Without open streams for this long, the connection is closed. */
export const IDLE_CLOSE_MS = 60_000;
/** How often a connection in use is looked after. */
export const UPKEEP_MS = 15_000;
/** A grant in use is renewed with this much freshness left, so that an outage finds it young. */
export const RENEW_GRANT_MS = 45_000;

/** Refusals that a token or grant kept too long explains. */
const STALE_TOKEN = new Set(['ERR_TOKEN_INVALID', 'ERR_GRANT_INVALID']);
/** Refusals by a router that a grant from before a change of policy may name, while others would do. */
const STALE_GRANT = new Set(['ERR_ACCESS_NO_POLICY', 'ERR_ACCESS_REMOVED', 'ERR_POSTURE_FAILED']);

export interface AppConnectionOptions {
  grants: GrantSource;
  tokens: Pick<TokenSource, 'token' | 'renew'>;
  openEdge: (
    url: string,
    routerId: string,
    token: string,
    signal: AbortSignal,
  ) => Promise<EdgeConnection>;
  /** The authenticated handshake over a joined circuit. */
  secure: (circuit: Circuit, grant: DialGrantResponse) => Promise<SecureSession>;
  /** Told of each end of a session, with its reason. */
  onEnded(reason: CloseReason): void;
  logger: Logger;
  nowMs: () => number;
  /** Resolves after the delay. */
  sleep: (delayMs: number) => Promise<void>;
}

interface Live {
  session: SecureSession;
  edge: EdgeConnection;
  grant: DialGrantResponse;
  token: string;
  lastUsedMs: number;
}

/** What the status page shows. */
export interface ConnectionStatus {
  router: string;
  service: string;
  identity: string;
  suite: string;
  openStreams: number;
  routerRoundTripMs: number | undefined;
  sessionRoundTripMs: number | undefined;
}

export class AppConnection {
  readonly #options: AppConnectionOptions;
  #live: Live | undefined;
  #connecting: Promise<Live> | undefined;

  constructor(options: AppConnectionOptions) {
    this.#options = options;
  }

  /** True while streams are open: a bad moment to replace the worker. */
  get isBusy(): boolean {
    return (this.#live?.session.openStreams ?? 0) > 0;
  }

  /**
   * The session, connecting if there is none. Rejects with the reason (`ERR_SESSION_ENDED`,
   * `ERR_ACCESS_NO_POLICY`, `ERR_SERVICE_NOT_HOSTED`, `ERR_NO_ROUTER`, `ERR_HANDSHAKE_FAILED`, …).
   */
  async session(): Promise<SecureSession> {
    const live = this.#live ?? (await this.#connect());
    live.lastUsedMs = this.#options.nowMs();
    return live.session;
  }

  async status(): Promise<ConnectionStatus | undefined> {
    const live = this.#live;
    if (live === undefined) return undefined;
    const routerId = live.edge.routerId;
    return {
      router: live.grant.routers.find(({ id }) => id === routerId)?.name ?? routerId ?? '',
      service: live.grant.service.name,
      identity: live.grant.identity.name,
      suite: live.session.suite,
      openStreams: live.session.openStreams,
      routerRoundTripMs: live.edge.roundTripMs,
      sessionRoundTripMs: await live.session
        .ping(AbortSignal.timeout(2_000))
        .catch(() => undefined),
    };
  }

  /** Ends the session, if any. The next {@link session} connects anew. */
  close(): void {
    this.#live?.session.close();
    this.#live?.edge.close();
  }

  #connect(): Promise<Live> {
    this.#connecting ??= this.#connectPatiently().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connectPatiently(): Promise<Live> {
    const { nowMs, sleep, logger, tokens, grants } = this.#options;
    const startedMs = nowMs();
    let refusals = 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#connectOnce();
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

  async #connectOnce(): Promise<Live> {
    const { grants, tokens, openEdge, secure, nowMs } = this.#options;
    const grant = await grants.current();
    const token = await tokens.token();
    const candidates = grant.routers.flatMap(({ id, edgeUrls }) =>
      edgeUrls.map((url) => ({ id, url })),
    );
    if (candidates.length === 0) {
      throw new AppError('ERR_NO_ROUTER', 'no router is offered for this service', {
        retryable: true,
      });
    }
    const edge = await raceRouters(candidates, ({ id, url }, signal) =>
      openEdge(url, id, token, signal),
    );
    try {
      const circuit = await edge.dial(grant.dialGrant);
      const session = await secure(circuit, grant);
      const live: Live = { session, edge, grant, token, lastUsedMs: nowMs() };
      this.#live = live;
      void session.closed.then((reason) => this.#ended(live, reason));
      void this.#lookAfter(live);
      this.#options.logger.info('connect.ready', { router: edge.routerId, suite: session.suite });
      return live;
    } catch (error) {
      edge.close();
      throw error;
    }
  }

  #ended(live: Live, reason: CloseReason): void {
    if (this.#live === live) this.#live = undefined;
    live.edge.close();
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
    if (token !== live.token) await live.edge.updateToken(token);
    live.token = token;
    if (grant.dialGrant === live.grant.dialGrant) return;
    live.session.renew(grant.dialGrant, grant.assertion);
    live.grant = grant;
  }
}
