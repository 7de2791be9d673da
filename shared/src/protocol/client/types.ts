import type { DialGrantResponse } from '../../schemas/index.ts';

/** What a connection is authorised by. */
export interface GrantSource {
  /** A fresh grant, the last one if it will do. */
  current(): Promise<DialGrantResponse>;
  /** A new grant; while the controller cannot be reached: the last one, until its outage time. */
  fetch(): Promise<DialGrantResponse>;
  /** How long a grant stays fresh, in ms; negative when it is not. */
  freshMs(grant: DialGrantResponse): number;
  /** Forgets the grant: it was refused. */
  forget(): Promise<void>;
}

/** What a connection to a router is opened and extended by. */
export interface TokenSource {
  /** A token that is good for a while. */
  token(): Promise<string>;
  /** A new one. */
  renew(): Promise<string>;
}

/** What is known of a connection. */
export interface ConnectionReport {
  identity: string;
  service: string;
  circuitId: string;
  openedAtMs: number;
  openStreams: number;
  sentBytes: number;
  receivedBytes: number;
  suite: string;
  fingerprint: string;
  keyAgeMs: number;
  /** Nearest first; `undefined` until measured. */
  path: readonly HopReport[] | undefined;
  /** Round trip inside the encryption. */
  sessionRoundTripMs: number | undefined;
}

export interface HopReport {
  kind: 'router' | 'host';
  name: string;
  roundTripMs: number;
}
