import { randomBytes } from 'node:crypto';
import { createWebCryptoCipher } from '@postern/shared/crypto';
import { describe, expect, it } from 'vitest';
import { createNodeRecordCipher } from './node-record-cipher.ts';

const [key, nonce, additionalData] = [randomBytes(32), randomBytes(12), randomBytes(8)];

describe('createNodeRecordCipher', () => {
  it('speaks the same as WebCrypto, both ways', async () => {
    const node = createNodeRecordCipher(key);
    const web = await createWebCryptoCipher(key);
    for (const length of [0, 1, 65_536]) {
      const plaintext = new Uint8Array(randomBytes(length));
      const sealed = await node.seal(nonce, additionalData, plaintext, 8);
      expect(Buffer.from(await web.open(nonce, additionalData, sealed.subarray(8)))).toEqual(
        Buffer.from(plaintext),
      );
      const other = await web.seal(nonce, additionalData, plaintext);
      expect(Buffer.from(await node.open(nonce, additionalData, other))).toEqual(
        Buffer.from(plaintext),
      );
    }
  });

  it('refuses what was changed or cut', async () => {
    const cipher = createNodeRecordCipher(key);
    const sealed = await cipher.seal(nonce, additionalData, Uint8Array.of(1, 2, 3));
    sealed[0] = (sealed[0] ?? 0) ^ 1;
    expect(() => cipher.open(nonce, additionalData, sealed)).toThrow();
    expect(() => cipher.open(nonce, additionalData, sealed.subarray(0, 10))).toThrow();
  });
});
