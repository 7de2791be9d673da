/** Reads and writes the pinned bytes in `test/vectors`; see the README there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fromHex } from '../../shared/src/bytes/index.ts';

/** Set to any text, tests write the vectors they compute instead of comparing only. */
const isWriting = Boolean(process.env['POSTERN_WRITE_VECTORS']);

const urlOf = (name: string): URL => new URL(`../vectors/${name}.json`, import.meta.url);

/** The vectors as they stand in the file; `computed` replaces them first when writing. */
export function pinned<T>(name: string, computed: T): T {
  if (isWriting) writeFileSync(urlOf(name), JSON.stringify(computed, null, 2) + '\n');
  return JSON.parse(readFileSync(urlOf(name), 'utf8')) as T;
}

/** Signatures differ each time: keeps what the file holds unless writing. */
export async function pinnedSignature(
  name: string,
  member: string,
  sign: () => Promise<string>,
): Promise<string> {
  if (isWriting) return sign();
  const value = (JSON.parse(readFileSync(urlOf(name), 'utf8')) as Record<string, unknown>)[member];
  if (typeof value !== 'string') throw new Error(`${name}.json has no ${member}`);
  return value;
}

/** Bytes first, first + 1, …: stands for randomness, keys and anything opaque. */
export function counting(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
}

/** The P-256 key of RFC 6979 §A.2.5: everything the vectors sign is signed by it. */
export const vectorKey = {
  jwk: {
    kty: 'EC',
    crv: 'P-256',
    d: 'ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE',
    x: 'YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y',
    y: 'eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk',
  },
  point: fromHex(
    '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  ),
} as const;

export function importVectorKey(): Promise<CryptoKey> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  return crypto.subtle.importKey('jwk', vectorKey.jwk, algorithm, false, ['sign']);
}
