import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 11;

/** A new entity id: 11 characters of `[0-9A-Za-z]`, 65 random bits. */
export function newId(): string {
  let id = '';
  while (id.length < LENGTH) {
    for (const byte of randomBytes(16)) {
      // 248 = 4 × 62: bytes above would favour the first letters.
      if (byte < 248 && id.length < LENGTH) id += ALPHABET.charAt(byte % 62);
    }
  }
  return id;
}
