import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createGrantFixture,
  NOW_MS,
  NOW_SECONDS,
  type GrantFixture,
} from '../../../test/harness/grant-fixture.ts';
import {
  APP_TOKEN_TYP,
  serviceResource,
  verifyAppToken,
  verifyAssertion,
  verifyBindGrant,
  verifyDialGrant,
} from './index.ts';

let fixture: GrantFixture;
beforeAll(async () => {
  fixture = await createGrantFixture();
});

const connected = { nowMs: NOW_MS, connected: true };
const refusal = { code: 'ERR_GRANT_INVALID' };
const dial = (token: string, changes = {}) =>
  verifyDialGrant(token, { keys: fixture.keys, time: connected, ...changes });

describe('dial grant', () => {
  it('is accepted with everything that is asked of it', async () => {
    const claims = await dial(await fixture.dialGrant(), {
      serviceId: 'wiki',
      hostId: 'host-1',
      identityId: 'alice',
      thumbprint: fixture.jkt,
    });
    expect(claims).toMatchObject({ sub: 'alice', svc: 'wiki' });
  });

  it.each([
    { serviceId: 'mail' },
    { hostId: 'host-2' },
    { identityId: 'bob' },
    { thumbprint: 'x'.repeat(43) },
  ])('is refused when %o is demanded', async (demand) => {
    await expect(dial(await fixture.dialGrant(), demand)).rejects.toMatchObject(refusal);
  });

  it.each([
    { iss: 'https://other.test' },
    { aud: 'postern:bind' },
    { aud: ['postern:dial'] },
    { sub: undefined },
    { hosts: [] },
    { cnf: {} },
    { exp: 'soon' },
    { out: undefined },
    { iat: NOW_SECONDS + 31 },
    { exp: NOW_SECONDS - 31 },
  ])('is refused with claims %o', async (claims) => {
    await expect(dial(await fixture.dialGrant(claims))).rejects.toMatchObject(refusal);
  });

  it.each([{ typ: 'JWT' }, { typ: 'postern-bind+jwt' }, { kid: 'grant-9' }, { kid: 'token-1' }])(
    'is refused with header %o',
    async (header) => {
      await expect(dial(await fixture.dialGrant({}, header))).rejects.toMatchObject(refusal);
    },
  );

  it('is refused from a key of another use', async () => {
    const token = await fixture.sign('token', 'postern-dial+jwt', {});
    await expect(dial(token)).rejects.toThrow(/no known key/);
  });

  it('does not look at keys that the token brings along', async () => {
    const { createGrantFixture: another } = await import('../../../test/harness/grant-fixture.ts');
    const attacker = await another();
    const jwk = attacker.published[0]!.jwk;
    const header = { jwk, jku: 'https://evil.test/jwks', x5u: 'https://evil.test/cert' };
    await expect(dial(await attacker.dialGrant({}, header))).rejects.toMatchObject(refusal);
  });

  it('is refused unsigned, with another algorithm, cut or too long', async () => {
    const token = await fixture.dialGrant();
    const [, payload] = token.split('.');
    const none = Buffer.from('{"alg":"none","typ":"postern-dial+jwt","kid":"grant-1"}').toString(
      'base64url',
    );
    const hmac = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', typ: 'postern-dial+jwt', kid: 'grant-1' })
      .sign(new Uint8Array(32));
    for (const bad of [
      `${none}.${payload}.`,
      hmac,
      token.slice(0, -5),
      '',
      'a.b.c',
      'x'.repeat(9000),
    ]) {
      await expect(dial(bad)).rejects.toMatchObject(refusal);
    }
  });

  it('is judged by exp when connected and by out when every controller is lost', async () => {
    const token = await fixture.dialGrant();
    const at = (seconds: number, isConnected: boolean) =>
      dial(token, { time: { nowMs: NOW_MS + seconds * 1000, connected: isConnected } });
    await expect(at(149, true)).resolves.toBeDefined();
    await expect(at(151, true)).rejects.toThrow(/expired/);
    await expect(at(151, false)).resolves.toBeDefined();
    await expect(at(929, false)).resolves.toBeDefined();
    await expect(at(931, false)).rejects.toThrow(/expired/);
  });

  it('never puts the token into the error', async () => {
    const token = await fixture.dialGrant({ svc: 'secret-service' });
    const error: unknown = await dial(token, { serviceId: 'wiki' }).catch((e: unknown) => e);
    expect(String(error)).not.toContain(token.slice(0, 20));
  });
});

describe('bind grant', () => {
  const bind = (token: string, changes = {}) =>
    verifyBindGrant(token, { keys: fixture.keys, time: connected, ...changes });

  it('is accepted, and refused for another service, host or as a dial grant', async () => {
    const token = await fixture.bindGrant();
    await expect(bind(token, { serviceId: 'wiki', hosts: ['host-1'] })).resolves.toMatchObject({
      sub: 'host-1',
    });
    await expect(bind(token, { serviceId: 'mail' })).rejects.toMatchObject(refusal);
    await expect(bind(token, { hosts: ['host-2'] })).rejects.toMatchObject(refusal);
    await expect(bind(await fixture.dialGrant())).rejects.toThrow(/typ/);
    await expect(
      bind(await fixture.bindGrant({ cnf: { jwk: { kty: 'RSA' } } })),
    ).rejects.toMatchObject(refusal);
  });
});

describe('app token', () => {
  const sign = (changes = {}) =>
    fixture.sign('token', APP_TOKEN_TYP, {
      iss: 'https://controller.test/oidc',
      aud: serviceResource('wiki'),
      sub: 'alice',
      client_id: 'app-1',
      cnf: { jkt: fixture.jkt },
      sid: 'sid-1',
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 300,
      out: NOW_SECONDS + 900,
      ...changes,
    });
  const verify = (token: string, changes = {}) =>
    verifyAppToken(token, { keys: fixture.keys, time: connected, ...changes });

  it('is accepted, and refused for another service, key, audience or time', async () => {
    const token = await sign();
    await expect(
      verify(token, { serviceId: 'wiki', thumbprint: fixture.jkt }),
    ).resolves.toMatchObject({ sub: 'alice' });
    const code = { code: 'ERR_TOKEN_INVALID' };
    await expect(verify(token, { serviceId: 'mail' })).rejects.toMatchObject(code);
    await expect(verify(token, { thumbprint: 'y'.repeat(43) })).rejects.toMatchObject(code);
    await expect(verify(await sign({ aud: 'https://api.test' }))).rejects.toMatchObject(code);
    await expect(verify(await sign({ exp: NOW_SECONDS - 60 }))).rejects.toMatchObject(code);
    await expect(verify(await fixture.dialGrant())).rejects.toMatchObject(code);
  });
});

describe('assertion', () => {
  it('is for one audience and one identity', async () => {
    const token = await fixture.assertion();
    const check = (changes = {}) =>
      verifyAssertion(token, {
        keys: fixture.keys,
        nowMs: NOW_MS,
        audience: serviceResource('wiki'),
        ...changes,
      });
    await expect(check({ identityId: 'alice' })).resolves.toMatchObject({ name: 'Alice' });
    const code = { code: 'ERR_TOKEN_INVALID' };
    await expect(check({ identityId: 'bob' })).rejects.toMatchObject(code);
    await expect(check({ audience: 'https://other.test' })).rejects.toMatchObject(code);
    await expect(check({ nowMs: NOW_MS + 931_000 })).rejects.toMatchObject(code);
  });
});
