import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CookieJar,
  MAX_COOKIES,
  parseCookieDate,
  parseSetCookie,
  type CookieJarOptions,
} from './index.ts';

const NOW = 1_800_000_000_000;
const url = (path = '/') => new URL(`https://wiki.example.com${path}`);
const sameSite = { sameSite: true, navigation: false, method: 'GET' };
const crossNavigation = { sameSite: false, navigation: true, method: 'GET' };
const crossFetch = { sameSite: false, navigation: false, method: 'GET' };

function createJar(changes: Partial<CookieJarOptions> = {}) {
  const clock = { now: NOW };
  const options: CookieJarOptions = {
    origin: 'https://wiki.example.com',
    nowMs: () => clock.now,
    ...changes,
  };
  const jar = new CookieJar(options);
  const set = (header: string, path = '/') => jar.setFromResponse(header, url(path), sameSite);
  const get = (path = '/', context = sameSite) => jar.cookieHeaderFor(url(path), context);
  return { jar, clock, options, set, get };
}

describe('cookie jar', () => {
  it.each([
    ['a=1', 'a=1'],
    [' a = 1 ; Path=/', 'a=1'],
    ['=v', 'v'],
    ['v', 'v'],
    ['a=b=c', 'a=b=c'],
    ['a="q"', 'a="q"'],
    ['a=1; Domain=wiki.example.com', 'a=1'],
    ['a=1; Domain=.example.com', 'a=1'],
    ['a=1; Secure; SameSite=None', 'a=1'],
    ['__Host-a=1; Secure; Path=/', '__Host-a=1'],
    ['a=1; Max-Age=1', 'a=1'],
    ['a=1; Expires=Wed, 21 Oct 2099 07:28:00 GMT', 'a=1'],
    ['a=1; Expires=nonsense', 'a=1'],
  ])('keeps %j', (header, expected) => {
    const { set, get } = createJar();
    expect(set(header, '/dir/page')).toBe(true);
    expect(get('/dir/page')).toBe(expected);
  });

  it.each([
    '',
    '=',
    ';',
    ' ; Secure',
    'a=1\u0000',
    'a=1\nb',
    'a=1\r\nb=2',
    `a=${'x'.repeat(4096)}`,
    'a=1; Domain=other.example',
    'a=1; Domain=evil-wiki.example.com',
    'a=1; Path=/other',
    'a=1; Max-Age=0',
    'a=1; Max-Age=-1',
    'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'a=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT',
    'a=1; SameSite=None',
    '__Secure-a=1',
    '__Host-a=1; Secure; Path=/dir',
    '__Host-a=1; Secure; Path=/; Domain=wiki.example.com',
    '=__Host-a; Secure; Path=/',
    '=__SECURE-a; Secure',
  ])('does not send %j', (header) => {
    const { set, get } = createJar();
    set(header, '/dir/page');
    expect(get('/dir/page')).toBeUndefined();
  });

  it('returns what was set, longer paths first, then older ones', () => {
    const { set, get } = createJar();
    set('a=1');
    set('b=2; Path=/docs');
    set('c=3');
    expect(get('/docs/page')).toBe('b=2; a=1; c=3');
    expect(get('/docsx')).toBe('a=1; c=3');
    expect(get()).toBe('a=1; c=3');
  });

  it('takes the default path from the request', () => {
    const { set, get } = createJar();
    set('a=1', '/one/two');
    expect(get('/one/x')).toBe('a=1');
    expect(get('/')).toBeUndefined();
  });

  it('replaces, expires and deletes', () => {
    const { set, get, clock } = createJar();
    set('a=1; Max-Age=10');
    set('a=2; Max-Age=10');
    expect(get()).toBe('a=2');
    clock.now += 10_000;
    expect(get()).toBeUndefined();
    set('b=1');
    set('b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT');
    expect(get()).toBeUndefined();
  });

  it('prefers Max-Age to Expires and caps both at 400 days', () => {
    expect(
      parseSetCookie('a=1; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT', NOW)?.expiresAtMs,
    ).toBe(NOW + 5000);
    const cap = NOW + 400 * 86_400_000;
    expect(parseSetCookie('a=1; Max-Age=999999999999', NOW)?.expiresAtMs).toBe(cap);
    expect(parseSetCookie('a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT', NOW)?.expiresAtMs).toBe(
      cap,
    );
  });

  it('keeps what its host and parents may set for itself alone', () => {
    const { set } = createJar();
    expect(set('a=1; Domain=wiki.example.com')).toBe(true);
    expect(set('a=1; Domain=.example.com')).toBe(true);
    expect(set('a=1; Domain=mail.example.com')).toBe(false);
    expect(set('a=1; Domain=sub.wiki.example.com')).toBe(false);
    expect(set('a=1; Domain=iki.example.com')).toBe(false);
  });

  it('gives nothing to another host, and no domain to an address', () => {
    const { jar, set } = createJar();
    set('a=1; Domain=example.com');
    expect(jar.cookieHeaderFor(new URL('https://mail.example.com/'), sameSite)).toBeUndefined();
    const address = createJar({ origin: 'https://10.0.0.1' });
    expect(address.set('a=1; Domain=0.0.1')).toBe(false);
    expect(address.set('a=1; Domain=10.0.0.1')).toBe(true);
  });

  it('keeps HttpOnly cookies from scripts', () => {
    const { jar, set } = createJar();
    set('s=secret; HttpOnly');
    set('v=visible');
    const plain = { secure: false, sameSite: 'lax', partitioned: false, expiresAtMs: null };
    const visible = { name: 'v', value: 'visible', path: '/', ...plain };
    expect(jar.visible()).toEqual([visible]);
    expect(jar.setFromScript('s=forged', url())).toBe(false);
    expect(jar.setFromScript('t=1; HttpOnly', url())).toBe(false);
    expect(jar.setFromScript('t=1', url())).toBe(true);
    expect(jar.visible()).toEqual([visible, { name: 't', value: '1', path: '/', ...plain }]);
    expect(jar.cookieHeaderFor(url(), sameSite)).toBe('s=secret; v=visible; t=1');
  });

  it('has room for sealed values', () => {
    const { set, get } = createJar();
    expect(set(`s=${'x'.repeat(5_600)}; HttpOnly`)).toBe(true);
    expect(get()).toHaveLength(5_602);
    expect(set(`s=${'x'.repeat(6_144)}; HttpOnly`)).toBe(false);
  });

  it('honours SameSite', () => {
    const { jar, set, get, clock } = createJar();
    set('strict=1; SameSite=Strict');
    set('lax=1; SameSite=Lax');
    set('plain=1');
    set('none=1; SameSite=None; Secure');
    expect(get('/', sameSite)).toBe('strict=1; lax=1; plain=1; none=1');
    expect(get('/', crossNavigation)).toBe('lax=1; plain=1; none=1');
    // Lax-allowing-unsafe: only what said nothing, and only while it is fresh.
    const crossPost = { ...crossNavigation, method: 'POST' };
    expect(get('/', crossPost)).toBe('plain=1; none=1');
    clock.now += 120_000;
    expect(get('/', crossPost)).toBe('none=1');
    expect(get('/', crossFetch)).toBe('none=1');
    expect(jar.setFromResponse('x=1', url(), crossFetch)).toBe(false);
  });

  it('honours Secure and the name prefixes', () => {
    const { set } = createJar();
    expect(set('a=1; SameSite=None')).toBe(false);
    const plain = new URL('http://wiki.example.com');
    const onPlain = createJar({ origin: plain.origin }).jar;
    expect(onPlain.setFromResponse('a=1; Secure', plain, sameSite)).toBe(false);
    const local = new URL('http://wiki.localhost:8080');
    const onLocal = createJar({ origin: local.origin }).jar;
    expect(onLocal.setFromResponse('a=1; Secure', local, sameSite)).toBe(true);
    expect(onLocal.cookieHeaderFor(local, sameSite)).toBe('a=1');
    expect(set('__Secure-a=1')).toBe(false);
    expect(set('__Secure-a=1; Secure')).toBe(true);
    expect(set('p=1; Partitioned')).toBe(false);
    expect(set('p=1; Partitioned; Secure')).toBe(true);
    expect(set('__Http-a=1; Secure')).toBe(false);
    expect(set('__Http-a=1; Secure; HttpOnly')).toBe(true);
    expect(set('__Host-Http-a=1; Secure; HttpOnly; Path=/')).toBe(true);
    expect(set('__Host-Http-a=1; Secure; HttpOnly; Path=/x')).toBe(false);
    expect(set('d=1; Domain=com')).toBe(false);
    expect(set('__Host-a=1; Secure; Path=/')).toBe(true);
    expect(set('__Host-a=1; Secure; Path=/x')).toBe(false);
    expect(set('__Host-a=1; Secure', '/x/y')).toBe(false);
    expect(set('__host-a=1; Secure; Path=/; Domain=wiki.example.com')).toBe(false);
    expect(set('=__Host-a=1; Secure; Path=/')).toBe(false);
  });

  it('keeps its limits, dropping what was not used for longest', () => {
    const { jar, set, get, clock } = createJar();
    for (let i = 0; i < MAX_COOKIES; i += 1) {
      clock.now += 1;
      set(i === 0 ? 'c0=1; Secure' : `c${i}=1`);
    }
    set('new=1');
    expect(jar.toJSON()).toHaveLength(MAX_COOKIES);
    expect(get()).toMatch(/^c0=1; c2=1; .*; new=1$/);
  });

  it('survives being stored', () => {
    const { jar, set, options } = createJar();
    set('a=1; HttpOnly; Max-Age=60');
    const restored = CookieJar.restore(JSON.parse(JSON.stringify(jar)), options);
    expect(restored.cookieHeaderFor(url(), sameSite)).toBe('a=1');
  });

  it('takes anything found in storage instead for no cookies', () => {
    const { options } = createJar();
    fc.assert(
      fc.property(fc.anything(), (stored) => {
        expect(CookieJar.restore(stored, options).visible()).toEqual([]);
      }),
    );
  });

  it('stands any header', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 60 }), (a, b) => {
        const { jar, set } = createJar();
        set(a);
        set(`x=1; ${a}=${b}; Expires=${b}; Domain=${a}; Path=${b}`);
        jar.setFromScript(a, url());
        const header = jar.cookieHeaderFor(url(), sameSite) ?? '';
        expect(header).not.toMatch(/[\0\r\n]/);
      }),
    );
  });
});

describe('cookie dates', () => {
  it.each([
    ['Wed, 21 Oct 2026 07:28:00 GMT', Date.UTC(2026, 9, 21, 7, 28)],
    ['Wednesday, 21-Oct-26 07:28:00 GMT', Date.UTC(2026, 9, 21, 7, 28)],
    ['Wed Oct 21 07:28:00 2026', Date.UTC(2026, 9, 21, 7, 28)],
    ['31 Feb 2026 00:00:00', undefined],
    ['21 Oct 1600 00:00:00', undefined],
    ['21 Oct 2026 25:00:00', undefined],
    ['tomorrow', undefined],
  ])('%s', (text, expected) => {
    expect(parseCookieDate(text)).toBe(expected);
  });
});
