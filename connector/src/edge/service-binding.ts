import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Backoff, keepConnected } from '@postern/node/retry';
import type { Logger } from '@postern/shared/log';
import type { Binding, BindOptions, EdgeConnection, OnDial } from '@postern/shared/protocol/edge';

/** A service as it is offered to routers, in one way of hosting it: with a `zitiKey`, as OpenZiti encrypts. */
export type Offer = Pick<
  BindOptions,
  'bindGrant' | 'cost' | 'precedence' | 'instanceId' | 'instanceSecret' | 'zitiKey'
>;

export interface ServiceBindingOptions {
  connection: EdgeConnection;
  hostId: string;
  serviceId: string;
  offer: Offer;
  onDial: OnDial;
  /** Told each time the router took the binding. */
  onBound?: (() => void) | undefined;
  logger: Logger;
}

/** Keeps one service bound on one router connection until closed, binding again when it was ended. */
export class ServiceBinding {
  readonly #options: ServiceBindingOptions;
  readonly #stop = new AbortController();
  #offer: Offer;
  #binding: Binding | undefined;

  constructor(options: ServiceBindingOptions) {
    this.#options = options;
    this.#offer = options.offer;
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

  /** Hands a renewed grant, another cost or precedence to the router. */
  update(offer: Offer): void {
    if (isDeepStrictEqual(offer, this.#offer)) return;
    this.#offer = offer;
    this.#binding?.update(offer);
  }

  reportHealth(isHealthy: boolean): void {
    this.#binding?.reportHealth(isHealthy);
  }

  /** Stops new dials; open circuits go on. Idempotent. */
  close(): void {
    this.#stop.abort();
    this.#binding?.unbind();
  }

  async #bindOnce(backoff: Backoff, signal: AbortSignal): Promise<void> {
    const { connection, hostId, serviceId, onDial, onBound, logger } = this.#options;
    const offer = this.#offer;
    const binding = await connection.bind(
      { ...offer, listenerId: listenerId(hostId, serviceId, offer.zitiKey !== undefined), signal },
      onDial,
    );
    this.#binding = binding;
    backoff.reset();
    logger.info('edge.bound');
    onBound?.();
    if (offer !== this.#offer) binding.update(this.#offer);
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
