import { calculateJwkThumbprint, exportJWK, type JWK, SignJWT } from 'jose';

/** Proves possession of the device key (RFC 9449), for the controller's own endpoints. */
export interface DeviceProof {
  /** RFC 7638 thumbprint of the device key. */
  readonly thumbprint: string;
  /** A fresh proof for one request; `token` is the one sent along in `Authorization`. */
  create(method: string, url: string, token?: string): Promise<string>;
}

export async function createDeviceProof(
  { privateKey, publicKey }: CryptoKeyPair,
  nowMs: () => number,
): Promise<DeviceProof> {
  const { kty, crv, x, y } = await exportJWK(publicKey);
  const jwk = { kty, crv, x, y } as JWK;
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    async create(method, url, token) {
      const { origin, pathname } = new URL(url);
      return await new SignJWT({
        htm: method,
        htu: origin + pathname,
        ...(token !== undefined && { ath: await sha256(token) }),
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt(Math.floor(nowMs() / 1000))
        .setJti(crypto.randomUUID())
        .sign(privateKey);
    },
  };
}

/**
 * The `nonce` asked of an identity provider: it ties the ID token to one interaction and one device,
 * so that a token caught elsewhere signs nobody in.
 */
export function interactionNonce(uid: string, thumbprint: string): Promise<string> {
  return sha256(`postern-nonce-v1.${uid}.${thumbprint}`);
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
