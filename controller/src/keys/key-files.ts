/** Private signing keys: one 0600 file each, outside the database. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';

/** A P-256 private key as JWK (RFC 7518 §6.2). */
export const privateJwkSchema = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().length(43),
  y: z.string().length(43),
  d: z.string().length(43),
});
export type PrivateJwk = z.infer<typeof privateJwkSchema>;

export interface KeyFiles {
  /** The key, or `undefined` when there is no such file. @throws AppError ERR_KEYS_FILE_INVALID */
  read(kid: string): Promise<PrivateJwk | undefined>;
  /** On disk when the promise resolves. */
  write(kid: string, jwk: PrivateJwk): Promise<void>;
  remove(kid: string): Promise<void>;
  list(): Promise<string[]>;
}

const SUFFIX = '.jwk.json';

export async function openKeyFiles(folder: string): Promise<KeyFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pathOf = (kid: string): string => {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(kid)) {
      throw new AppError('ERR_KEYS_FILE_INVALID', 'a key id is no file name');
    }
    return join(folder, kid + SUFFIX);
  };
  return {
    read: async (kid) => {
      try {
        const text = await readIfPresent(pathOf(kid));
        return text === undefined ? undefined : privateJwkSchema.parse(JSON.parse(text));
      } catch {
        // The parse error could quote the key: it is not passed on.
        throw new AppError(
          'ERR_KEYS_FILE_INVALID',
          `the file of signing key ${kid} is not readable`,
        );
      }
    },
    write: (kid, jwk) => writeDurably(pathOf(kid), JSON.stringify(jwk)),
    remove: (kid) => rm(pathOf(kid), { force: true }),
    list: async () =>
      (await readdir(folder))
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => name.slice(0, -SUFFIX.length)),
  };
}
