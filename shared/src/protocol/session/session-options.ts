import type { DialGrantClaims } from '../../grants/index.ts';
import type { Clock } from '../channel/clock.ts';
import type { Circuit } from '../edge/types.ts';
import type { AuthRenewalOptions } from './auth-renewal.ts';
import type { TrafficKey } from './traffic-key.ts';

/** Limits of a session, all optional. */
export interface SessionLimits {
  /** Receive window of a stream that carries much; 256 KiB to 16 MiB, default 1 MiB. */
  readonly streamWindowBytes?: number;
  /** All receive windows together stay below it; default 64 MiB. */
  readonly sessionWindowBytes?: number;
  /** Streams open at once, both sides together; default and most 256. */
  readonly maxStreams?: number;
  /** Records under one key before REKEY; default 2²⁴ − 1, which is also the most. */
  readonly rekeyRecords?: number;
  /** Age of a key before REKEY; default 1 h. */
  readonly rekeyMs?: number;
}

export interface SessionOptions {
  readonly circuit: Circuit;
  readonly role: 'opener' | 'host';
  readonly suite: string;
  readonly fingerprint?: string;
  readonly sendKey: TrafficKey;
  readonly receiveKey: TrafficKey;
  readonly peer: Record<string, unknown>;
  readonly assertion?: string | undefined;
  /** Host: how AUTH is checked, and the claims it renews. */
  readonly auth?: { readonly options: AuthRenewalOptions; readonly claims: DialGrantClaims };
  readonly limits?: SessionLimits | undefined;
  readonly clock?: Clock | undefined;
}
