/** Opens streams to one service: over sessions that are shared, made when needed, and outlive their circuits. */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { pointThumbprint, signEs256, type P256KeyPair } from '@postern/shared/crypto';
import { AppError, isAppError } from '@postern/shared/errors';
import { createKeySet, parseVerificationKeys } from '@postern/shared/grants';
import type { Logger } from '@postern/shared/log';
import { ServiceConnection } from '@postern/shared/protocol/client';
import type { CloseReason } from '@postern/shared/protocol/edge';
import { connectSecure } from '@postern/shared/protocol/handshake';
import {
  ResetCode,
  type SecureSession,
  type SessionStream,
  type StreamType,
} from '@postern/shared/protocol/session';
import { createNodeRecordCipher } from '../sessions/node-record-cipher.ts';
import { abortable } from './abortable.ts';
import type { ControllerApi } from './controller-api.ts';
import { openEdge } from './open-edge.ts';
import { ProgramGrants } from './program-grants.ts';

/** Sessions to one service at once, of 256 streams each. */
const MAX_SESSIONS = 16;
const NO_HEAD = new Uint8Array(0);
/** What a connector answers to a kind of stream that its target does not serve. */
const WRONG_TYPE = 'ERR_STREAM_TYPE';

export interface ServiceDialerOptions {
  service: string;
  api: Pick<ControllerApi, 'dialGrant'>;
  key: P256KeyPair;
  /** The network's authorities, PEM. */
  ca: () => string;
  /** Told of each session that ended, with its reason. */
  onEnded: (reason: CloseReason) => void;
  logger: Logger;
}

export class ServiceDialer {
  readonly #options: ServiceDialerOptions;
  readonly #logger: Logger;
  readonly #grants: ProgramGrants;
  readonly #stop = new AbortController();
  readonly #connections: ServiceConnection[] = [];
  /** What its host serves, once known. */
  #type: StreamType | undefined;
  /** Until it is known. Never rejects. */
  #asking: Promise<void> | undefined;

  constructor(options: ServiceDialerOptions) {
    const { service, api, key, logger } = options;
    this.#options = options;
    this.#logger = logger.child({ service });
    // Each dial that waits listens, and stops when it need not wait any more.
    setMaxListeners(0, this.#stop.signal);
    this.#grants = new ProgramGrants({
      request: async () => api.dialGrant(service, await pointThumbprint(key.publicPoint)),
      nowMs: Date.now,
    });
  }

  /**
   * Raw bytes to the service's target; `undefined` where its host serves HTTP, which it understands, and
   * nothing else. That is asked once, by the first stream itself. Waits up to 8 s for what can be expected
   * to come back.
   *
   * @throws AppError `ERR_ACCESS_NO_POLICY`, `ERR_POSTURE_FAILED`, `ERR_SERVICE_NOT_HOSTED`, `ERR_NO_ROUTER`,
   * `ERR_NO_PATH`, `ERR_HANDSHAKE_FAILED`, `ERR_CONTROLLER_UNREACHABLE`, `ERR_LOGIN_REFUSED`,
   * `ERR_SESSION_STREAM_LIMIT`, or the signal's reason
   */
  async openTcp(signal?: AbortSignal): Promise<SessionStream | undefined> {
    // Those that come before the answer wait for it, save the one that asks.
    while (this.#type === undefined && this.#asking !== undefined)
      await abortable(this.#asking, signal);
    if (this.#type === 'http') return undefined;
    if (this.#type === 'tcp') return (await this.#openStream('tcp', NO_HEAD, signal)).stream;
    const answer = this.#ask(signal);
    this.#asking = answer.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await answer;
    } finally {
      this.#asking = undefined;
    }
  }

  /** The first stream, refused where it is the wrong kind. */
  async #ask(signal: AbortSignal | undefined): Promise<SessionStream | undefined> {
    const { stream, session } = await this.#openStream('tcp', NO_HEAD, signal);
    let refusal: string | undefined;
    void stream.closed.then(({ reset }) => (refusal = reset?.reason));
    try {
      // Its answer comes after the refusal, if there is one.
      await session.ping(signal);
    } catch (error) {
      stream.reset(ResetCode.cancelled, 'closed');
      throw error;
    }
    this.#type = refusal === WRONG_TYPE ? 'http' : 'tcp';
    return this.#type === 'tcp' ? stream : undefined;
  }

  /** A stream for one HTTP request, whose head is encoded as `protocol/http` says. Throws as `openTcp`. */
  async openHttp(head: Uint8Array, signal?: AbortSignal): Promise<SessionStream> {
    return (await this.#openStream('http', head, signal)).stream;
  }

  /** Ends all sessions. Idempotent. */
  close(): void {
    this.#stop.abort(new AppError('ERR_SDK_CLOSED', 'the connection to the network was closed'));
    for (const connection of this.#connections) connection.close();
  }

  async #openStream(
    type: StreamType,
    head: Uint8Array,
    signal?: AbortSignal,
  ): Promise<{ stream: SessionStream; session: SecureSession }> {
    const stop = this.#stop.signal;
    const either = signal === undefined ? stop : AbortSignal.any([signal, stop]);
    for (let at = 0; at < MAX_SESSIONS; at++) {
      const connection = (this.#connections[at] ??= this.#createConnection());
      const session = await abortable(connection.session(), either);
      try {
        return { stream: session.openStream(type, head), session };
      } catch (error) {
        const isFull = isAppError(error, 'ERR_SESSION_STREAM_LIMIT');
        if (isFull) continue;
        throw error;
      }
    }
    throw new AppError('ERR_SESSION_STREAM_LIMIT', 'too many connections to the service at once');
  }

  #createConnection(): ServiceConnection {
    const { key, ca, onEnded } = this.#options;
    const logger = this.#logger;
    const stop = this.#stop.signal;
    return new ServiceConnection({
      grants: this.#grants,
      tokens: this.#grants,
      openEdge: (url, routerId, token, signal) =>
        openEdge({
          url,
          routerId,
          credentials: {
            mode: 'browser',
            token,
            publicKey: key.publicPoint,
            sign: (bytes) => signEs256(key.privateKey, bytes),
          },
          ca: ca(),
          logger,
          signal: AbortSignal.any([signal, stop]),
        }),
      secure: (circuit, grant, redial) =>
        connectSecure({
          circuit,
          serviceId: grant.service.id,
          keys: createKeySet(parseVerificationKeys(grant.keys)),
          dialGrant: grant.dialGrant,
          assertion: grant.assertion,
          key,
          createCipher: createNodeRecordCipher,
          resume: { redial, logger },
          signal: stop,
        }),
      onEnded,
      logger,
      nowMs: Date.now,
      sleep: (delayMs) => delay(delayMs, undefined, { ref: false }),
    });
  }
}
