import { createSocketPipe, runChannel } from '@postern/node/channel';
import { Backoff, keepConnected } from '@postern/node/retry';
import { certificateIdentity, dialTls } from '@postern/node/tls';
import type { Logger } from '@postern/shared/log';
import { SDK_LIMITS } from '@postern/shared/protocol/channel';
import {
  EdgeConnection,
  type Circuit,
  type CloseReason,
  type DialInfo,
} from '@postern/shared/protocol/edge';
import { EDGE_ALPN, type HostState } from '@postern/shared/schemas';
import type { OwnIdentity } from '../enroll/identity-file.ts';
import { ServiceBinding, type Offer } from './service-binding.ts';

export type RouterEntry = HostState['routers'][number];
/** What is hosted, by a name of its own: a service may be there once for each encryption. */
export type Offers = ReadonlyMap<string, ServiceOffer>;
/** One way in which a service is hosted. */
export interface ServiceOffer {
  readonly serviceId: string;
  readonly offer: Offer;
}
export type OnServiceDial = (serviceId: string, circuit: Circuit, info: DialInfo) => void;

export interface RouterLinkOptions {
  router: RouterEntry;
  hostId: string;
  identity: OwnIdentity;
  offers: Offers;
  onDial: OnServiceDial;
  /** Told each time a router took the binding of a service. */
  onBound?: ((serviceId: string) => void) | undefined;
  logger: Logger;
}

/** Sessions may go on through another router. */
const LEAVING: CloseReason = {
  code: 'ERR_CIRCUIT_MOVED',
  message: 'the connector left the router',
  retryable: true,
};

/** Keeps one connection to one router, and on it a binding for each offered service. */
export class RouterLink {
  readonly #options: RouterLinkOptions;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #bindings = new Map<string, ServiceBinding>();
  readonly #done: Promise<void>;
  #offers: Offers;
  #connection: EdgeConnection | undefined;
  #attempts = 0;

  constructor(options: RouterLinkOptions) {
    this.#options = options;
    this.#offers = options.offers;
    this.#logger = options.logger.child({ routerId: options.router.id });
    const backoff = new Backoff();
    this.#done = keepConnected(
      (signal) => this.#connectOnce(backoff, signal),
      backoff,
      this.#stop.signal,
      (error) => this.#logger.warn('edge.disconnected', { error }),
    );
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen === true;
  }

  setOffers(offers: Offers): void {
    this.#offers = offers;
    this.#syncBindings();
  }

  reportHealth(serviceId: string, isHealthy: boolean): void {
    for (const [name, binding] of this.#bindings)
      if (this.#offers.get(name)?.serviceId === serviceId) binding.reportHealth(isHealthy);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#connection?.close(LEAVING);
    await this.#done;
  }

  async #connectOnce(backoff: Backoff, signal: AbortSignal): Promise<void> {
    const { router, identity } = this.#options;
    const address = router.fabricAddresses[this.#attempts++ % router.fabricAddresses.length];
    if (address === undefined) return;
    const { trustDomain } = certificateIdentity(identity.current.cert);
    const expected = { role: 'router', id: router.id, trustDomain } as const;
    const { key, cert, ca } = identity.current;
    const socket = await dialTls({ address, alpn: EDGE_ALPN, key, cert, ca, expected, signal });
    const connection = new EdgeConnection({
      pipe: createSocketPipe(socket),
      credentials: { mode: 'host' },
      expectedRouterId: router.id,
      logger: this.#logger,
    });
    runChannel(socket, connection, () => SDK_LIMITS);
    try {
      await connection.opened;
      backoff.reset();
      this.#logger.info('edge.connected');
      this.#connection = connection;
      this.#syncBindings();
      const reason = await connection.closed;
      if (!signal.aborted) this.#logger.warn('edge.closed', { code: reason.code });
    } finally {
      this.#connection = undefined;
      this.#bindings.clear();
      connection.close();
      socket.destroySoon();
    }
  }

  #syncBindings(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    for (const [name, binding] of this.#bindings) {
      if (this.#offers.has(name)) continue;
      binding.close();
      this.#bindings.delete(name);
    }
    for (const [name, { serviceId, offer }] of this.#offers) {
      const existing = this.#bindings.get(name);
      if (existing !== undefined) existing.update(offer);
      else this.#bindings.set(name, this.#bind(connection, serviceId, offer));
    }
  }

  #bind(connection: EdgeConnection, serviceId: string, offer: Offer): ServiceBinding {
    const { hostId, onDial, onBound } = this.#options;
    return new ServiceBinding({
      connection,
      hostId,
      serviceId,
      offer,
      onDial: (circuit, info) => onDial(serviceId, circuit, info),
      onBound: () => onBound?.(serviceId),
      logger: this.#logger.child({ serviceId }),
    });
  }
}
