/** What an identity provider can do to the controller: nothing but refuse people of its own. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExternalJwtVerifier } from '../../controller/src/auth/external-jwt.ts';
import { fetchJson } from '../../controller/src/auth/guarded-fetch.ts';
import { newEntity } from '../../controller/src/model/defaults.ts';
import type { ExternalJwtSigner } from '../../controller/src/model/external-jwt-signers.ts';
import { repositories } from '../../controller/src/store/repositories.ts';
import { createTestContext, type TestContext } from '../harness/controller-context.ts';
import {
  misdeeds,
  startHostileIdp,
  type HostileIdp,
  type HostileKeys,
} from '../harness/hostile-idp.ts';
import { TestCa } from '../harness/test-ca.ts';

const HONEST = 'https://honest.example';
/** Instead of 5 s: the misdeeds are the same. */
const TIMEOUT_MS = 400;

let ctx: TestContext;
let idp: HostileIdp;
let verifier: ReturnType<typeof createExternalJwtVerifier>;

const pair = await generateKeyPair('ES256', { extractable: true });
const stranger = await generateKeyPair('ES256', { extractable: true });
const publicJwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' };
const keys: HostileKeys = {
  honest: { keys: [publicJwk] },
  jwk: publicJwk,
  privateJwk: { ...(await exportJWK(pair.privateKey)), kid: 'k1', alg: 'ES256' },
  strangerJwk: { ...(await exportJWK(stranger.publicKey)), alg: 'ES256' },
};
const { privateKey } = pair;
const acts = misdeeds(keys);
const names = Object.keys(acts);

beforeAll(async () => {
  ctx = await createTestContext();
  idp = await startHostileIdp({
    ...acts,
    honest: (_request, response) => response.end(JSON.stringify(keys.honest)),
  });
  await ctx.store.write(async (tx) => {
    for (const [issuer, path] of [
      [HONEST, 'honest'],
      ...names.map((name) => [`https://idp.example/${name}`, name] as const),
    ] as const)
      await repositories.externalJwtSigners.insert(tx, signerOf(issuer, idp.url(path)));
  });
  await ctx.insert('identities', { id: 'alice', externalId: 'alice' });
  verifier = newVerifier();
});
afterAll(async () => {
  await idp.close();
  await ctx.dispose();
});

function newVerifier(allowPrivateJwks = true) {
  const config = { ...ctx.config, auth: { ...ctx.config.auth, allowPrivateJwks } };
  const fetch = (url: string) => fetchJson(url, allowPrivateJwks, { timeoutMs: TIMEOUT_MS });
  return createExternalJwtVerifier({ ...ctx, config }, fetch);
}

function signerOf(issuer: string, jwksEndpoint: string): ExternalJwtSigner {
  return {
    ...newEntity(Date.now()),
    tags: {},
    name: issuer,
    issuer,
    audience: 'postern',
    enabled: true,
    certPem: null,
    jwksEndpoint,
    kid: '',
    claimsProperty: '/sub',
    useExternalId: true,
    externalAuthUrl: null,
    clientId: 'postern',
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
  };
}

/** As the honest provider would sign it: only the keys that are served decide. */
function tokenOf(issuer: string, claims: object = {}, kid = 'k1') {
  const iat = Math.floor(ctx.clock() / 1000);
  return new SignJWT({ iss: issuer, aud: 'postern', sub: 'alice', iat, exp: iat + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid })
    .sign(privateKey);
}

const verify = async (issuer: string, claims?: object, kid?: string) =>
  verifier.verifyExternalJwt(await tokenOf(issuer, claims, kid));
const honestStillWorks = async () =>
  expect(await verify(HONEST)).toMatchObject({ subject: 'alice' });

describe('keys served with ill will', () => {
  it.each(names)('%s', async (name) => {
    await expect(verify(`https://idp.example/${name}`)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_EXT_JWT_(INVALID|SIGNER_UNREACHABLE)$/),
    });
    await honestStillWorks();
  });

  it('a hundred at once do not keep an honest one waiting', async () => {
    const waiting = Array.from({ length: 100 }, () =>
      verify('https://idp.example/says-nothing').catch(() => undefined),
    );
    await honestStillWorks();
    await Promise.all(waiting);
    // Nor is the silent one asked a hundred times.
    expect(idp.seen.filter((path) => path === 'says-nothing').length).toBeLessThan(10);
  });

  it('leads nowhere by redirect', async () => {
    expect(idp.seen.filter((path) => path === 'redirect-to-itself')).toHaveLength(1);
  });
});

describe('tokens of a provider whose keys are honest', () => {
  it.each([
    ['another issuer', { iss: 'https://idp.example/unknown' }],
    ['an issuer that differs by a slash', { iss: `${HONEST}/` }],
    ['another audience', { aud: 'another-client' }],
    ['no audience', { aud: undefined }],
    ['a clock an hour slow', { exp: 1 }],
    ['a clock an hour fast', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
    ['no expiry', { exp: undefined }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject that is no text', { sub: ['alice'] }],
  ])('%s', async (_, claims) => {
    await expect(verify(HONEST, claims)).rejects.toMatchObject({ code: 'ERR_EXT_JWT_INVALID' });
    await honestStillWorks();
  });

  it('a stream of unknown kids makes it fetch once a second at most', async () => {
    await honestStillWorks();
    const before = idp.seen.filter((path) => path === 'honest').length;
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => verify(HONEST, {}, `kid-${n}`).catch(() => undefined)),
    );
    expect(idp.seen.filter((path) => path === 'honest').length - before).toBeLessThanOrEqual(2);
  });
});

