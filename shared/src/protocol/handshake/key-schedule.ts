/** Transcript hashes, signed texts and keys of suite 1 (docs/protocol.md, "Handshake"). */
import { ByteWriter, concatBytes, encodeUtf8 } from '../../bytes/index.ts';
import {
  RECORD_NONCE_BYTES,
  hkdfExpand,
  hkdfExtract,
  sha256,
  type RecordCipherFactory,
} from '../../crypto/index.ts';
import { RESUMPTION_ID_BYTES } from '../resume/messages.ts';
import type { ResumptionSecrets } from '../resume/resumption-keys.ts';
import { FINGERPRINT_BYTES, formatFingerprint } from './fingerprint.ts';

export interface HandshakeKeys {
  /** Seals M2's proof. */
  readonly host: Uint8Array;
  /** Seals M3's proof. */
  readonly client: Uint8Array;
  /** Secrets of the records, once M2 and M3 are complete. */
  traffic(m2: Uint8Array, m3: Uint8Array): Promise<TrafficSecrets>;
}

export interface TrafficSecrets {
  readonly clientToHost: Uint8Array;
  readonly hostToClient: Uint8Array;
  readonly resumption: ResumptionSecrets;
  /** No secret; see {@link formatFingerprint}. */
  readonly fingerprint: string;
}

/** th1: everything sent in clear, and the circuit it was sent over. */
export async function transcriptHash(
  m1: Uint8Array,
  hostHello: Uint8Array,
  circuitId: string,
): Promise<Uint8Array> {
  const circuit = encodeUtf8(circuitId);
  const length = new ByteWriter(2).u16(circuit.length).finish();
  return sha256(m1, hostHello, length, circuit);
}

export async function deriveKeys(
  th1: Uint8Array,
  sharedSecret: Uint8Array,
): Promise<HandshakeKeys> {
  const prk = await hkdfExtract(th1, sharedSecret);
  const [host, client] = await Promise.all([
    hkdfExpand(prk, 'postern hs host'),
    hkdfExpand(prk, 'postern hs client'),
  ]);
  return {
    host,
    client,
    async traffic(m2, m3) {
      const th2 = await sha256(th1, m2, m3);
      const [clientToHost, hostToClient, id, client, host, fingerprint] = await Promise.all([
        hkdfExpand(prk, 'postern c2h', 32, th2),
        hkdfExpand(prk, 'postern h2c', 32, th2),
        hkdfExpand(prk, 'postern resume id', RESUMPTION_ID_BYTES, th2),
        hkdfExpand(prk, 'postern resume client', 32, th2),
        hkdfExpand(prk, 'postern resume host', 32, th2),
        hkdfExpand(prk, 'postern fingerprint', FINGERPRINT_BYTES, th2),
      ]);
      prk.fill(0);
      return {
        clientToHost,
        hostToClient,
        resumption: { id, client, host },
        fingerprint: formatFingerprint(fingerprint),
      };
    },
  };
}

/** What the host signs. */
export async function hostSignedText(
  th1: Uint8Array,
  dialGrant: string,
  bindGrant: string,
): Promise<Uint8Array> {
  const grants = await hashGrants(dialGrant, bindGrant);
  return concatBytes(encodeUtf8('postern-host-v1\0'), th1, ...grants);
}

/** What the client signs. */
export async function clientSignedText(
  th1: Uint8Array,
  m2: Uint8Array,
  dialGrant: string,
  bindGrant: string,
): Promise<Uint8Array> {
  const [m2Hash, grants] = await Promise.all([sha256(m2), hashGrants(dialGrant, bindGrant)]);
  return concatBytes(encodeUtf8('postern-client-v1\0'), th1, m2Hash, ...grants);
}

/** Seals the only message under `key`: nonce 0, additional data th1. */
export async function sealProof(
  createCipher: RecordCipherFactory,
  key: Uint8Array,
  th1: Uint8Array,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const cipher = await createCipher(key);
  return cipher.seal(new Uint8Array(RECORD_NONCE_BYTES), th1, plaintext);
}

export async function openProof(
  createCipher: RecordCipherFactory,
  key: Uint8Array,
  th1: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const cipher = await createCipher(key);
  return cipher.open(new Uint8Array(RECORD_NONCE_BYTES), th1, sealed);
}

function hashGrants(dialGrant: string, bindGrant: string): Promise<[Uint8Array, Uint8Array]> {
  return Promise.all([sha256(encodeUtf8(dialGrant)), sha256(encodeUtf8(bindGrant))]);
}
