import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { encodeUtf8, fromHex, toHex } from '../bytes/index.ts';
import {
  answerKeyExchange,
  createDpopProof,
  createWebCryptoCipher,
  generateP256KeyPair,
  hkdfExpand,
  hkdfExtract,
  jwkFromPoint,
  jwkThumbprint,
  offerKeyExchange,
  pointFromJwk,
  pointThumbprint,
  sha256,
  signEs256,
  verifyEs256,
} from './index.ts';

describe('hkdf', () => {
  it('gives the output of RFC 5869, appendix A.1', async () => {
    const prk = await hkdfExtract(
      fromHex('000102030405060708090a0b0c'),
      new Uint8Array(22).fill(0x0b),
    );
    expect(toHex(prk)).toBe('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5');
    const okm = await hkdfExpand(prk, '', 32, fromHex('f0f1f2f3f4f5f6f7f8f9'));
    expect(toHex(okm)).toBe('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf');
  });
});

describe('key exchange', () => {
  it('gives both sides one secret, another each time', async () => {
    const secrets = new Set<string>();
    for (let i = 0; i < 3; i += 1) {
      const offer = await offerKeyExchange();
      const answer = await answerKeyExchange(offer.share, offer.kemKey);
      const secret = offer.complete(answer.share, answer.kemCiphertext);
      expect(secret).toEqual(answer.sharedSecret);
      expect(secret).toHaveLength(64);
      secrets.add(toHex(secret));
    }
    expect(secrets.size).toBe(3);
  });

  it('refuses shares of small order and material of wrong length', async () => {
    const offer = await offerKeyExchange();
    const one = new Uint8Array(32);
    one[0] = 1;
    for (const share of [new Uint8Array(32), one, new Uint8Array(31)]) {
      await expect(answerKeyExchange(share, offer.kemKey)).rejects.toMatchObject({
        code: 'ERR_KEY_EXCHANGE',
      });
    }
    await expect(answerKeyExchange(offer.share, new Uint8Array(5))).rejects.toMatchObject({
      code: 'ERR_KEY_EXCHANGE',
    });
    const answer = await answerKeyExchange(offer.share, offer.kemKey);
    expect(() => offer.complete(new Uint8Array(32), answer.kemCiphertext)).toThrow();
  });
});

describe('P-256', () => {
  it('signs, verifies and refuses', async () => {
    const key = await generateP256KeyPair();
    expect(key.privateKey.extractable).toBe(false);
    const message = encodeUtf8('message');
    const signature = await signEs256(key.privateKey, message);
    expect(await verifyEs256(key.publicPoint, signature, message)).toBe(true);
    expect(await verifyEs256(key.publicPoint, signature, encodeUtf8('other'))).toBe(false);
    expect(await verifyEs256(key.publicPoint, signature.subarray(1), message)).toBe(false);
    expect(await verifyEs256(key.publicPoint.with(9, 1).with(10, 1), signature, message)).toBe(
      false,
    );
    const stranger = await generateP256KeyPair();
    expect(await verifyEs256(stranger.publicPoint, signature, message)).toBe(false);
  });

  it('converts between point and JWK and names keys as RFC 7638 does', async () => {
    const { publicPoint } = await generateP256KeyPair();
    const jwk = jwkFromPoint(publicPoint);
    expect(pointFromJwk(jwk)).toEqual(publicPoint);
    const { calculateJwkThumbprint } = await import('jose');
    expect(await jwkThumbprint(jwk)).toBe(
      await calculateJwkThumbprint({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }),
    );
    expect(await pointThumbprint(publicPoint)).toBe(await jwkThumbprint(jwk));
    expect(() => jwkFromPoint(publicPoint.subarray(1))).toThrow();
    expect(() => pointFromJwk({ x: 'AA', y: 'AA' })).toThrow();
  });
});

describe('DPoP proof', () => {
  it('verifies and says what RFC 9449 §4.2 asks', async () => {
    const key = await generateP256KeyPair();
    const url = 'https://controller.test/oidc/token?x=1#y';
    const proof = await createDpopProof({
      key,
      method: 'POST',
      url,
      nowMs: 1_800_000_000_500,
      accessToken: 'token',
      nonce: 'n',
    });
    const { jwk, ...header } = decodeProtectedHeader(proof);
    expect(header).toEqual({ typ: 'dpop+jwt', alg: 'ES256' });
    await expect(jwtVerify(proof, await importJWK(jwk!, 'ES256'))).resolves.toBeDefined();
    expect(decodeJwt(proof)).toMatchObject({
      htm: 'POST',
      htu: 'https://controller.test/oidc/token',
      iat: 1_800_000_000,
      nonce: 'n',
      ath: Buffer.from(await sha256(encodeUtf8('token'))).toString('base64url'),
    });
    const bare = decodeJwt(await createDpopProof({ key, method: 'GET', url, nowMs: 0 }));
    expect(bare).not.toHaveProperty('ath');
    expect(bare).not.toHaveProperty('nonce');
    expect(bare.jti).toHaveLength(22);
  });
});

describe('record cipher', () => {
  it('opens what it sealed and nothing else', async () => {
    const cipher = await createWebCryptoCipher(new Uint8Array(32).fill(7));
    const nonce = new Uint8Array(12);
    const data = Uint8Array.of(1);
    const sealed = await cipher.seal(nonce, data, encodeUtf8('text'));
    expect(sealed).toHaveLength(20);
    expect(await cipher.open(nonce, data, sealed)).toEqual(encodeUtf8('text'));
    await expect(cipher.open(nonce.with(0, 1), data, sealed)).rejects.toThrow();
    await expect(cipher.open(nonce, Uint8Array.of(2), sealed)).rejects.toThrow();
    await expect(cipher.open(nonce, data, sealed.with(0, 0))).rejects.toThrow();
    const padded = await cipher.seal(nonce, data, encodeUtf8('text'), 5);
    expect(padded.subarray(5)).toEqual(sealed);
    await expect(createWebCryptoCipher(new Uint8Array(16))).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
    });
  });
});
