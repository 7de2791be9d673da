/** Secrets the API must show again are stored under a key that is not in the database. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';

export interface Sealer {
  seal(plain: string): string;
  /** @throws Error when the text was sealed under another key or altered. */
  open(sealed: string): string;
  /** 256 bits for another purpose, base64url: the same for the same label under the same key. */
  derive(label: string): string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Loads or makes the 256-bit key `<dir>/seal.key` (0600). AES-256-GCM; text is `nonce ‖ ciphertext ‖ tag` in base64url. */
export async function openSealer(dir: string): Promise<Sealer> {
  const file = join(dir, 'seal.key');
  let encoded = await readIfPresent(file);
  if (encoded === undefined) {
    encoded = randomBytes(32).toString('base64url');
    await writeDurably(file, encoded);
  }
  const key = Buffer.from(encoded, 'base64url');
  return {
    seal(plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      return Buffer.concat([
        nonce,
        cipher.update(plain, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]).toString('base64url');
    },
    derive: (label) => Buffer.from(hkdfSync('sha256', key, '', label, 32)).toString('base64url'),
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return (
        decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') +
        decipher.final('utf8')
      );
    },
  };
}
