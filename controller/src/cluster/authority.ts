/**
 * A database belongs to one certificate authority and one sealing key: what is sealed or enrolled
 * under others would be lost. So every controller of it needs the same files (docs/storage.md).
 */
import { X509Certificate } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@postern/shared/errors';
import type { Pki } from '../pki/pki.ts';
import type { Sealer } from '../store/sealer.ts';
import type { Store } from '../store/store.ts';

/** What a further controller is given, beside its configuration. The root's private key is not among it. */
export const AUTHORITY_FILES = ['root.crt', 'issuing.crt', 'issuing.key', 'seal.key'] as const;
const META_KEY = 'authority';

/**
 * To be called before the authority is opened, which would make a new one.
 * @throws AppError ERR_CONTROLLER_AUTHORITY when the database has one and its files are not in `dir`
 */
export async function requireAuthorityFiles(store: Store, dir: string): Promise<void> {
  if ((await readClaim(store)) === undefined) return;
  for (const name of AUTHORITY_FILES) {
    await access(join(dir, name)).catch(() => {
      throw refused(`${name} is missing in ${dir}`);
    });
  }
}

/** Notes whose the database is, once. @throws AppError ERR_CONTROLLER_AUTHORITY when it is another's */
export async function claimAuthority(store: Store, pki: Pki, sealer: Sealer): Promise<void> {
  const root = new X509Certificate(pki.trustBundlePem).fingerprint256;
  if ((await readClaim(store)) === undefined) {
    const row = { key: META_KEY, value: sealer.seal(root) };
    await store.write(async (tx) => {
      await tx.db
        .insertInto('meta')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }
  if (openClaim(sealer, (await readClaim(store)) ?? '') !== root)
    throw refused('the files here are of another authority');
}

async function readClaim({ db }: Store): Promise<string | undefined> {
  const row = await db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', META_KEY)
    .executeTakeFirst();
  return row?.value;
}

function openClaim(sealer: Sealer, sealed: string): string | undefined {
  try {
    return sealer.open(sealed);
  } catch {
    return undefined;
  }
}

function refused(why: string): AppError {
  return new AppError(
    'ERR_CONTROLLER_AUTHORITY',
    `the database belongs to another certificate authority: ${why}. Copy ${AUTHORITY_FILES.join(', ')} from the folder pki of a controller that uses it (docs/storage.md)`,
  );
}
