/** SHA-256 and HKDF-SHA-256 (RFC 5869) over WebCrypto. */
import { concatBytes, encodeUtf8 } from '../bytes/index.ts';
import { plain } from './plain-buffer.ts';

const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const;

export async function sha256(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concatBytes(...parts)));
}

/** First 128 bits of the SHA-256 of an origin, in hexadecimal: 32 digits. */
export async function originDigest(origin: string): Promise<string> {
  const digest = await sha256(encodeUtf8(origin));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** RFC 5869 §2.2: concentrates the entropy of `inputKey` into 32 bytes. */
export async function hkdfExtract(salt: Uint8Array, inputKey: Uint8Array): Promise<Uint8Array> {
  return hmac(salt, inputKey);
}

/** RFC 5869 §2.3 for outputs of one block; `length` is 1 to 32 bytes. */
export async function hkdfExpand(
  key: Uint8Array,
  label: string,
  length = 32,
  context: Uint8Array = new Uint8Array(),
): Promise<Uint8Array> {
  const block = await hmac(key, concatBytes(encodeUtf8(label), context, Uint8Array.of(1)));
  return block.subarray(0, length);
}

async function hmac(key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const hmacKey = await crypto.subtle.importKey('raw', plain(key), HMAC, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign(HMAC, hmacKey, plain(data)));
}
