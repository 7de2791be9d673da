import { isAppError, isReasonCode, reasons } from '@postern/shared/errors';
import {
  createKeySet,
  serviceResource,
  type DialGrantClaims,
  type KeySet,
} from '@postern/shared/grants';
import type { Logger } from '@postern/shared/log';
import type { Circuit, CloseReason, DialInfo } from '@postern/shared/protocol/edge';
import { acceptSecure } from '@postern/shared/protocol/handshake';
import { Resumptions } from '@postern/shared/protocol/resume';
import {
  ResetCode,
  type SecureSession,
  type SessionStream,
} from '@postern/shared/protocol/session';
import type { HostRevocation, HostState } from '@postern/shared/schemas';
import type { ConnectorConfig } from '../config.ts';
import type { HostKeys } from './host-keys.ts';
import { createNodeRecordCipher } from './node-record-cipher.ts';
import { covers, Revocations, type GrantScope } from './revocations.ts';

/** Handshakes under way at once; each costs memory and a key exchange before anyone is known. */
const MAX_HANDSHAKES = 256;

export interface SessionHostOptions {
  hostId: string;
  keys: Pick<HostKeys, 'forGrant'>;
  limits: ConnectorConfig['limits'];
  /** Whether a controller is connected: decides which time of a grant counts. */
  isConnected(): boolean;
  /** Serves a stream of an accepted session to its end. Never rejects. */
  serve(stream: SessionStream, caller: Caller): Promise<void>;
  logger: Logger;
  now?: () => number;
  /** Told what became of a circuit that came: `ok`, `resumed` or the code of why it was refused. */
  onHandshake?: (code: string) => void;
}

/** Who opened a session, as proved by the handshake. */
export interface Caller {
  session: SecureSession;
  serviceId: string;
  claims: DialGrantClaims;
  logger: Logger;
}

type HostedService = HostState['services'][number];

/** Ends the encryption of all circuits to this connector, and the sessions that policy no longer allows. */
export class SessionHost {
  readonly #options: SessionHostOptions;
  readonly #now: () => number;
  readonly #revocations: Revocations;
  readonly #resumptions: Resumptions<SecureSession>;
  readonly #sessions = new Map<SecureSession, GrantScope>();
  readonly #stop = new AbortController();
  #services = new Map<string, HostedService>();
  #keys: KeySet = createKeySet([]);
  #handshakes = 0;
  #openStreams = 0;

