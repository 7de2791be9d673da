/** The network as a program sees it: services to dial and to host, by their names. */
import { EventEmitter } from 'node:events';
import type { Agent as HttpAgent } from 'node:http';
import { Duplex } from 'node:stream';
import { Renewable } from '@postern/node/enroll';
import { generateP256KeyPair, type P256KeyPair } from '@postern/shared/crypto';
import { AppError } from '@postern/shared/errors';
import { silentLogger, type Logger } from '@postern/shared/log';
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { Dispatcher, fetch as undiciFetch } from 'undici';
import {
  readIdentity,
  writeIdentity,
  type Identity,
  type OwnIdentity,
} from '../enroll/identity-file.ts';
import { ConnectionQueue } from './connection-queue.ts';
import { ControllerApi, type Login, type ServiceInfo } from './controller-api.ts';
import { createDispatcher, createFetch, createHttpAgent } from './http-clients.ts';
import { HttpFront } from './http-front.ts';
import { ServiceDialer } from './service-dialer.ts';
import { ServiceHosting } from './service-hosting.ts';
import { StreamDuplex } from './stream-duplex.ts';

/** Connections of a listener that wait for the program to take them. */
const MAX_WAITING = 128;

export interface PosternOptions {
  /** Path of an identity file, ours or OpenZiti's; or what is in one. */
  readonly identity: string | Identity;
  /** Default: by the identity's certificate. */
  readonly login?: Login;
  /** `tls:host:port` of controllers, for `listen`. Default: those that the identity file names. */
  readonly controlAddresses?: readonly string[];
  /** Default: silent. */
  readonly logger?: Logger;
}

export interface WaitOptions {
  /** Ends the wait; without effect afterwards. */
  readonly signal?: AbortSignal;
}

/** Who dialed, as the handshake proved. */
export interface CallerInfo {
  readonly identityId: string;
  readonly name: string;
}

/** A connection that somebody dialed, to be served. */
export interface IncomingConnection {
  readonly caller: CallerInfo;
  readonly stream: Duplex;
}

/** Connections to a service that this program hosts. Stops hosting when the iteration ends. */
export interface ServiceListener extends AsyncIterableIterator<IncomingConnection, undefined> {
  /** Stops hosting; connections already taken go on. Idempotent. */
  close(): void;
}

interface PosternEvents {
  /** A connection to a service ended: its streams, if any, broke. The next dial makes a new one. */
  disconnected: [service: string, reason: CloseReason];
}

/**
 * Opens the network for an identity. Logs in, so that a wrong identity shows at once.
 *
 * @throws AppError `ERR_CONNECTOR_IDENTITY_FILE`, `ERR_CONNECTOR_NOT_ENROLLED`, `ERR_LOGIN_REFUSED`,
 * `ERR_LOGIN_REQUIRED`, `ERR_CONTROLLER_UNREACHABLE`
 */
export async function openPostern(options: PosternOptions): Promise<Postern> {
  const { login = { method: 'cert' }, logger = silentLogger } = options;
  const identity = await loadIdentity(options.identity);
  const api = new ControllerApi(identity, login);
  try {
    await api.authenticate();
  } catch (error) {
    await api.close();
    throw error;
  }
  const controlAddresses = options.controlAddresses ?? identity.current.controlAddresses;
  return new Postern({ identity, api, key: await generateP256KeyPair(), controlAddresses, logger });
}

interface PosternParts {
  identity: OwnIdentity;
  api: ControllerApi;
  key: P256KeyPair;
  controlAddresses: readonly string[];
  logger: Logger;
}

