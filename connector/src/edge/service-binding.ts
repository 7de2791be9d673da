import { createHash } from 'node:crypto';
import { Backoff, keepConnected } from '@postern/node/retry';
import type { Logger } from '@postern/shared/log';
import type { Binding, EdgeConnection, OnDial } from '@postern/shared/protocol/edge';

export interface ServiceBindingOptions {
  connection: EdgeConnection;
  hostId: string;
  serviceId: string;
  bindGrant: string;
  /** Our key, for circuits that are encrypted as OpenZiti does. */
  zitiKey?: Uint8Array | undefined;
  onDial: OnDial;
  logger: Logger;
}

/** Keeps one service bound on one router connection until closed, binding again when it was ended. */
export class ServiceBinding {
  readonly #options: ServiceBindingOptions;
  readonly #stop = new AbortController();
  #bindGrant: string;
  #binding: Binding | undefined;

  constructor(options: ServiceBindingOptions) {
    this.#options = options;
    this.#bindGrant = options.bindGrant;
    const backoff = new Backoff();
    void keepConnected(
      (signal) => this.#bindOnce(backoff, signal),
      backoff,
      this.#stop.signal,
      (error) => options.logger.warn('edge.bind-failed', { error }),
    );
    // Nothing can be bound on a connection that ended; its successor makes new bindings.
    void options.connection.closed.then(() => this.#stop.abort());
  }

  /** Hands a renewed grant to the router. */
  update(bindGrant: string): void {
    if (bindGrant === this.#bindGrant) return;
    this.#bindGrant = bindGrant;
    this.#binding?.update({ bindGrant });
  }

  /** Stops new dials; open circuits go on. Idempotent. */
  close(): void {
    this.#stop.abort();
    this.#binding?.unbind();
  }

  async #bindOnce(backoff: Backoff, signal: AbortSignal): Promise<void> {
    const { connection, hostId, serviceId, zitiKey, onDial, logger } = this.#options;
    const bindGrant = this.#bindGrant;
    const binding = await connection.bind(
      {
        bindGrant,
        listenerId: listenerId(hostId, serviceId, zitiKey !== undefined),
        signal,
        ...(zitiKey !== undefined && { zitiKey }),
      },
      onDial,
    );
    this.#binding = binding;
    backoff.reset();
    logger.info('edge.bound');
    if (bindGrant !== this.#bindGrant) binding.update({ bindGrant: this.#bindGrant });
    const reason = await binding.closed;
    this.#binding = undefined;
    if (!signal.aborted) logger.warn('edge.unbound', { code: reason.code });
  }
}

/** The same for each connection and run, so that a router replaces what a killed predecessor left. */
function listenerId(hostId: string, serviceId: string, isZiti: boolean): Uint8Array {
  const name = `${hostId}/${serviceId}${isZiti ? '/ziti' : ''}`;
  return createHash('sha256').update(name).digest();
}
