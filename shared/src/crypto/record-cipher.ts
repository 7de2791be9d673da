import { AppError } from '../errors/index.ts';
import { plain } from './plain-buffer.ts';

export const RECORD_KEY_BYTES = 32;
export const RECORD_NONCE_BYTES = 12;
export const RECORD_TAG_BYTES = 16;

/**
 * AES-256-GCM under one key. An implementation is either always synchronous or always asynchronous,
 * and has taken what it needs of its arguments when it returns: the caller may reuse them at once.
 */
export interface RecordCipher {
  /** Ciphertext ‖ tag, behind `headroom` bytes (default 0) that the caller will fill in. */
  seal(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    plaintext: Uint8Array,
    headroom?: number,
  ): Uint8Array | Promise<Uint8Array>;
  /** Plaintext of `sealed` = ciphertext ‖ tag. Throws or rejects when it was altered. */
  open(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | Promise<Uint8Array>;
}

/** Makes a cipher from a 32-byte key. Node parts inject a synchronous one. */
export type RecordCipherFactory = (key: Uint8Array) => RecordCipher | Promise<RecordCipher>;

/** WebCrypto's AES-256-GCM: the default {@link RecordCipherFactory}. */
export async function createWebCryptoCipher(rawKey: Uint8Array): Promise<RecordCipher> {
  if (rawKey.length !== RECORD_KEY_BYTES) {
    throw new AppError('ERR_KEY_INVALID', 'a record key has 32 bytes');
  }
  const key = await crypto.subtle.importKey('raw', plain(rawKey), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ]);
  const parameters = (nonce: Uint8Array, additionalData: Uint8Array) => ({
    name: 'AES-GCM',
    iv: plain(nonce),
    additionalData: plain(additionalData),
  });
  return {
    async seal(nonce, additionalData, plaintext, headroom = 0) {
      const sealed = new Uint8Array(
        await crypto.subtle.encrypt(parameters(nonce, additionalData), key, plain(plaintext)),
      );
      if (headroom === 0) return sealed;
      const padded = new Uint8Array(headroom + sealed.length);
      padded.set(sealed, headroom);
      return padded;
    },
    async open(nonce, additionalData, sealed) {
      return new Uint8Array(
        await crypto.subtle.decrypt(parameters(nonce, additionalData), key, plain(sealed)),
      );
    },
  };
}
