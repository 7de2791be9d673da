import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { createControllerApi } from './controller-api.ts';
import { createDeviceProof } from './device-proof.ts';

const config = { issuer: 'https://ctrl.example/oidc', apiUrl: 'https://ctrl.example/postern/v1' };
const login = {
  resumeUrl: 'https://ctrl.example/oidc/auth/u',
  sessionToken: 't',
  sessionExpiresAt: '2026-01-01T00:00:00Z',
};

async function setUp(answer: () => Response) {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const proof = await createDeviceProof(pair, Date.now);
  const calls: { url: string; init: RequestInit; headers: Record<string, string> }[] = [];
  const api = createControllerApi({
    config,
    proof,
    fetch: async (url, init) => {
      calls.push({ url, init, headers: init.headers as Record<string, string> });
      return answer();
    },
  });
  return { api, proof, calls };
}

describe('createControllerApi', () => {
  it('sends a password with a proof of the device key, and no cookie', async () => {
    const { api, proof, calls } = await setUp(() => Response.json(login));
    expect(await api.loginWithPassword('a/b', 'ada', 'secret')).toEqual(login);
    const { url, init, headers } = calls[0]!;
    expect(url).toBe('https://ctrl.example/postern/v1/interactions/a%2Fb/password');
    expect(init).toMatchObject({ method: 'POST', credentials: 'omit', redirect: 'error' });
    expect(init.body).toBe('{"username":"ada","password":"secret"}');
    const { payload, protectedHeader } = await jwtVerify(headers['dpop']!, EmbeddedJWK, {
      typ: 'dpop+jwt',
    });
    expect(payload).toMatchObject({ htm: 'POST', htu: url });
    expect(payload).not.toHaveProperty('ath');
    expect(await calculateJwkThumbprint(protectedHeader.jwk!)).toBe(proof.thumbprint);
    expect(protectedHeader.jwk).not.toHaveProperty('d');
  });

  it('binds the proof to the session token', async () => {
    const { api, calls } = await setUp(() => Response.json(login));
    await api.continueSession('u', 'session-token');
    const { headers } = calls[0]!;
    expect(headers['authorization']).toBe('DPoP session-token');
    const { payload } = await jwtVerify(headers['dpop']!, EmbeddedJWK);
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('session-token'));
    expect(payload['ath']).toBe(Buffer.from(digest).toString('base64url'));
  });

  it('takes an empty answer to the end of a session', async () => {
    const { api } = await setUp(() => new Response(null, { status: 204 }));
    await expect(api.endSession('t')).resolves.toBeUndefined();
  });

  it.each([
    [
      'a problem',
      () =>
        Response.json(
          { title: 'No', status: 401, code: 'ERR_LOGIN_REFUSED', detail: 'Wrong.' },
          { status: 401 },
        ),
      { code: 'ERR_LOGIN_REFUSED', status: 401, publicMessage: 'Wrong.' },
    ],
    [
      'too many attempts',
      () => new Response(null, { status: 429 }),
      { code: 'ERR_LOGIN_TOO_MANY' },
    ],
    [
      'no problem document',
      () => new Response('<p>', { status: 502 }),
      { code: 'ERR_LOGIN_FAILED' },
    ],
    [
      'no connection',
      () => {
        throw new TypeError('Failed to fetch');
      },
      { code: 'ERR_CONTROLLER_UNREACHABLE' },
    ],
  ])('reports %s', async (_name, answer, expected) => {
    const { api } = await setUp(answer);
    await expect(api.loginWithPassword('u', 'a', 'b')).rejects.toMatchObject(expected);
  });

  it('takes no answer of another shape', async () => {
    const { api } = await setUp(() => Response.json({ ...login, sessionToken: 1 }));
    await expect(api.continueSession('u', 't')).rejects.toThrow();
  });
});
