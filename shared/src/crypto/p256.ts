/** P-256 keys and ES256 signatures (r ‖ s, 64 bytes) over WebCrypto. */
import { concatBytes, encodeUtf8, fromBase64Url, toBase64Url } from '../bytes/index.ts';
import { AppError } from '../errors/index.ts';
import type { PublicJwk } from '../schemas/control.ts';
import { sha256 } from './hash.ts';
import { plain } from './plain-buffer.ts';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const ES256 = { name: 'ECDSA', hash: 'SHA-256' } as const;

export const ES256_SIGNATURE_BYTES = 64;
/** An uncompressed point: 04 ‖ x ‖ y (SEC 1 §2.3.3). */
export const P256_POINT_BYTES = 65;

/** A signing key with its public half. The private key may be non-extractable. */
export interface P256KeyPair {
  readonly privateKey: CryptoKey;
  /** Uncompressed point, 65 bytes. */
  readonly publicPoint: Uint8Array;
}

/** Makes a key pair; not extractable unless asked for. */
export async function generateP256KeyPair(extractable = false): Promise<P256KeyPair> {
  const pair = await crypto.subtle.generateKey(CURVE, extractable, ['sign', 'verify']);
  const publicPoint = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { privateKey: pair.privateKey, publicPoint };
}

export async function signEs256(privateKey: CryptoKey, message: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(ES256, privateKey, plain(message)));
}

/** False for a wrong signature, and for a point that is not on the curve. */
export async function verifyEs256(
  publicPoint: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  if (signature.length !== ES256_SIGNATURE_BYTES || !isUncompressed(publicPoint)) return false;
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey('raw', plain(publicPoint), CURVE, false, ['verify']);
  } catch {
    return false;
  }
  return crypto.subtle.verify(ES256, key, plain(signature), plain(message));
}

/** Throws `ERR_KEY_INVALID` unless the point is uncompressed; does not check the curve equation. */
export function jwkFromPoint(point: Uint8Array): PublicJwk {
  if (!isUncompressed(point)) throw new AppError('ERR_KEY_INVALID', 'not an uncompressed point');
  return {
    kty: 'EC',
    crv: 'P-256',
    x: toBase64Url(point.subarray(1, 33)),
    y: toBase64Url(point.subarray(33)),
  };
}

/** Throws `ERR_KEY_INVALID` unless both coordinates are 32 bytes. */
export function pointFromJwk(jwk: Pick<PublicJwk, 'x' | 'y'>): Uint8Array {
  const x = fromBase64Url(jwk.x);
  const y = fromBase64Url(jwk.y);
  if (x.length !== 32 || y.length !== 32) {
    throw new AppError('ERR_KEY_INVALID', 'coordinates are not 32 bytes');
  }
  return concatBytes(Uint8Array.of(4), x, y);
}

/** RFC 7638 thumbprint of the public key, base64url of 32 bytes. */
export async function jwkThumbprint(jwk: Pick<PublicJwk, 'x' | 'y'>): Promise<string> {
  // Members in lexicographic order without white space: RFC 7638 §3.2.
  const canonical = JSON.stringify({ crv: 'P-256', kty: 'EC', x: jwk.x, y: jwk.y });
  return toBase64Url(await sha256(encodeUtf8(canonical)));
}

/** {@link jwkThumbprint} of an uncompressed point; throws `ERR_KEY_INVALID`. */
export async function pointThumbprint(point: Uint8Array): Promise<string> {
  return jwkThumbprint(jwkFromPoint(point));
}

function isUncompressed(point: Uint8Array): boolean {
  return point.length === P256_POINT_BYTES && point[0] === 4;
}
