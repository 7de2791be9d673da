import type { Logger } from '../../log/index.ts';
import type { Clock, PrecedenceName } from '../channel/index.ts';
import type { Circuit, CloseReason, FramePipe } from './types.ts';

/** A browser proves itself by its app token and the key the token is bound to. */
export interface BrowserCredentials {
  readonly mode: 'browser';
  /** App token (JWT). */
  readonly token: string;
  /** The app key, as an uncompressed P-256 point (65 bytes). */
  readonly publicKey: Uint8Array;
  /** ES256 over the bytes: SHA-256 inside, result r ‖ s (64 bytes). */
  sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
}

/** A connector has proved itself by its TLS client certificate. */
export interface HostCredentials {
  readonly mode: 'host';
}

export interface EdgeConnectionOptions {
  readonly pipe: FramePipe;
  readonly credentials: BrowserCredentials | HostCredentials;
  /** The router this connection must reach; another one is refused (`ERR_EDGE_ROUTER_MISMATCH`). */
  readonly expectedRouterId?: string;
  /** Default: the system's clock and timers. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Most circuits open at once on this connection, both kinds. Default 4096. */
  readonly maxCircuits?: number;
}

export interface DialOptions {
  /** Identity id of the only host wanted. Default: any that the grant permits. */
  readonly hostId?: string;
  /** The instance of the service wanted, as its host named it. Default: hosts that name none. */
  readonly instanceId?: string;
  /** The router may close the circuit with `ERR_CIRCUIT_MOVED` when there is a better way. */
  readonly movable?: boolean;
  /** W3C `traceparent` of the request that the circuit is for: ids, which routers see. */
  readonly traceparent?: string | undefined;
  readonly signal?: AbortSignal;
}

export interface BindOptions {
  /** Bind grant (JWS). */
  readonly bindGrant: string;
  /** 0–65535, default 0. */
  readonly cost?: number;
  /** Default `default`. */
  readonly precedence?: PrecedenceName;
  /** Makes it reachable only for dials that name this instance, at most 256 characters. Default: none. */
  readonly instanceId?: string;
  /** What other hosts of the same instance know too. Default: there are no others. */
  readonly instanceSecret?: Uint8Array;
  /**
   * Names the listener across connections, so that binding again replaces the old binding. At most 64
   * bytes; default: 16 random bytes.
   */
  readonly listenerId?: Uint8Array;
  /** The host's public key (32 bytes) for circuits that are encrypted as OpenZiti does; absent: as we do. */
  readonly zitiKey?: Uint8Array;
  /** Ends the wait for the router's answer. */
  readonly signal?: AbortSignal;
}

/** What the router says about a circuit it opens to a host. Not to be trusted: the handshake proves. */
export interface DialInfo {
  readonly circuitId: string;
  /** Identity id of the caller, as the router claims. */
  readonly callerId: string | undefined;
  /** The circuit is encrypted as OpenZiti does, since its binding is for such. */
  readonly isZiti?: boolean;
  /** The dialer's public key then, if it sent one. */
  readonly dialerKey?: Uint8Array | undefined;
  /** And its application data: for OpenZiti's tunnelers, where the dial should go. */
  readonly appData?: Uint8Array | undefined;
}

/** Takes a circuit opened to this host; throwing closes it. Handlers must be set before any await. */
export type OnDial = (circuit: Circuit, info: DialInfo) => void;

/** A service hosted over one connection. */
export interface Binding {
  /** Sends a renewed grant, or another cost or precedence, for the binding (UpdateBind). */
  update(changes: { bindGrant: string; cost?: number; precedence?: PrecedenceName }): void;
  /** Tells the router how a health check went (HealthEvent), for whoever watches its log. */
  reportHealth(isHealthy: boolean): void;
  /** Stops new dials; circuits already open go on. Idempotent. */
  unbind(): void;
  /** Resolves when the binding ended, whoever ended it. Never rejects. */
  readonly closed: Promise<CloseReason>;
}