describe('keys that change', () => {
  it('are followed when rotated, and forgotten when withdrawn', async () => {
    let served: object[] = [publicJwk];
    const rotating = await startHostileIdp({
      jwks: (_request, response) => response.end(JSON.stringify({ keys: served })),
    });
    const issuer = 'https://rotating.example';
    await ctx.store.write((tx) =>
      repositories.externalJwtSigners.insert(tx, signerOf(issuer, rotating.url('jwks'))),
    );
    await verify(issuer);
    const next = await generateKeyPair('ES256');
    served = [{ ...(await exportJWK(next.publicKey)), kid: 'k2', alg: 'ES256' }];
    const iat = Math.floor(ctx.clock() / 1000);
    const renewed = await new SignJWT({
      iss: issuer,
      aud: 'postern',
      sub: 'alice',
      iat,
      exp: iat + 60,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'k2' })
      .sign(next.privateKey);
    ctx.advance(1100);
    // Both at once, as tokens of either key are under way.
    const [old, fresh] = await Promise.allSettled([
      verify(issuer),
      verifier.verifyExternalJwt(renewed),
    ]);
    expect(fresh.status).toBe('fulfilled');
    expect(['fulfilled', 'rejected']).toContain(old.status);
    // The withdrawn key is out as soon as the new set is held.
    await expect(verify(issuer)).rejects.toMatchObject({ code: 'ERR_EXT_JWT_INVALID' });
    await rotating.close();
    // With the provider away what is held serves on, until it is too old.
    const again = await verifier.verifyExternalJwt(renewed);
    expect(again.subject).toBe('alice');
    ctx.advance(11 * 60_000);
    await expect(verifier.verifyExternalJwt(await tokenOf(issuer))).rejects.toMatchObject({
      code: 'ERR_EXT_JWT_SIGNER_UNREACHABLE',
    });
  });
});

describe('addresses', () => {
  const strict = (url: string) => fetchJson(url, false, { timeoutMs: TIMEOUT_MS });
  it.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://0.0.0.0/',
    'https://10.0.0.1/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[fe80::1]/',
    'https://[fd00::1]/',
    'https://localhost/',
    'http://93.184.216.34/',
    'ftp://93.184.216.34/',
    'file:///etc/passwd',
    'data:application/json,{}',
  ])('%s is not fetched from', async (url) => {
    await expect(strict(url)).rejects.toMatchObject({ code: 'ERR_FETCH_REFUSED' });
  });

  it('a name that points inside is refused by what it resolves to', async () => {
    const lookup = () => Promise.resolve({ address: '192.168.0.1' });
    await expect(
      fetchJson('https://idp.example/jwks', false, { lookup, timeoutMs: TIMEOUT_MS }),
    ).rejects.toMatchObject({ code: 'ERR_FETCH_REFUSED' });
  });

  it('a name that moves inside after it was judged is not followed: it is resolved once', async () => {
    const before = idp.seen.length;
    let asked = 0;
    // First a public address that answers nobody (RFC 5737 is refused, so one of our own making).
    const lookup = () => Promise.resolve({ address: asked++ === 0 ? '192.88.99.1' : '127.0.0.1' });
    const port = new URL(idp.url('honest')).port;
    await expect(
      fetchJson(`https://idp.example:${port}/honest`, false, { lookup, timeoutMs: TIMEOUT_MS }),
    ).rejects.toMatchObject({ code: 'ERR_FETCH_FAILED' });
    expect(asked).toBe(1);
    expect(idp.seen.length).toBe(before);
  });

  it('metadata stays out of reach where private addresses are allowed', async () => {
    for (const host of ['169.254.169.254', '[::ffff:169.254.169.254]', '[fe80::1]'])
      await expect(
        fetchJson(`http://${host}/`, true, { timeoutMs: TIMEOUT_MS }),
      ).rejects.toMatchObject({
        code: 'ERR_FETCH_REFUSED',
      });
  });
});

describe('TLS', () => {
  it.each(['signed by nobody known', 'for another host'])(
    'a certificate %s is refused',
    async (kind) => {
      const ca = await TestCa.create('private authority');
      const name = kind === 'for another host' ? 'other.example' : '127.0.0.1';
      const { cert, key } = await ca.leaf(name, {
        usages: ['1.3.6.1.5.5.7.3.1'],
        names: [{ type: 'dns', value: name }],
      });
      const server = await startHostileIdp(
        { honest: (_request, response) => response.end(JSON.stringify(keys.honest)) },
        { cert, key },
      );
      await expect(
        fetchJson(server.url('honest'), true, { timeoutMs: TIMEOUT_MS }),
      ).rejects.toMatchObject({ code: 'ERR_FETCH_FAILED' });
      expect(server.seen).toEqual([]);
      await server.close();
    },
  );
});

it('an RSA key of 512 bits verifies nothing', async () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 512 });
  const server = await startHostileIdp({
    jwks: (_request, response) => {
      const jwk = { ...weak.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256' };
      response.end(JSON.stringify({ keys: [jwk] }));
    },
  });
  const issuer = 'https://weak.example';
  await ctx.store.write((tx) =>
    repositories.externalJwtSigners.insert(tx, signerOf(issuer, server.url('jwks'))),
  );
  const iat = Math.floor(ctx.clock() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: issuer, aud: 'postern', sub: 'alice', iat, exp: iat + 60 };
  const input = `${part({ alg: 'RS256', kid: 'k1' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(input), weak.privateKey).toString('base64url');
  await expect(verifier.verifyExternalJwt(`${input}.${signature}`)).rejects.toMatchObject({
    code: 'ERR_EXT_JWT_INVALID',
  });
  await server.close();
});
