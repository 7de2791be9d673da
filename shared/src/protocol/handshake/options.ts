import type { P256KeyPair, RandomBytes, RecordCipherFactory } from '../../crypto/index.ts';
import type { KeySet, TokenTime } from '../../grants/index.ts';
import type { Logger } from '../../log/index.ts';
import type { Clock } from '../channel/clock.ts';
import type { Circuit } from '../edge/types.ts';
import type { Resumptions } from '../resume/resumptions.ts';
import type { SecureSession, SessionLimits, SessionStream } from '../session/index.ts';

/** What both sides of a handshake take. */
export interface HandshakeOptions {
  /** Joined, its handlers not yet set. The handshake owns it, and closes it if it fails. */
  readonly circuit: Circuit;
  /** The service this circuit is for. */
  readonly serviceId: string;
  /** The controller's public keys. */
  readonly keys: KeySet;
  /** Makes ciphers; default WebCrypto's, which is asynchronous. */
  readonly createCipher?: RecordCipherFactory;
  /** Default 5,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly limits?: SessionLimits;
  /** For test vectors only. */
  readonly random?: RandomBytes;
}

export interface ConnectSecureOptions extends HandshakeOptions {
  readonly dialGrant: string;
  /** Identity assertion for the app; empty if there is none. */
  readonly assertion: string;
  /** The app key that the dial grant is bound to. */
  readonly key: P256KeyPair;
  /** When bind grants are judged; by default now, allowing their outage time. */
  readonly time?: () => TokenTime;
  /**
   * Makes the session survive the loss of its circuit: how to get another one to the same host.
   * Default: it ends with its circuit.
   */
  readonly resume?: {
    readonly redial: (hostId: string, signal: AbortSignal) => Promise<Circuit>;
    /** Default 30 s. */
    readonly graceMs?: number;
    readonly logger?: Logger;
  };
}

export interface AcceptSecureOptions extends HandshakeOptions {
  /** This host's identity id. */
  readonly hostId: string;
  readonly bindGrant: string;
  /** The key that the bind grant is for; may be non-extractable. */
  readonly privateKey: CryptoKey;
  /** When grants are judged, and whether a controller is connected. */
  readonly time: () => TokenTime;
  /** `aud` that assertions must have: the application's origin or the service's resource. */
  readonly assertionAudience: string;
  /** The caller that the router announced; the dial grant must name the same, if given. */
  readonly callerId?: string;
  /**
   * Takes the streams the caller opens. Given here because the first may arrive together with the
   * caller's proof, before `acceptSecure` has resolved.
   */
  readonly onStream: (stream: SessionStream, session: SecureSession) => void;
  /** Sessions of this host that may go on over another circuit; default: none may. */
  readonly resumptions?: Resumptions<SecureSession>;
  /** A session not renewed for so long ends; default 10 min. */
  readonly authDueMs?: number;
}
