import type { Field } from '@postern/shared/protocol/http';
import { describe, expect, it } from 'vitest';
import { authorization } from './authorization.ts';
import { findChallenge } from './challenge.ts';
import { HttpLogins, MAX_REALMS } from './http-logins.ts';
import { loginPage, readLoginForm } from './login-page.ts';

const origin = 'https://wiki.example';
const asks = (...values: string[]): Field[] => values.map((value) => ['www-authenticate', value]);
const BASIC = asks('Basic realm="notes"');

describe('findChallenge', () => {
  it.each([
    ['Basic realm="a \\"b\\""', 'basic', 'a "b"'],
    ['basic realm=plain, charset="UTF-8"', 'basic', 'plain'],
    ['Negotiate, Basic realm="x"', 'basic', 'x'],
    ['Digest realm="d", nonce="n", qop="auth,auth-int", Basic realm="b"', 'digest', 'd'],
    ['Basic realm="b", Digest realm="d", nonce="n", algorithm=SHA-256', 'digest', 'd'],
  ])('%s', (value, scheme, realm) => {
    expect(findChallenge(asks(value))).toMatchObject({ scheme, realm });
  });

  it('takes SHA-256 before MD5', () => {
    const fields = asks(
      'Digest realm="d", nonce="1"',
      'Digest realm="d", nonce="2", algorithm=SHA-256',
    );
    expect(findChallenge(fields)?.parameters['nonce']).toBe('2');
  });

  it.each([
    'Bearer realm="x"',
    'Basic',
    'Digest realm="d", nonce="n", qop="auth-int"',
    'Digest realm="d", nonce="n", algorithm=SHA-512-256',
    'Digest realm="d"',
    `Basic realm="${'x'.repeat(5_000)}"`,
  ])('knows nothing of %s', (value) => {
    expect(findChallenge(asks(value))).toBeUndefined();
  });
});

describe('authorization', () => {
  // RFC 7616 §3.9.1.
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('Digest with %s, as the RFC has it', async (algorithm, response) => {
    const challenge = findChallenge(
      asks(
        `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
      ),
    )!;
    const header = await authorization({
      challenge,
      login: { user: 'Mufasa', password: 'Circle of Life' },
      method: 'GET',
      target: '/dir/index.html',
      count: 1,
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    });
    expect(header).toContain(`response="${response}"`);
    expect(header).toContain('nc=00000001');
  });

  it('Basic in UTF-8, without control characters', async () => {
    const challenge = findChallenge(BASIC)!;
    const login = { user: 'tést\r\n', password: '123£' };
    const header = await authorization({
      challenge,
      login,
      method: 'GET',
      target: '/',
      count: 1,
      cnonce: '',
    });
    expect(header).toBe(`Basic ${Buffer.from('tést:123£').toString('base64')}`);
  });
});

describe('HttpLogins', () => {
  it('sends a log-in where it was asked for and below, and nowhere else', async () => {
    const logins = new HttpLogins();
    expect(logins.challenged(BASIC, '/private/a?x=/y', false)).toMatchObject({
      kind: 'ask',
      wasWrong: false,
    });
    expect(await logins.headerFor('GET', '/private/a')).toBeUndefined();
    logins.keep('notes', { user: 'a', password: 'b' });
    for (const target of ['/private/', '/private/a?x', '/private/b/c']) {
      expect(await logins.headerFor('GET', target)).toBe(`Basic ${btoa('a:b')}`);
    }
    expect(await logins.headerFor('GET', '/public')).toBeUndefined();
    expect(logins.challenged(BASIC, '/other/x', false)).toMatchObject({ kind: 'retry' });
    expect(await logins.headerFor('GET', '/other/x')).toBeDefined();
  });

  it('asks again for one that is wrong, but not for a stale nonce', () => {
    const logins = new HttpLogins();
    logins.challenged(BASIC, '/', false);
    logins.keep('notes', { user: 'a', password: 'wrong' });
    expect(logins.challenged(BASIC, '/', true)).toMatchObject({ kind: 'ask', wasWrong: true });
    const digest = asks('Digest realm="d", nonce="1"');
    logins.challenged(digest, '/', false);
    logins.keep('d', { user: 'a', password: 'b' });
    expect(
      logins.challenged(asks('Digest realm="d", nonce="2", stale=true'), '/', true),
    ).toMatchObject({ kind: 'retry' });
  });

  it('keeps nothing for a realm nobody asked for, and a bounded number of realms', async () => {
    const logins = new HttpLogins();
    logins.keep('notes', { user: 'a', password: 'b' });
    expect(await logins.headerFor('GET', '/')).toBeUndefined();
    for (let i = 0; i <= MAX_REALMS; i++)
      logins.challenged(asks(`Basic realm="r${i}"`), '/', false);
    logins.keep('r0', { user: 'a', password: 'b' });
    expect(await logins.headerFor('GET', '/')).toBeUndefined();
  });
});

describe('the dialog', () => {
  it('is sandboxed, unframed, and its text is text', async () => {
    const response = await loginPage(
      { language: 'en', branding: { name: '<i>' } },
      { origin, realm: '<b>"x"', target: '/a', wasWrong: true },
    );
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain('sandbox allow-forms');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('script-src');
    const text = await response.text();
    expect(text).toContain('&lt;b&gt;&quot;x&quot;');
    expect(text).toContain('not accepted');
  });

  it.each([
    ['/deep?x=1', '/deep?x=1'],
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    ['\\\\evil.example', '/'],
  ])('comes back to %s as %s', async (target, place) => {
    const body = new URLSearchParams({ realm: 'r', target, user: 'u', password: 'p' });
    const request = new Request(origin, { method: 'POST', body });
    expect(await readLoginForm(request, origin)).toEqual({
      realm: 'r',
      target: place,
      user: 'u',
      password: 'p',
    });
  });

  it.each(['', 'user=u', `realm=r&user=${'x'.repeat(2_000)}`])(
    'takes no other form: %s',
    async (body) => {
      expect(
        await readLoginForm(new Request(origin, { method: 'POST', body }), origin),
      ).toBeUndefined();
    },
  );
});