/** Made by {@link openPostern}. Holds the process until it is closed. */
export class Postern extends EventEmitter<PosternEvents> {
  readonly #parts: PosternParts;
  readonly #dialers = new Map<string, { dialer: ServiceDialer; front: HttpFront }>();
  #hosting: ServiceHosting | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: PosternParts) {
    super();
    this.#parts = parts;
  }

  /**
   * A connection to a service, end-to-end encrypted. It survives the death of routers and links for 30 s.
   * A service that is hosted as HTTP is spoken HTTP/1.1 with.
   *
   * @throws AppError as {@link ServiceDialer.openTcp}; `ERR_SDK_CLOSED`
   */
  async dial(service: string, { signal }: WaitOptions = {}): Promise<Duplex> {
    const { dialer, front } = this.#dialerOf(service);
    const stream = await dialer.openTcp(signal);
    return stream === undefined ? front.connect() : new StreamDuplex(stream);
  }

  /** {@link Postern.dial} as a pair of web streams. */
  async dialWeb(
    service: string,
    options: WaitOptions = {},
  ): Promise<{ readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> }> {
    const { readable, writable } = Duplex.toWeb(await this.dial(service, options));
    return {
      readable: readable as ReadableStream<Uint8Array>,
      writable: writable as WritableStream<Uint8Array>,
    };
  }

  /**
   * Hosts a service: what others dial comes as connections, at most 128 of which wait to be taken.
   *
   * @throws AppError `ERR_CONNECTOR_NO_CONTROLLER` without addresses of controllers, `ERR_SDK_LISTENING`,
   * `ERR_SDK_CLOSED`
   */
  listen(service: string, { signal }: WaitOptions = {}): ServiceListener {
    this.#requireOpen();
    signal?.throwIfAborted();
    const { identity, controlAddresses, logger } = this.#parts;
    if (controlAddresses.length === 0)
      throw new AppError(
        'ERR_CONNECTOR_NO_CONTROLLER',
        'the identity file names no controlAddresses',
      );
    const hosting = (this.#hosting ??= new ServiceHosting({ identity, controlAddresses, logger }));
    const queue = new ConnectionQueue<IncomingConnection>(MAX_WAITING, () => remove());
    const remove = hosting.add(service, (stream, { claims }) =>
      queue.offer({
        caller: { identityId: claims.sub, name: claims.name },
        stream: new StreamDuplex(stream),
      }),
    );
    signal?.addEventListener('abort', () => queue.end(), { once: true });
    return Object.assign(queue, { close: () => queue.end() });
  }

  /** Services that the identity may dial or bind, with their configurations. */
  services(): Promise<ServiceInfo[]> {
    return this.#parts.api.services();
  }

  /** For `http.request`: the host of the URL is the name of a service. */
  createHttpAgent(): HttpAgent {
    return createHttpAgent((service) => this.dial(service));
  }

  /** For undici, likewise. */
  createDispatcher(): Dispatcher {
    return createDispatcher((service) => this.dial(service));
  }

  /** `fetch` whose hosts are names of services: `fetch('http://wiki/page')`. */
  get fetch(): typeof undiciFetch {
    return (this.#fetch ??= createFetch(this.createDispatcher()));
  }

  #fetch: typeof undiciFetch | undefined;

  /** Ends all connections, stops hosting and logs out. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const { dialer, front } of this.#dialers.values()) {
      dialer.close();
      front.close();
    }
    await this.#hosting?.close();
    await this.#parts.api.close();
  }

  #dialerOf(service: string): { dialer: ServiceDialer; front: HttpFront } {
    this.#requireOpen();
    const known = this.#dialers.get(service);
    if (known !== undefined) return known;
    const { api, key, identity, logger } = this.#parts;
    const dialer = new ServiceDialer({
      service,
      api,
      key,
      ca: () => identity.current.ca,
      onEnded: (reason) => this.emit('disconnected', service, reason),
      logger,
    });
    const made = { dialer, front: new HttpFront(dialer) };
    this.#dialers.set(service, made);
    return made;
  }

  #requireOpen(): void {
    if (this.#closing !== undefined)
      throw new AppError('ERR_SDK_CLOSED', 'the connection to the network was closed');
  }
}

async function loadIdentity(given: string | Identity): Promise<OwnIdentity> {
  if (typeof given !== 'string') return new Renewable(given, () => Promise.resolve());
  const identity = await readIdentity(given);
  if (identity === undefined)
    throw new AppError('ERR_CONNECTOR_NOT_ENROLLED', `${given} does not exist: enroll first`);
  return new Renewable(identity, (renewed) => writeIdentity(given, renewed));
}
