import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createOAuthClient } from './oauth.ts';

const issuer = 'https://controller.example/oidc';
const application = {
  origin: 'https://wiki.example',
  clientId: 'wiki',
  issuer,
  resource: 'urn:postern:service:s1',
};
const NOW = 1_000_000;
const callback = (query: string) => new URL(`https://wiki.example/.postern/callback?${query}`);
const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });
const tokens = { access_token: 'at', refresh_token: 'rt', expires_in: 300, token_type: 'DPoP' };

let keyPair: CryptoKeyPair;
beforeAll(async () => {
  keyPair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
});

/** A client whose server answers discovery, then these in turn; an Error is a failed fetch. */
function createWorld(...answers: (Response | Error)[]) {
  const requests: { url: string; headers: Headers; body: URLSearchParams }[] = [];
  const fetch = vi.fn((url: string, init: RequestInit) => {
    if (url.includes('/.well-known/')) {
      return Promise.resolve(
        json({
          issuer,
          authorization_endpoint: `${issuer}/auth`,
          token_endpoint: `${issuer}/token`,
          authorization_response_iss_parameter_supported: true,
        }),
      );
    }
    const body = init.body as URLSearchParams;
    requests.push({ url, headers: new Headers(init.headers), body });
    const answer = answers.shift() ?? new TypeError('no answer');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  const client = createOAuthClient({
    application: application as Parameters<typeof createOAuthClient>[0]['application'],
    keyPair,
    fetch: fetch as unknown as typeof globalThis.fetch,
    nowMs: () => NOW,
  });
  return { client, requests, fetch };
}

describe('authorizeUrl', () => {
  it('asks for a code with PKCE, for this key and this service', async () => {
    const { client, fetch } = createWorld();
    const url = await client.authorizeUrl('st', 'v'.repeat(43));
    expect(url.origin + url.pathname).toBe(`${issuer}/auth`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'wiki',
      redirect_uri: 'https://wiki.example/.postern/callback',
      resource: application.resource,
      state: 'st',
      code_challenge_method: 'S256',
    });
    expect(url.searchParams.get('dpop_jkt')).toHaveLength(43);
    expect(url.href).not.toContain('vvv');
    await client.authorizeUrl('other', 'v'.repeat(43));
    expect(fetch).toHaveBeenCalledOnce();
  });
});

describe('exchange', () => {
  const answer = callback(`code=c&state=st&iss=${encodeURIComponent(issuer)}`);

  it('swaps the code with a proof, once more with the nonce that the server asks for', async () => {
    const { client, requests } = createWorld(
      json({ error: 'use_dpop_nonce' }, 400, { 'dpop-nonce': 'n1' }),
      json(tokens),
    );
    expect(await client.exchange(answer, 'st', 'v'.repeat(43))).toEqual({
      accessToken: 'at',
      refreshToken: 'rt',
      expiresAtMs: NOW + 300_000,
    });
    const [, { headers, body }] = requests as [unknown, (typeof requests)[number]];
    expect(decodeJwt(headers.get('dpop')!)).toMatchObject({ htm: 'POST', nonce: 'n1' });
    expect(Object.fromEntries(body)).toMatchObject({
      code: 'c',
      code_verifier: 'v'.repeat(43),
      resource: application.resource,
    });
  });

  it.each([
    ['another state', callback(`code=c&state=other&iss=${encodeURIComponent(issuer)}`)],
    ['another issuer', callback('code=c&state=st&iss=https%3A%2F%2Fevil.example')],
    ['no issuer', callback('code=c&state=st')],
  ])('refuses %s without a request', async (_, url) => {
    const { client, requests } = createWorld();
    await expect(client.exchange(url, 'st', 'v'.repeat(43))).rejects.toMatchObject({
      code: 'ERR_SIGN_IN_INVALID',
    });
    expect(requests).toEqual([]);
  });

  it('says why the server refused', async () => {
    const { client } = createWorld();
    const refused = callback(
      `error=access_denied&error_description=Not%20you&state=st&iss=${encodeURIComponent(issuer)}`,
    );
    await expect(client.exchange(refused, 'st', 'v'.repeat(43))).rejects.toMatchObject({
      code: 'ERR_SIGN_IN_REFUSED',
      publicMessage: 'Not you',
    });
  });

  it.each([
    ['ERR_SIGN_IN_INVALID', json({ error: 'invalid_grant' }, 400)],
    ['ERR_CONTROLLER_UNREACHABLE', new TypeError('failed')],
  ])('gives %s', async (code, given) => {
    const { client } = createWorld(given);
    await expect(client.exchange(answer, 'st', 'v'.repeat(43))).rejects.toMatchObject({ code });
  });
});

describe('refresh', () => {
  it.each([
    ['ERR_SESSION_ENDED', json({ error: 'invalid_grant' }, 400)],
    ['ERR_CONTROLLER_UNREACHABLE', json({ error: 'server_error' }, 503)],
    ['ERR_CONTROLLER_UNREACHABLE', new TypeError('failed')],
  ])('gives %s', async (code, given) => {
    const { client } = createWorld(given);
    await expect(client.refresh('rt')).rejects.toMatchObject({ code });
  });

  it('keeps a token that was not rotated', async () => {
    const { client } = createWorld(json({ ...tokens, refresh_token: undefined }));
    expect(await client.refresh('rt')).toMatchObject({ refreshToken: undefined });
  });
});

describe('request', () => {
  const url = new URL('https://controller.example/postern/v1/dial');

  it('proves the key for the token, and gives a challenge to the caller', async () => {
    const { client, requests } = createWorld(
      json({ code: 'ERR_ACCESS_REMOVED' }, 403, { 'www-authenticate': 'DPoP error="x"' }),
    );
    const response = await client.request('at', 'POST', url);
    expect(response.status).toBe(403);
    const { headers } = requests[0]!;
    expect(headers.get('authorization')).toBe('DPoP at');
    expect(decodeJwt(headers.get('dpop')!)).toMatchObject({ htm: 'POST', htu: url.href });
  });

  it('is unreachable, or aborted', async () => {
    const { client } = createWorld();
    await expect(client.request('at', 'GET', url)).rejects.toMatchObject({
      code: 'ERR_CONTROLLER_UNREACHABLE',
      retryable: true,
    });
    const reason = new Error('enough');
    await expect(client.request('at', 'GET', url, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
