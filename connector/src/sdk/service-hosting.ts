/** What `listen` runs on: the parts of the connector that host, with a program in the place of targets. */
import { certificateIdentity } from '@postern/node/tls';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import type { HostState } from '@postern/shared/schemas';
import { connectorConfigSchema } from '../config.ts';
import { ControlLink } from '../control/control-link.ts';
import { EdgeHost } from '../edge/edge-host.ts';
import type { ServiceOffer } from '../edge/router-link.ts';
import type { OwnIdentity } from '../enroll/identity-file.ts';
import { HostKeys } from '../sessions/host-keys.ts';
import { SessionHost, type Caller } from '../sessions/session-host.ts';

export interface ServiceHostingOptions {
  identity: OwnIdentity;
  /** `tls:host:port` of controllers; at least one. */
  controlAddresses: readonly string[];
  logger: Logger;
}

/** Takes a stream; false refuses it. */
export type OnStream = (stream: SessionStream, caller: Caller) => boolean;

export class ServiceHosting {
  readonly #identityId: string;
  readonly #sessions: SessionHost;
  readonly #edge: EdgeHost;
  readonly #control: ControlLink;
  readonly #logger: Logger;
  /** By name of the service. */
  readonly #listeners = new Map<string, OnStream>();
  #state: HostState | undefined;

  constructor({ identity, controlAddresses, logger }: ServiceHostingOptions) {
    this.#logger = logger;
    this.#identityId = certificateIdentity(identity.current.cert).id;
    this.#sessions = new SessionHost({
      hostId: this.#identityId,
      keys: new HostKeys(identity),
      limits: connectorConfigSchema.shape.limits.parse(undefined),
      isConnected: () => this.#control.isConnected,
      serve: (stream, caller) => this.#serve(stream, caller),
      logger,
    });
    this.#edge = new EdgeHost({
      identity,
      onDial: (serviceId, circuit, info) => this.#sessions.accept(serviceId, circuit, info),
      logger,
    });
    this.#control = new ControlLink({
      addresses: controlAddresses,
      identity,
      onState: (state) => {
        this.#state = state;
        this.#apply();
      },
      onRevocation: (revocation) => this.#sessions.revoke(revocation),
      logger,
    });
  }

  /** Routers that it can be dialed through now. */
  get connectedRouters(): number {
    return this.#edge.connectedRouters;
  }

  /** Offers the service from now on; the answer stops that. @throws AppError `ERR_SDK_LISTENING` */
  add(service: string, onStream: OnStream): () => void {
    if (this.#listeners.has(service))
      throw new AppError('ERR_SDK_LISTENING', `this program listens for ${service} already`);
    this.#listeners.set(service, onStream);
    this.#apply();
    return () => {
      if (this.#listeners.get(service) !== onStream) return;
      this.#listeners.delete(service);
      this.#apply();
    };
  }

  async close(): Promise<void> {
    this.#sessions.close();
    await Promise.all([this.#control.close(), this.#edge.close()]);
  }

  #apply(): void {
    const state = this.#state;
    if (state === undefined) return;
    const services = state.services.filter(({ name }) => this.#listeners.has(name));
    this.#sessions.update({ ...state, services });
    const offers = services
      .filter(({ acceptedEncryption = ['authenticated'] }) =>
        acceptedEncryption.includes('authenticated'),
      )
      .map(({ id, bindGrant }): [string, ServiceOffer] => [
        id,
        { serviceId: id, offer: { bindGrant } },
      ]);
    this.#edge.update(this.#identityId, state.routers, new Map(offers));
    const granted = new Set(services.map(({ name }) => name));
    const missing = [...this.#listeners.keys()].filter((name) => !granted.has(name));
    if (missing.length > 0) this.#logger.warn('listen.not-permitted', { services: missing });
  }

  async #serve(stream: SessionStream, caller: Caller): Promise<void> {
    const name = this.#state?.services.find(({ id }) => id === caller.serviceId)?.name;
    const onStream = name === undefined ? undefined : this.#listeners.get(name);
    if (stream.type !== 'tcp' || caller.claims.via !== undefined)
      stream.reset(ResetCode.refused, 'ERR_STREAM_TYPE');
    else if (onStream?.(stream, caller) !== true)
      stream.reset(ResetCode.refused, 'ERR_SERVICE_NOT_HOSTED');
    await stream.closed;
  }
}