  constructor(options: SessionHostOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#revocations = new Revocations(this.#now);
    const { resumeGraceMs, resumeBufferBytes } = options.limits;
    this.#resumptions = new Resumptions({
      graceMs: resumeGraceMs,
      budgetBytes: resumeBufferBytes,
    });
  }

  get openSessions(): number {
    return this.#sessions.size;
  }

  /** Sessions that lost their circuit and may be resumed. */
  get suspendedSessions(): number {
    return this.#resumptions.suspended;
  }

  /** What all sessions keep for sending again. */
  get retainedBytes(): number {
    return this.#resumptions.retainedBytes;
  }

  get openStreams(): number {
    return this.#openStreams;
  }

  /** Takes the controller's keys and services; sessions of services no longer hosted end. */
  update(state: HostState): void {
    // Asked through an object that stays, since a session checks its renewals against later keys too.
    this.#keys = createKeySet(state.keys);
    this.#services = new Map(state.services.map((service) => [service.id, service]));
    for (const [session, { serviceId }] of this.#sessions) {
      if (!this.#services.has(serviceId)) session.close(reasonFor('ERR_SERVICE_NOT_HOSTED'));
    }
  }

  /** Ends what the revocation covers, and what would still be opened by grants from before it. */
  revoke(revocation: HostRevocation): void {
    this.#revocations.add(revocation);
    let closed = 0;
    for (const [session, scope] of this.#sessions) {
      if (!covers(revocation, scope)) continue;
      session.close(reasonFor(revocation.code));
      closed += 1;
    }
    this.#options.logger.info('session.revoked', { ...revocation, closed });
  }

  /** Takes a circuit; the handshake and all that follows run by themselves. */
  accept(serviceId: string, circuit: Circuit, info: DialInfo): void {
    const service = this.#services.get(serviceId);
    if (service === undefined || this.#stop.signal.aborted) {
      circuit.close(reasonFor('ERR_SERVICE_NOT_HOSTED'));
    } else if (this.#handshakes >= MAX_HANDSHAKES) {
      circuit.close(reasonFor('ERR_ROUTER_OVERLOADED'));
    } else {
      void this.#accept(service, circuit, info);
    }
  }

  close(): void {
    this.#stop.abort();
    for (const session of this.#sessions.keys()) session.close(reasonFor('ERR_SERVICE_NOT_HOSTED'));
  }

  async #accept(service: HostedService, circuit: Circuit, info: DialInfo): Promise<void> {
    const { hostId, keys, limits } = this.#options;
    const logger = this.#options.logger.child({
      circuitId: info.circuitId,
      serviceId: service.id,
    });
    this.#handshakes += 1;
    let session: SecureSession;
    try {
      session = await acceptSecure({
        circuit,
        serviceId: service.id,
        hostId,
        bindGrant: service.bindGrant,
        privateKey: await keys.forGrant(service.bindGrant),
        keys: { find: (use, kid) => this.#keys.find(use, kid) },
        time: () => ({ nowMs: this.#now(), connected: this.#options.isConnected() }),
        assertionAudience: service.applicationOrigin ?? serviceResource(service.id),
        ...(info.callerId !== undefined && { callerId: info.callerId }),
        createCipher: createNodeRecordCipher,
        limits: { maxStreams: limits.maxStreamsPerSession },
        authDueMs: limits.maxGrantAgeMs,
        resumptions: this.#resumptions,
        signal: this.#stop.signal,
        onStream: (stream, opened) => this.#serve(stream, opened, service.id, logger),
      });
    } catch (error) {
      logger.warn('session.refused', { error });
      this.#options.onHandshake?.(isAppError(error) ? error.code : 'ERR_INTERNAL');
      return;
    } finally {
      this.#handshakes -= 1;
    }
    const isResumed = this.#sessions.has(session);
    this.#options.onHandshake?.(isResumed ? 'resumed' : 'ok');
    if (isResumed) logger.info('session.resumed');
    else await this.#keep(session, service.id, logger);
  }

  async #keep(session: SecureSession, serviceId: string, logger: Logger): Promise<void> {
    const claims = session.peer as DialGrantClaims;
    const scope = scopeOf(claims);
    const revoked = this.#revocations.find(scope, claims.iat * 1000);
    // The service may have gone, or the caller been revoked, while the handshake ran.
    if (revoked !== undefined) session.close(reasonFor(revoked.code));
    else if (!this.#services.has(serviceId)) session.close(reasonFor('ERR_SERVICE_NOT_HOSTED'));
    this.#sessions.set(session, scope);
    logger.info('session.opened', {
      identityId: claims.sub,
      suite: session.suite,
      fingerprint: session.fingerprint,
      ...(claims.via !== undefined && { via: claims.via }),
    });
    const reason = await session.closed;
    this.#sessions.delete(session);
    logger.info('session.closed', { identityId: claims.sub, code: reason.code });
  }

  #serve(stream: SessionStream, session: SecureSession, serviceId: string, logger: Logger): void {
    const claims = session.peer as DialGrantClaims;
    const revoked = this.#revocations.find(scopeOf(claims), claims.iat * 1000);
    if (revoked !== undefined) {
      stream.reset(ResetCode.accessRemoved, revoked.code);
      return;
    }
    if (this.#openStreams >= this.#options.limits.maxStreams) {
      stream.reset(ResetCode.refused, 'ERR_ROUTER_OVERLOADED');
      return;
    }
    this.#openStreams += 1;
    const caller = {
      session,
      serviceId,
      claims,
      logger: logger.child({ identityId: claims.sub }),
    };
    void this.#options.serve(stream, caller).finally(() => (this.#openStreams -= 1));
  }
}

function scopeOf({ svc, sub, sid }: DialGrantClaims): GrantScope {
  return { serviceId: svc, identityId: sub, sessionId: sid };
}

function reasonFor(code: string): CloseReason {
  const known = isReasonCode(code) ? code : 'ERR_ACCESS_REMOVED';
  return { code: known, message: reasons[known].title, retryable: reasons[known].retryable };
}
