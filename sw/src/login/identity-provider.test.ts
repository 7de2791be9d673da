import { generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../test-support/memory-storage.ts';
import { IdentityProvider } from './identity-provider.ts';

const issuer = 'https://idp.example';
const method = {
  type: 'ext-jwt' as const,
  signerId: 's1',
  name: 'Acme',
  issuer,
  clientId: 'postern',
  scopes: ['openid', 'email'],
};

/** A provider that answers the token request with an ID token of the given claims. */
async function setUp(options: { metadata?: object; claims?: object; at?: string } = {}) {
  const at = options.at ?? issuer;
  const { privateKey } = await generateKeyPair('ES256');
  const requests: { url: string; body: URLSearchParams }[] = [];
  const state = { nonce: '' };
  const provider = new IdentityProvider({
    redirectUri: 'https://login.example/callback',
    storage: memoryStorage(),
    fetch: async (url, init) => {
      requests.push({ url, body: new URLSearchParams(init.body as URLSearchParams) });
      if (url.endsWith('/.well-known/openid-configuration')) {
        return Response.json({
          issuer: at,
          authorization_endpoint: `${at}/authorize`,
          token_endpoint: `${at}/token`,
          id_token_signing_alg_values_supported: ['ES256'],
          authorization_response_iss_parameter_supported: true,
          ...options.metadata,
        });
      }
      const claims = { iss: at, sub: 'ada', aud: 'postern', nonce: state.nonce, ...options.claims };
      const idToken = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey);
      return Response.json({ access_token: 'a', token_type: 'Bearer', id_token: idToken });
    },
  });
  return { provider, requests, state };
}

function callback(authorizeUrl: string, change: Record<string, string> = {}): URL {
  const asked = new URL(authorizeUrl).searchParams;
  const url = new URL('https://login.example/callback');
  const answer = { code: 'c', state: asked.get('state') ?? '', iss: issuer, ...change };
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  return url;
}

describe('IdentityProvider', () => {
  it('signs in by code flow with PKCE, state and nonce', async () => {
    const { provider, requests, state } = await setUp();
    const there = await provider.begin(method, 'uid1', 'the-nonce', false);
    const asked = Object.fromEntries(new URL(there).searchParams);
    expect(asked).toMatchObject({
      client_id: 'postern',
      redirect_uri: 'https://login.example/callback',
      response_type: 'code',
      scope: 'openid email',
      code_challenge_method: 'S256',
      nonce: 'the-nonce',
    });
    expect(asked).not.toHaveProperty('prompt');
    expect(provider.pendingInteraction()).toBe('uid1');
    state.nonce = 'the-nonce';
    const login = await provider.complete(callback(there));
    expect(login).toMatchObject({ uid: 'uid1', signerId: 's1' });
    expect(login.token.split('.')).toHaveLength(3);
    const { body } = requests.at(-1)!;
    expect(body.get('code')).toBe('c');
    const digest = await crypto.subtle.digest(
      'SHA-256',
      new TextEncoder().encode(body.get('code_verifier')!),
    );
    expect(Buffer.from(digest).toString('base64url')).toBe(asked['code_challenge']);
  });

  it('has the provider ask again when told so', async () => {
    const { provider } = await setUp();
    const there = await provider.begin(method, 'uid1', 'n', true);
    expect(new URL(there).searchParams.get('prompt')).toBe('login');
  });

  it('works once', async () => {
    const { provider, state } = await setUp();
    const there = await provider.begin(method, 'uid1', 'n', false);
    state.nonce = 'n';
    await provider.complete(callback(there));
    expect(provider.pendingInteraction()).toBeUndefined();
    await expect(provider.complete(callback(there))).rejects.toMatchObject({
      code: 'ERR_LOGIN_STATE',
    });
  });

  it.each([
    ['another state', { state: 'x' }, 'ERR_LOGIN_STATE'],
    ['another issuer', { iss: 'https://evil.example' }, 'ERR_LOGIN_IDP_REFUSED'],
    ['a refusal', { error: 'access_denied' }, 'ERR_LOGIN_IDP_REFUSED'],
  ])('does not take %s', async (_name, change, code) => {
    const { provider, state } = await setUp();
    const there = await provider.begin(method, 'uid1', 'n', false);
    state.nonce = 'n';
    await expect(provider.complete(callback(there, change))).rejects.toMatchObject({ code });
  });

  it.each([
    ['another nonce', { nonce: 'other' }],
    ['another audience', { aud: 'other' }],
  ])('does not take an ID token of %s', async (_name, claims) => {
    const { provider, state } = await setUp({ claims });
    const there = await provider.begin(method, 'uid1', 'n', false);
    state.nonce = 'n';
    await expect(provider.complete(callback(there))).rejects.toMatchObject({
      code: 'ERR_LOGIN_IDP_REFUSED',
    });
  });

  it.each([
    ['of another issuer', { metadata: { issuer: 'https://evil.example' } }],
    ['with a script to go to', { metadata: { authorization_endpoint: 'javascript:alert(1)' } }],
    ['without one', { metadata: { authorization_endpoint: undefined } }],
  ])('does not take metadata %s', async (_name, options) => {
    const { provider } = await setUp(options);
    await expect(provider.begin(method, 'uid1', 'n', false)).rejects.toMatchObject({
      code: 'ERR_LOGIN_IDP_UNREACHABLE',
    });
  });

  it('takes plain HTTP from this machine only', async () => {
    const near = await setUp({ at: 'http://idp.localhost:9100' });
    const nearMethod = { ...method, issuer: 'http://idp.localhost:9100' };
    expect(await near.provider.begin(nearMethod, 'u', 'n', false)).toContain('idp.localhost');
    const far = await setUp({ at: 'http://idp.example' });
    const farMethod = { ...method, issuer: 'http://idp.example' };
    await expect(far.provider.begin(farMethod, 'u', 'n', false)).rejects.toMatchObject({
      code: 'ERR_LOGIN_IDP_UNREACHABLE',
    });
  });
});
