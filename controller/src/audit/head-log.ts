/**
 * Signed heads in files outside the database, one line a minute in which something was recorded, and
 * one when the controller stops. `heads.jws` can lie on another disk or be shipped away as it grows.
 */
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';
import { AppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import { publicJwkSchema, type PublicJwk } from '@postern/shared/schemas';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
} from 'jose';
import { privateJwkSchema, type PrivateJwk } from '../keys/key-files.ts';
import type { AuditHead } from './audit-head.ts';
import { openHead, signHead } from './audit-head.ts';

export const HEADS_FILE = 'heads.jws';
export const PUBLIC_KEY_FILE = 'public.jwk.json';
const PRIVATE_KEY_FILE = 'private.jwk.json';

/** A head and its signature. */
export interface SignedHead extends AuditHead {
  readonly jws: string;
}

export interface HeadLog {
  readonly publicKey: PublicJwk;
  /** The last line that was written, by this process or an earlier one. */
  readonly last: SignedHead | undefined;
  /** Signs and appends, on disk when the promise resolves. A head already written is not repeated. */
  append(head: AuditHead): Promise<SignedHead>;
}

/** Opens `folder`, making it and the audit key when absent. @throws AppError ERR_AUDIT_KEY_INVALID */
export async function openHeadLog(folder: string, logger: Logger): Promise<HeadLog> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { privateKey, publicKey, kid } = await openKey(folder);
  const file = join(folder, HEADS_FILE);
  const lines = await readHeads(file);
  const lastLine = lines.at(-1);
  const opened = lastLine === undefined ? undefined : await openHead(lastLine, [publicKey]);
  if (lastLine !== undefined && !opened)
    logger.error('audit.head-unreadable', { file: HEADS_FILE, line: lines.length });
  let last: SignedHead | undefined = opened && { ...opened, jws: lastLine ?? '' };

  return {
    publicKey,
    get last() {
      return last;
    },
    append: async (head) => {
      if (last?.seq === head.seq && last.hash === head.hash) return last;
      const jws = await signHead(head, privateKey, kid);
      const handle = await open(file, 'a', 0o600);
      try {
        await handle.write(`${jws}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      last = { ...head, jws };
      return last;
    },
  };
}

/** The lines of a heads file; none when there is no file. */
export async function readHeads(file: string): Promise<string[]> {
  const text = await readIfPresent(file);
  return (text ?? '').split('\n').filter((line) => line !== '');
}

/** The public key that `openHeadLog` left in `folder`. @throws AppError ERR_AUDIT_KEY_INVALID */
export async function readPublicKey(file: string): Promise<PublicJwk> {
  try {
    return publicJwkSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new AppError('ERR_AUDIT_KEY_INVALID', `no public audit key in ${file}`, { cause });
  }
}

async function openKey(folder: string) {
  const file = join(folder, PRIVATE_KEY_FILE);
  let text = await readIfPresent(file);
  if (text === undefined) {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const { kty, crv, x, y, d } = await exportJWK(pair.privateKey);
    text = JSON.stringify({ kty, crv, x, y, d });
    await writeDurably(file, text);
  }
  let parsed;
  try {
    parsed = privateJwkSchema.parse(JSON.parse(text));
  } catch {
    // The parse error could quote the key: it is not passed on.
    throw new AppError('ERR_AUDIT_KEY_INVALID', `${PRIVATE_KEY_FILE} is no P-256 private key`);
  }
  const { kty, crv, x, y } = parsed;
  const kid = await calculateJwkThumbprint({ kty, crv, x, y });
  const publicKey: PublicJwk = { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' };
  await writeDurably(join(folder, PUBLIC_KEY_FILE), JSON.stringify(publicKey), 0o644);
  return {
    privateKey: await importPrivate(parsed),
    publicKey,
    kid,
  };
}

/** As a non-extractable key: what holds it can sign, not copy. */
function importPrivate(jwk: PrivateJwk): Promise<CryptoKey> {
  return importJWK(jwk, 'ES256', { extractable: false });
}
