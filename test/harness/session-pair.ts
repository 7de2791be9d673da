/** Two sessions over an in-memory circuit, without the handshake that would give them their keys. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concatBytes } from '../../shared/src/bytes/index.ts';
import { createWebCryptoCipher, type RecordCipherFactory } from '../../shared/src/crypto/index.ts';
import type { DialGrantClaims } from '../../shared/src/grants/index.ts';
import type { Clock } from '../../shared/src/protocol/channel/index.ts';
import type { AuthRenewalOptions } from '../../shared/src/protocol/session/auth-renewal.ts';
import type { SessionLimits } from '../../shared/src/protocol/session/session-options.ts';
import { Session } from '../../shared/src/protocol/session/session.ts';
import { TrafficKey } from '../../shared/src/protocol/session/traffic-key.ts';
import type { SessionStream } from '../../shared/src/protocol/session/types.ts';
import { memoryCircuitPair, type MemoryCircuitOptions } from './memory-circuit.ts';

/** What connectors inject: synchronous AES-256-GCM. */
export const createSyncCipher: RecordCipherFactory = (key) => ({
  seal(nonce, additionalData, plaintext, headroom = 0) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData);
    const sealed = concatBytes(
      new Uint8Array(headroom),
      cipher.update(plaintext),
      cipher.final(),
      cipher.getAuthTag(),
    );
    return sealed;
  },
  open(nonce, additionalData, sealed) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(additionalData);
    decipher.setAuthTag(sealed.subarray(-16));
    const plaintext = decipher.update(sealed.subarray(0, -16));
    decipher.final();
    return new Uint8Array(plaintext);
  },
});

const sessions: Session[] = [];

/** Ends every session made here. */
export function closeSessions(): void {
  for (const session of sessions.splice(0)) session.close();
}

export interface SessionPairOptions {
  circuit?: MemoryCircuitOptions;
  limits?: SessionLimits;
  createCipher?: RecordCipherFactory;
  clock?: Clock;
  auth?: { options: AuthRenewalOptions; claims: DialGrantClaims };
}

/** An opener and a host; `accept` waits for the next stream the opener opens. */
export async function createSessionPair({
  circuit,
  limits,
  createCipher = createWebCryptoCipher,
  auth,
  clock,
}: SessionPairOptions = {}) {
  const [a, b] = memoryCircuitPair(circuit);
  const secrets = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] as const;
  const key = (secret: Uint8Array) => TrafficKey.create(secret.slice(), createCipher);
  const common = { suite: 'test', peer: {}, limits, clock };
  const opener = new Session({
    ...common,
    circuit: a,
    role: 'opener',
    sendKey: await key(secrets[0]),
    receiveKey: await key(secrets[1]),
  });
  const host = new Session({
    ...common,
    circuit: b,
    role: 'host',
    sendKey: await key(secrets[1]),
    receiveKey: await key(secrets[0]),
    ...(auth && { auth }),
  });
  sessions.push(opener, host);
  const accepted: SessionStream[] = [];
  const waiting: ((stream: SessionStream) => void)[] = [];
  host.onStream = (stream) => {
    const next = waiting.shift();
    if (next) next(stream);
    else accepted.push(stream);
  };
  const accept = () => {
    const stream = accepted.shift();
    return stream
      ? Promise.resolve(stream)
      : new Promise<SessionStream>((resolve) => waiting.push(resolve));
  };
  return { a, b, opener, host, accept };
}

export async function readAll(stream: SessionStream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await stream.read(); chunk; chunk = await stream.read()) chunks.push(chunk);
  return concatBytes(...chunks);
}

/** Bytes whose place can be told from their value. */
export const pattern = (length: number) =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
