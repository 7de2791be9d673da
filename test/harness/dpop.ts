import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';

export const sha256 = (text: string): string =>
  createHash('sha256').update(text).digest('base64url');

/** A key that proves itself by DPoP (RFC 9449). */
export interface ProofKey {
  readonly thumbprint: string;
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  proof(method: string, url: string, token?: string, overrides?: object): Promise<string>;
}

export async function createProofKey(nowMs: () => number = Date.now): Promise<ProofKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  return {
    jwk,
    privateKey,
    thumbprint: await calculateJwkThumbprint(jwk),
    proof: (method, url, token, overrides = {}) =>
      new SignJWT({
        htm: method,
        htu: url,
        iat: Math.floor(nowMs() / 1000),
        jti: randomUUID(),
        ...(token === undefined ? {} : { ath: sha256(token) }),
        ...overrides,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(privateKey),
  };
}
