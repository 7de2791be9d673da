/**
 * The application's key in this browser: P-256, made here, never extractable. Tokens and grants are
 * bound to it (`cnf.jkt`), requests to the controller and to routers are signed by it.
 */
import { AppError } from '@postern/shared/errors';
import type { Store } from '../storage/store.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;

export interface AppKey {
  readonly pair: CryptoKeyPair;
  readonly privateKey: CryptoKey;
  /** Uncompressed point, 65 bytes. */
  readonly publicPoint: Uint8Array<ArrayBuffer>;
}

/** The stored key, made at first use. Callers share one call. Throws `ERR_SW_STORAGE`. */
export async function loadAppKey(store: Store): Promise<AppKey> {
  let pair = storedPair(await store.get('appKey'));
  if (pair === undefined) {
    pair = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
    await store.put('appKey', pair);
  }
  const publicPoint = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { pair, privateKey: pair.privateKey, publicPoint };
}

function storedPair(value: unknown): CryptoKeyPair | undefined {
  if (value === undefined) return undefined;
  const pair = value as Partial<CryptoKeyPair>;
  if (pair.privateKey instanceof CryptoKey && pair.publicKey instanceof CryptoKey) {
    return { privateKey: pair.privateKey, publicKey: pair.publicKey };
  }
  throw new AppError('ERR_SW_STORAGE', 'the stored application key is not a key pair');
}
