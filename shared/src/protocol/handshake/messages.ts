/**
 * Messages of the handshake (docs/protocol.md, "Handshake"):
 *
 *     M1  01 | version u8 | n u8 | n × suite u16 | X25519 share (32) | ML-KEM-768 key (1184)
 *            | u16 length | dial grant
 *     M2  02 | suite u16 | X25519 share (32) | ML-KEM ciphertext (1088)
 *            | sealed{ u16 length | bind grant | signature (64) }
 *     M3  03 | sealed{ client key (65) | signature (64) | u16 length | assertion }
 */
import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8 } from '../../bytes/index.ts';
import {
  ES256_SIGNATURE_BYTES,
  MLKEM_CIPHERTEXT_BYTES,
  MLKEM_PUBLIC_KEY_BYTES,
  P256_POINT_BYTES,
  X25519_BYTES,
} from '../../crypto/index.ts';
import { AppError } from '../../errors/index.ts';
import { MAX_TOKEN_LENGTH } from '../../grants/index.ts';

export const HANDSHAKE_VERSION = 1;
/** X25519 + ML-KEM-768, HKDF-SHA-256, AES-256-GCM, ES256. */
export const SUITE_1 = 1;
/** Name of {@link SUITE_1} for logs and pages. */
export const SUITE_1_NAME = 'X25519-MLKEM768-HKDF-SHA256-AES256GCM-ES256';

const MAX_SUITES = 16;
const MAX_GRANT_BYTES = MAX_TOKEN_LENGTH;

export interface ClientHello {
  readonly version: number;
  readonly suites: readonly number[];
  readonly share: Uint8Array;
  readonly kemKey: Uint8Array;
  readonly dialGrant: string;
}

export interface HostHello {
  readonly suite: number;
  readonly share: Uint8Array;
  readonly kemCiphertext: Uint8Array;
}

export interface HostProof {
  readonly bindGrant: string;
  readonly signature: Uint8Array;
}

export interface ClientProof {
  /** The client's P-256 point. */
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
  /** Empty if the client has none. */
  readonly assertion: string;
}

/** Length of M2 up to its sealed part: what the transcript hash th1 covers of it. */
export const HOST_HELLO_BYTES = 1 + 2 + X25519_BYTES + MLKEM_CIPHERTEXT_BYTES;

export function encodeClientHello(hello: ClientHello): Uint8Array {
  const grant = encodeUtf8(hello.dialGrant);
  const writer = new ByteWriter(
    3 + 2 * hello.suites.length + X25519_BYTES + MLKEM_PUBLIC_KEY_BYTES + 2 + grant.length,
  );
  writer.u8(1).u8(hello.version).u8(hello.suites.length);
  for (const suite of hello.suites) writer.u16(suite);
  return writer.bytes(hello.share).bytes(hello.kemKey).u16(grant.length).bytes(grant).finish();
}

/** Throws `ERR_HANDSHAKE_MESSAGE` or an `ERR_BYTES_…`. */
export function decodeClientHello(message: Uint8Array): ClientHello {
  const reader = new ByteReader(message);
  expectTag(reader, 1);
  const version = reader.u8();
  const count = reader.u8();
  if (count === 0 || count > MAX_SUITES) throw malformed('impossible number of suites');
  const suites = Array.from({ length: count }, () => reader.u16());
  const share = reader.bytes(X25519_BYTES);
  const kemKey = reader.bytes(MLKEM_PUBLIC_KEY_BYTES);
  const dialGrant = readToken(reader);
  reader.end();
  return { version, suites, share, kemKey, dialGrant };
}

export function encodeHostHello(hello: HostHello): Uint8Array {
  return new ByteWriter(HOST_HELLO_BYTES)
    .u8(2)
    .u16(hello.suite)
    .bytes(hello.share)
    .bytes(hello.kemCiphertext)
    .finish();
}

/** Splits M2; throws like {@link decodeClientHello}. */
export function decodeHostHello(message: Uint8Array): HostHello & { sealedProof: Uint8Array } {
  const reader = new ByteReader(message);
  expectTag(reader, 2);
  const suite = reader.u16();
  const share = reader.bytes(X25519_BYTES);
  const kemCiphertext = reader.bytes(MLKEM_CIPHERTEXT_BYTES);
  return { suite, share, kemCiphertext, sealedProof: reader.rest() };
}

export function encodeHostProof(proof: HostProof): Uint8Array {
  const grant = encodeUtf8(proof.bindGrant);
  return new ByteWriter(2 + grant.length + ES256_SIGNATURE_BYTES)
    .u16(grant.length)
    .bytes(grant)
    .bytes(proof.signature)
    .finish();
}

export function decodeHostProof(plaintext: Uint8Array): HostProof {
  const reader = new ByteReader(plaintext);
  const bindGrant = readToken(reader);
  const signature = reader.bytes(ES256_SIGNATURE_BYTES);
  reader.end();
  return { bindGrant, signature };
}

/** The sealed part of M3 out of the message. */
export function decodeClientFinish(message: Uint8Array): Uint8Array {
  const reader = new ByteReader(message);
  expectTag(reader, 3);
  return reader.rest();
}

export function encodeClientProof(proof: ClientProof): Uint8Array {
  const assertion = encodeUtf8(proof.assertion);
  return new ByteWriter(P256_POINT_BYTES + ES256_SIGNATURE_BYTES + 2 + assertion.length)
    .bytes(proof.key)
    .bytes(proof.signature)
    .u16(assertion.length)
    .bytes(assertion)
    .finish();
}

export function decodeClientProof(plaintext: Uint8Array): ClientProof {
  const reader = new ByteReader(plaintext);
  const key = reader.bytes(P256_POINT_BYTES);
  const signature = reader.bytes(ES256_SIGNATURE_BYTES);
  const assertion = readToken(reader);
  reader.end();
  return { key, signature, assertion };
}

function readToken(reader: ByteReader): string {
  const length = reader.u16();
  if (length > MAX_GRANT_BYTES) throw malformed('token too long');
  return decodeUtf8(reader.bytes(length));
}

function expectTag(reader: ByteReader, tag: number): void {
  if (reader.u8() !== tag) throw malformed(`not message ${tag} of the handshake`);
}

function malformed(why: string): AppError {
  return new AppError('ERR_HANDSHAKE_MESSAGE', why);
}
