import type { Logger } from '@postern/shared/log';
import type { OwnIdentity } from '../enroll/identity-file.ts';
import { RouterLink, type Offers, type OnServiceDial, type RouterEntry } from './router-link.ts';

export interface EdgeHostOptions {
  identity: OwnIdentity;
  onDial: OnServiceDial;
  /** Told each time a router took the binding of a service. */
  onBound?: (serviceId: string) => void;
  logger: Logger;
}

/** Connections to all routers this connector may use. */
export class EdgeHost {
  readonly #options: EdgeHostOptions;
  readonly #links = new Map<string, { link: RouterLink; addresses: string }>();

  constructor(options: EdgeHostOptions) {
    this.#options = options;
  }

  get connectedRouters(): number {
    return [...this.#links.values()].filter(({ link }) => link.isConnected).length;
  }

  /** Connects to routers that are new, leaves those that are gone, and offers the services on all. */
  update(hostId: string, routers: readonly RouterEntry[], offers: Offers): void {
    const wanted = new Map(
      routers
        .filter(({ fabricAddresses }) => fabricAddresses.length > 0)
        .map((router) => [router.id, router]),
    );
    for (const [id, { link, addresses }] of this.#links) {
      if (wanted.get(id)?.fabricAddresses.join() === addresses) continue;
      this.#links.delete(id);
      void link.close();
    }
    for (const router of wanted.values()) {
      const existing = this.#links.get(router.id);
      if (existing !== undefined) {
        existing.link.setOffers(offers);
        continue;
      }
      const link = new RouterLink({ ...this.#options, router, hostId, offers });
      this.#links.set(router.id, { link, addresses: router.fabricAddresses.join() });
    }
  }

  /** Offers the services otherwise than before, on all routers. */
  setOffers(offers: Offers): void {
    for (const { link } of this.#links.values()) link.setOffers(offers);
  }

  /** Tells all routers how a check of a service went. */
  reportHealth(serviceId: string, isHealthy: boolean): void {
    for (const { link } of this.#links.values()) link.reportHealth(serviceId, isHealthy);
  }

  async close(): Promise<void> {
    const links = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(links.map(({ link }) => link.close()));
  }
}
