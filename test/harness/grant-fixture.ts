import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import {
  generateP256KeyPair,
  jwkFromPoint,
  pointThumbprint,
} from '../../shared/src/crypto/index.ts';
import {
  ASSERTION_TYP,
  BIND_GRANT_AUDIENCE,
  BIND_GRANT_TYP,
  DIAL_GRANT_AUDIENCE,
  DIAL_GRANT_TYP,
  createKeySet,
  serviceResource,
  type KeyUse,
  type VerificationKey,
} from '../../shared/src/grants/index.ts';

export const NOW_MS = 1_800_000_000_000;
export const NOW_SECONDS = NOW_MS / 1000;
export const ISSUER = 'https://controller.test/oidc';

/** A controller's keys, one caller and one host, and tokens that are valid unless told otherwise. */
export async function createGrantFixture() {
  const signingKeys = {} as Record<KeyUse, CryptoKey>;
  const published: VerificationKey[] = [];
  for (const use of ['grant', 'token', 'assertion'] as const) {
    const pair = await generateKeyPair('ES256');
    const { x, y } = await exportJWK(pair.publicKey);
    signingKeys[use] = pair.privateKey;
    const jwk = { kty: 'EC' as const, crv: 'P-256' as const, x: x!, y: y! };
    published.push({ kid: `${use}-1`, use, issuer: ISSUER, jwk });
  }
  const caller = await generateP256KeyPair();
  const host = await generateP256KeyPair();
  const jkt = await pointThumbprint(caller.publicPoint);

  const sign = (
    use: KeyUse,
    typ: string,
    claims: Record<string, unknown>,
    header: Record<string, unknown> = {},
  ) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: `${use}-1`, typ, ...header })
      .sign(signingKeys[use]);
  const times = { iat: NOW_SECONDS, exp: NOW_SECONDS + 120, out: NOW_SECONDS + 900 };
  const common = { iss: ISSUER, ...times, jti: 'jti-1' };

  return {
    signingKeys,
    published,
    keys: createKeySet(published),
    caller,
    host,
    jkt,
    sign,
    dialGrant: (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
      sign(
        'grant',
        DIAL_GRANT_TYP,
        {
          ...common,
          aud: DIAL_GRANT_AUDIENCE,
          sub: 'alice',
          name: 'Alice',
          svc: 'wiki',
          sid: 'sid-1',
          cnf: { jkt },
          hosts: ['host-1'],
          ...changes,
        },
        header,
      ),
    bindGrant: (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
      sign(
        'grant',
        BIND_GRANT_TYP,
        {
          ...common,
          aud: BIND_GRANT_AUDIENCE,
          sub: 'host-1',
          svc: 'wiki',
          cnf: { jwk: jwkFromPoint(host.publicPoint) },
          ...changes,
        },
        header,
      ),
    assertion: (changes: Record<string, unknown> = {}) =>
      sign('assertion', ASSERTION_TYP, {
        iss: ISSUER,
        iat: times.iat,
        exp: times.iat + 900,
        aud: serviceResource('wiki'),
        sub: 'alice',
        name: 'Alice',
        sid: 'sid-1',
        ...changes,
      }),
  };
}

export type GrantFixture = Awaited<ReturnType<typeof createGrantFixture>>;
