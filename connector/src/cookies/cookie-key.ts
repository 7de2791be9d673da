import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { AppError } from '@postern/shared/errors';

const KEY_BYTES = 32;

/**
 * Reads the 32-byte cookie key, making it with mode 0600 on first use.
 * Throws `ERR_CONNECTOR_COOKIE_KEY` when the file holds something else.
 */
export async function loadCookieKey(path: string): Promise<Uint8Array> {
  try {
    await writeFile(path, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const key = await readFile(path);
  if (key.length !== KEY_BYTES) {
    throw new AppError('ERR_CONNECTOR_COOKIE_KEY', `${path} does not hold a ${KEY_BYTES} byte key`);
  }
  return key;
}
