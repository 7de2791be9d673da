import type { Kysely } from 'kysely';
import { repositories } from '../store/repositories.ts';
import type { Database } from '../store/tables.ts';

/** A logo in use, by the SHA-256 (hex) of its bytes. */
export async function findLogo(
  db: Kysely<Database>,
  sha256: string,
): Promise<{ mediaType: string; bytes: Buffer<ArrayBuffer> } | undefined> {
  const [row] = await repositories.brandings.find(db, { logoSha256: sha256 });
  const { mediaType, data } = row?.logo ?? {};
  if (mediaType === undefined || data === undefined) return undefined;
  return { mediaType, bytes: Buffer.from(data, 'base64') };
}
