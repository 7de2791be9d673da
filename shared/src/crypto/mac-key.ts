import { concatBytes } from '../bytes/index.ts';
import { plain } from './plain-buffer.ts';

export const MAC_BYTES = 32;

const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const;

/** HMAC-SHA-256 under one key, over the parts one after the other. */
export interface MacKey {
  /** 32 bytes. */
  sign(...parts: readonly Uint8Array[]): Promise<Uint8Array>;
  /** Compares in constant time. */
  verify(mac: Uint8Array, ...parts: readonly Uint8Array[]): Promise<boolean>;
}

/** Imports a key; the bytes given may be overwritten afterwards. */
export async function createMacKey(bytes: Uint8Array): Promise<MacKey> {
  const key = await crypto.subtle.importKey('raw', plain(bytes), HMAC, false, ['sign', 'verify']);
  return {
    async sign(...parts) {
      return new Uint8Array(await crypto.subtle.sign(HMAC, key, concatBytes(...parts)));
    },
    verify: (mac, ...parts) => crypto.subtle.verify(HMAC, key, plain(mac), concatBytes(...parts)),
  };
}
