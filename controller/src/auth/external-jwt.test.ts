import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controllerConfigSchema } from '../config.ts';
import { defaultAuthPolicy, newEntity, newIdentity } from '../model/defaults.ts';
import { openStore } from '../store/open-store.ts';
import { repositories } from '../store/repositories.ts';
import type { Store } from '../store/store.ts';
import { createExternalJwtVerifier } from './external-jwt.ts';
import { fetchJson, isAllowedAddress } from './guarded-fetch.ts';

const ISSUER = 'https://idp.example';
let store: Store;
let server: Server;
let fetches: number;
let keySet: JWK[];
let nowMs: number;
let pair: Awaited<ReturnType<typeof generateKeyPair>>;
let verifier: ReturnType<typeof createExternalJwtVerifier>;
const config = (allowPrivateJwks: boolean) =>
  controllerConfigSchema.parse({
    dataDir: 'x',
    loginOrigin: 'http://login.localhost',
    auth: { allowPrivateJwks },
  });

beforeEach(async () => {
  nowMs = Date.now();
  fetches = 0;
  pair = await generateKeyPair('ES256');
  keySet = [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }];
  server = createServer((_, response) => {
    fetches += 1;
    response.end(JSON.stringify({ keys: keySet }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  store = await openStore({ file: ':memory:', clock: () => nowMs });
  await store.write(async (tx) => {
    await repositories.authPolicies.insert(tx, defaultAuthPolicy(nowMs));
    await repositories.identities.insert(
      tx,
      newIdentity({ id: 'ann', name: 'ann', externalId: 'ann@idp' }, nowMs),
    );
    await repositories.externalJwtSigners.insert(tx, {
      ...newEntity(nowMs),
      id: 'signer',
      tags: {},
      name: 'idp',
      issuer: ISSUER,
      audience: 'postern',
      enabled: true,
      certPem: null,
      jwksEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
      kid: '',
      claimsProperty: '/user/email',
      useExternalId: true,
      externalAuthUrl: null,
      clientId: '',
      scopes: [],
      targetToken: 'ID',
      enrollToCertEnabled: false,
      enrollToTokenEnabled: false,
      enrollNameClaimsSelector: '/sub',
      enrollAttributeClaimsSelector: '',
      enrollAuthPolicyId: 'default',
      fingerprint: null,
      commonName: '',
      notBefore: null,
      notAfter: null,
    });
  });
  verifier = createExternalJwtVerifier({ store, clock: () => nowMs, config: config(true) });
});
afterEach(async () => {
  await store.close();
  await new Promise((resolve) => server.close(resolve));
});

function sign(
  claims: Record<string, unknown> = {},
  header: { kid?: string } = {},
  key = pair.privateKey,
) {
  const exp = Math.floor(nowMs / 1000) + 60;
  return new SignJWT({ iss: ISSUER, aud: 'postern', exp, user: { email: 'ann@idp' }, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header })
    .sign(key);
}

describe('external JWT', () => {
  it('names the identity by the claim at the JSON pointer', async () => {
    const jwt = await verifier.verifyExternalJwt(await sign({ nonce: 'n' }));
    expect(jwt).toMatchObject({
      subject: 'ann@idp',
      signer: { id: 'signer' },
      claims: { nonce: 'n' },
    });
    expect(await verifier.findIdentityForExternalJwt(jwt)).toMatchObject({ id: 'ann' });
  });

  it.each([
    ['issuer', { iss: `${ISSUER}/` }],
    ['audience', { aud: 'other' }],
    ['expiry', { exp: 1 }],
    ['missing expiry', { exp: undefined }],
    ['not yet valid', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
    ['claim', { user: { email: 3 } }],
  ])('refuses a wrong %s', async (_, claims) => {
    await expect(verifier.verifyExternalJwt(await sign(claims))).rejects.toMatchObject({
      code: 'ERR_EXT_JWT_INVALID',
    });
  });

  it('refuses another key, HMAC, no signature, nonsense and disabled signers', async () => {
    const other = await generateKeyPair('ES256');
    const claims = {
      iss: ISSUER,
      aud: 'postern',
      exp: Math.floor(nowMs / 1000) + 60,
      user: { email: 'ann@idp' },
    };
    const hmac = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(new Uint8Array(32));
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none' })}.${part(claims)}.`;
    for (const token of [
      await sign({}, {}, other.privateKey),
      hmac,
      unsigned,
      'a.b.c',
      '',
      'x'.repeat(9000),
    ]) {
      await expect(verifier.verifyExternalJwt(token)).rejects.toMatchObject({
        code: 'ERR_EXT_JWT_INVALID',
      });
    }
    await store.write((tx) =>
      repositories.externalJwtSigners.update(tx, 'signer', { enabled: false }),
    );
    await expect(verifier.verifyExternalJwt(await sign())).rejects.toMatchObject({
      code: 'ERR_EXT_JWT_INVALID',
    });
  });

  it('finds no identity that is disabled or whose policy bars the signer', async () => {
    const jwt = await verifier.verifyExternalJwt(await sign());
    const { primary } = defaultAuthPolicy(nowMs);
    const bar = { ...primary, extJwt: { allowed: true, allowedSigners: ['another'] } };
    await store.write((tx) => repositories.authPolicies.update(tx, 'default', { primary: bar }));
    expect(await verifier.findIdentityForExternalJwt(jwt)).toBeUndefined();
    await store.write((tx) => repositories.authPolicies.update(tx, 'default', { primary }));
    await store.write((tx) =>
      repositories.identities.update(tx, 'ann', { disabledAt: new Date(nowMs).toISOString() }),
    );
    expect(await verifier.findIdentityForExternalJwt(jwt)).toBeUndefined();
  });

  it('caches keys and fetches an unknown kid at most once a second', async () => {
    for (let n = 0; n < 3; n++) await verifier.verifyExternalJwt(await sign());
    expect(fetches).toBe(1);
    const unknown = await sign({}, { kid: 'k2' });
    await expect(verifier.verifyExternalJwt(unknown)).rejects.toMatchObject({
      code: 'ERR_EXT_JWT_INVALID',
    });
    expect(fetches).toBe(1);
    nowMs += 1000;
    keySet = [{ ...keySet[0]!, kid: 'k2' }];
    await verifier.verifyExternalJwt(unknown);
    expect(fetches).toBe(2);
  });

  it('fetches no keys from private addresses unless configured', async () => {
    const strict = createExternalJwtVerifier({ store, clock: () => nowMs, config: config(false) });
    await expect(strict.verifyExternalJwt(await sign())).rejects.toMatchObject({
      code: 'ERR_EXT_JWT_SIGNER_UNREACHABLE',
    });
    expect(fetches).toBe(0);
  });
});

describe('guarded fetch', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '::1',
    '::ffff:127.0.0.1',
    'fd00::1',
    'fe80::1',
    '0.0.0.0',
  ])('refuses %s', (address) => expect(isAllowedAddress(address, false)).toBe(false));
  it('never allows link-local addresses, and public ones always', () => {
    expect(isAllowedAddress('169.254.169.254', true)).toBe(false);
    expect(isAllowedAddress('::ffff:169.254.169.254', true)).toBe(false);
    expect(isAllowedAddress('127.0.0.1', true)).toBe(true);
    expect(isAllowedAddress('93.184.216.34', false)).toBe(true);
  });
  it('refuses plain http', async () => {
    await expect(fetchJson('http://93.184.216.34/', false)).rejects.toMatchObject({
      code: 'ERR_FETCH_REFUSED',
    });
  });
});
