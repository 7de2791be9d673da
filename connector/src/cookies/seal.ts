/**
 * Seals the values of HttpOnly cookies, so that a browser keeps them without being able to read
 * them (docs/protocol.md, "HTTP in a stream").
 *
 *     ~1.base64url( nonce (12) ‖ AES-256-GCM ciphertext ‖ tag (16) )
 *
 * Additional data: service id, identity id, app key thumbprint and cookie name, each with a u16
 * big-endian length before it. The name is part of it because page script that got hold of a sealed
 * value could otherwise hand it back under a name whose value the app shows.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const PREFIX = '~1.';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Who a cookie value belongs to: it opens for nobody else. */
export interface CookieOwner {
  serviceId: string;
  identityId: string;
  /** RFC 7638 thumbprint of the browser's app key. */
  keyThumbprint: string;
}

export interface CookieSealer {
  seal(owner: CookieOwner, name: string, value: string): string;
  /** The value, or `undefined` when it was sealed for someone else, by another key, or changed. */
  open(owner: CookieOwner, name: string, sealed: string): string | undefined;
}

export function isSealed(value: string): boolean {
  return value.startsWith(PREFIX);
}

/** @param key 32 random bytes. Cookie values are latin-1 strings. */
export function createCookieSealer(key: Uint8Array): CookieSealer {
  return {
    seal(owner, name, value) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData(owner, name));
      const parts = [nonce, cipher.update(value, 'latin1'), cipher.final(), cipher.getAuthTag()];
      return PREFIX + Buffer.concat(parts).toString('base64url');
    },
    open(owner, name, sealed) {
      const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
      if (!isSealed(sealed) || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const end = bytes.length - TAG_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(additionalData(owner, name))
        .setAuthTag(bytes.subarray(end));
      try {
        const value = decipher.update(bytes.subarray(NONCE_BYTES, end));
        return Buffer.concat([value, decipher.final()]).toString('latin1');
      } catch {
        return undefined;
      }
    },
  };
}

function additionalData(owner: CookieOwner, name: string): Buffer {
  const parts = [owner.serviceId, owner.identityId, owner.keyThumbprint, name];
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  );
}
