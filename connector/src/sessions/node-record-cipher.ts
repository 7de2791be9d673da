import { createCipheriv, createDecipheriv } from 'node:crypto';
import { RECORD_TAG_BYTES, type RecordCipher } from '@postern/shared/crypto';

/**
 * Synchronous AES-256-GCM by OpenSSL. WebCrypto would hop to another thread for each record, which
 * costs more than the encryption of a small one.
 *
 * @param key 32 bytes
 */
export function createNodeRecordCipher(key: Uint8Array): RecordCipher {
  const options = { authTagLength: RECORD_TAG_BYTES };
  return {
    seal(nonce, additionalData, plaintext, headroom = 0) {
      const cipher = createCipheriv('aes-256-gcm', key, nonce, options).setAAD(additionalData);
      const sealed = new Uint8Array(headroom + plaintext.length + RECORD_TAG_BYTES);
      sealed.set(cipher.update(plaintext), headroom);
      cipher.final();
      sealed.set(cipher.getAuthTag(), headroom + plaintext.length);
      return sealed;
    },
    open(nonce, additionalData, sealed) {
      const end = sealed.length - RECORD_TAG_BYTES;
      if (end < 0) throw new RangeError('record is shorter than its tag');
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, options)
        .setAAD(additionalData)
        .setAuthTag(sealed.subarray(end));
      const plaintext = decipher.update(sealed.subarray(0, end));
      decipher.final();
      return plaintext;
    },
  };
}
