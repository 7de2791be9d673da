import { createSocketPipe, runChannel } from '@postern/node/channel';
import { CertificateRenewal, renewOverControl } from '@postern/node/enroll';
import { Backoff, CONTROL_MAX_MS, keepConnected } from '@postern/node/retry';
import { certificateIdentity, dialTls } from '@postern/node/tls';
import type { Logger } from '@postern/shared/log';
import { ControlConnection } from '@postern/shared/protocol/control';
import { CONTROL_ALPN, type HostRevocation, type HostState } from '@postern/shared/schemas';
import type { OwnIdentity } from '../enroll/identity-file.ts';

export interface ControlLinkOptions {
  /** `tls:host:port` of each controller; tried one after the other. */
  addresses: readonly string[];
  identity: OwnIdentity;
  onState: (state: HostState) => void;
  onRevocation: (revocation: HostRevocation) => void;
  logger: Logger;
}

/** Keeps one connection to one of the controllers. */
export class ControlLink {
  readonly #options: ControlLinkOptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  readonly #renewal: CertificateRenewal;
  #connection: ControlConnection | undefined;

  constructor(options: ControlLinkOptions) {
    this.#options = options;
    this.#renewal = new CertificateRenewal({ present: () => options.identity.current });
    const { addresses } = options;
    const backoff = new Backoff({ maxMs: CONTROL_MAX_MS });
    let attempts = 0;
    this.#done = keepConnected(
      async (signal) => {
        const address = addresses[attempts++ % addresses.length];
        if (address !== undefined) await this.#connectOnce(address, backoff, signal);
      },
      backoff,
      this.#stop.signal,
      (error) => options.logger.warn('control.disconnected', { error }),
    );
  }

  /** Decides which of the two times of a grant counts (docs/protocol.md, "Grants"). */
  get isConnected(): boolean {
    return this.#connection?.isOpen === true;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#connection?.close();
    await this.#done;
  }

  async #connectOnce(address: string, backoff: Backoff, signal: AbortSignal): Promise<void> {
    const { identity, logger, onState, onRevocation } = this.#options;
    const { id: ownId, trustDomain } = certificateIdentity(identity.current.cert);
    const expected = { role: 'controller', id: '', trustDomain } as const;
    const { key, cert, ca } = identity.current;
    const socket = await dialTls({ address, alpn: CONTROL_ALPN, key, cert, ca, expected, signal });
    const connection: ControlConnection = new ControlConnection({
      pipe: createSocketPipe(socket),
      ownId,
      onHostState: onState,
      onHostRevocation: onRevocation,
      ...renewOverControl(
        this.#renewal,
        (successor) => identity.replace({ ...identity.current, ...successor }),
        () => connection,
        logger,
      ),
      logger,
    });
    this.#connection = connection;
    runChannel(socket, connection, () => connection.limits);
    try {
      await connection.opened;
      backoff.reset();
      logger.info('control.connected', { address });
      const reason = await connection.closed;
      if (!signal.aborted) logger.warn('control.closed', { code: reason.code });
    } finally {
      this.#connection = undefined;
      connection.close();
      socket.destroySoon();
    }
  }
}
