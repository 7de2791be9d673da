/**
 * A loopback address for each name that stands for services, with listeners there on the services' own ports:
 * programs connect to the name as if the service were there, and nothing of the system is changed for it.
 * The whole of 127.0.0.0/8 is this machine on Linux; elsewhere addresses must be added by hand.
 */
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { Postern } from '../sdk/index.ts';
import { listenLocally, type LocalListener } from './local-listener.ts';
import type { NamedService, ServiceNames } from './service-names.ts';
import { connectTo } from './service-proxy.ts';

/** Names at once. */
const MAX_NAMES = 1024;
/** Ports of one name: a listener each. */
const MAX_PORTS = 64;

export interface LoopbackNamesOptions {
  postern: Pick<Postern, 'dial'>;
  names: Pick<ServiceNames, 'allOf' | 'find'>;
  /** The first two bytes of the addresses. Default `127.64`. */
  network?: `127.${number}`;
  logger: Logger;
}

export class LoopbackNames {
  readonly #options: LoopbackNamesOptions;
  readonly #addresses = new Map<string, Promise<string | undefined>>();
  readonly #listeners: LocalListener[] = [];
  #closed = false;

  constructor(options: LoopbackNamesOptions) {
    this.#options = options;
  }

  /**
   * The address of a name, its ports open; `undefined` for a name that is none of ours.
   * @throws AppError `ERR_TUNNEL_NAMES` for too many, `ERR_LISTEN` when none of its ports can be opened
   */
  async addressOf(host: string): Promise<string | undefined> {
    const name = host.toLowerCase();
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    const services = await this.#options.names.allOf(name);
    if (services.length === 0) return undefined;
    // Somebody may have asked for it meanwhile.
    const meanwhile = this.#addresses.get(name);
    if (meanwhile !== undefined) return meanwhile;
    if (this.#addresses.size >= MAX_NAMES)
      throw new AppError('ERR_TUNNEL_NAMES', `more than ${MAX_NAMES} names of services at once`);
    const opening = this.#open(name, this.#addresses.size + 1, services);
    this.#addresses.set(name, opening);
    return opening;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#addresses.values());
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  async #open(name: string, number: number, services: readonly NamedService[]): Promise<string> {
    const { network = '127.64', logger } = this.#options;
    const address = `${network}.${number >> 8}.${number & 0xff}`;
    const ports = portsOf(services);
    const opened = await Promise.allSettled(ports.map((port) => this.#listen(name, address, port)));
    const failed = opened.filter((one) => one.status === 'rejected');
    for (const { reason } of failed)
      logger.warn('tunnel.dial-failed', { service: name, code: 'ERR_LISTEN', error: reason });
    if (failed.length === ports.length) throw failed[0]?.reason as Error;
    return address;
  }

  async #listen(name: string, address: string, port: number): Promise<void> {
    const listener = await listenLocally(address, port, (socket, signal) => {
      // Asked at each connection: what a name stands for changes.
      this.#options.names.find(name, port).then(
        (service) => {
          if (service === undefined) socket.resetAndDestroy();
          else void connectTo(service, socket, signal, this.#options);
        },
        () => socket.resetAndDestroy(),
      );
    });
    if (this.#closed) await listener.close();
    else this.#listeners.push(listener);
  }
}

function portsOf(services: readonly NamedService[]): number[] {
  const ports = new Set<number>();
  for (const { low, high } of services.flatMap((service) => service.ports))
    for (let port = low; port <= high && ports.size < MAX_PORTS; port++) ports.add(port);
  return [...ports];
}
