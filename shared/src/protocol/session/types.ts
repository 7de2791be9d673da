/**
 * The multiplexer inside a secure session: many streams over one encrypted circuit, each with byte
 * credits per direction. Implemented by `SecureSession`; used by the service worker (opens streams)
 * and by connectors (accept them).
 */
import type { CloseReason } from '../edge/types.ts';

/** What a stream carries. `http`: structured heads (../http); `tcp`: raw bytes. */
export type StreamType = 'http' | 'tcp';

/** Reset codes on the wire (u32). One table for both ends. */
export const ResetCode = {
  cancelled: 1,
  refused: 2,
  appUnreachable: 3,
  appFailed: 4,
  protocolError: 5,
  accessRemoved: 6,
  timeout: 7,
  tooLarge: 8,
  internal: 9,
  forbidden: 10,
} as const;
export type ResetCode = (typeof ResetCode)[keyof typeof ResetCode];

/** One bidirectional stream. */
export interface SessionStream {
  readonly id: number;
  readonly type: StreamType;
  /** The opener's head bytes (an encoded request head for `http`, empty or a target for `tcp`). */
  readonly openHead: Uint8Array;

  /** Accepting side: sends a head (an `http` response head; may be called several times for 1xx). */
  sendHead(head: Uint8Array): void;
  /** Opening side: the next head the peer sent, in order. Rejects with the stream's error. */
  nextHead(signal?: AbortSignal): Promise<Uint8Array>;

  /** Next chunk, or `undefined` after the authenticated end. Rejects when reset or truncated. Credit returns as chunks are read. */
  read(signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Trailers, once `read` returned `undefined`; empty if none. Encoded as in ../http. */
  readonly trailers: Uint8Array | undefined;

  /** Writes bytes, split into records; resolves when they were handed to the circuit within credit (backpressure). The caller may not change `bytes` until then. */
  write(bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Ends this side's direction, optionally with trailers. */
  end(trailers?: Uint8Array): Promise<void>;
  /** Ends both directions at once with an error. Idempotent. */
  reset(code: ResetCode, reason?: string): void;
  /** Resolves when both directions ended, with the reset if there was one. Never rejects. */
  readonly closed: Promise<{ reset?: { code: number; reason: string; byPeer: boolean } }>;
}

export interface SessionTraffic {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Age of the key that seals what is sent, in ms. */
  readonly keyAgeMs: number;
}

/** An encrypted, authenticated session over one circuit. */
export interface SecureSession {
  readonly circuitId: string;
  readonly suite: string;
  /** Shown at both ends, for people to compare: equal only where one handshake joined them. No secret. */
  readonly fingerprint: string;
  /** What went over the circuit, records and their overhead, and how old the sending key is. */
  readonly traffic: SessionTraffic;
  /** Verified claims of the other end: the bind grant's for the opener, the dial grant's for the host. */
  readonly peer: Record<string, unknown>;
  /** Latest identity assertion received (host side). */
  readonly assertion: string | undefined;
  /** Opens a stream; throws `ERR_SESSION_STREAM_LIMIT` or `ERR_SESSION_CLOSED`. */
  openStream(type: StreamType, head: Uint8Array): SessionStream;
  /** Set by the host: called for each stream the peer opens. Unset: streams are refused. */
  onStream: ((stream: SessionStream) => void) | undefined;
  /** Opener: proves continued authorisation with a newer grant and assertion (AUTH record). */
  renew(dialGrant: string, assertion: string): void;
  readonly openStreams: number;
  /** Round trip inside the encryption, in ms. */
  ping(signal?: AbortSignal): Promise<number>;
  /** Authenticated end of the session; resets what is open. */
  close(reason?: CloseReason): void;
  /** Resolves when the session ended. Never rejects. */
  readonly closed: Promise<CloseReason>;
}
