import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJar, MAX_COOKIES, type Jar } from './jar.ts';

const ORIGIN = 'https://wiki.example';
const NOW = 1_700_000_000_000;
const own = { isSameSite: true, isSafeTopLevelNavigation: false };
const foreign = { isSameSite: false, isSafeTopLevelNavigation: false };
const foreignLink = { isSameSite: false, isSafeTopLevelNavigation: true };
const url = (path: string) => new URL(path, ORIGIN);

function jarWith(...values: string[]): Jar {
  const jar = createJar(undefined, ORIGIN);
  for (const value of values) jar.storeFromResponse(value, url('/dir/page'), own, NOW);
  return jar;
}
const header = (jar: Jar, path = '/dir/page', context = own, nowMs = NOW) =>
  jar.header(url(path), context, nowMs);

describe('cookie jar', () => {
  it.each([
    ['a=1', 'a=1'],
    [' a = 1 ; Path=/', 'a=1'],
    ['=v', 'v'],
    ['v', 'v'],
    ['a=b=c', 'a=b=c'],
    ['a="q"', 'a="q"'],
    ['a=1; Domain=wiki.example', 'a=1'],
    ['a=1; Domain=.example', 'a=1'],
    ['a=1; Secure; SameSite=None', 'a=1'],
    ['__Host-a=1; Secure; Path=/', '__Host-a=1'],
    ['a=1; Max-Age=1', 'a=1'],
    ['a=1; Expires=Wed, 21 Oct 2099 07:28:00 GMT', 'a=1'],
    ['a=1; Expires=nonsense', 'a=1'],
  ])('keeps %j', (value, expected) => {
    expect(header(jarWith(value))).toBe(expected);
  });

  it.each([
    '',
    '=',
    ';',
    'a=1\u0000',
    'a=1\nb',
    `a=${'x'.repeat(4096)}`,
    'a=1; Domain=other.example',
    'a=1; Domain=evil-wiki.example',
    'a=1; Path=/other',
    'a=1; Max-Age=0',
    'a=1; Max-Age=-1',
    'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'a=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT',
    'a=1; SameSite=None',
    '__Secure-a=1',
    '__Host-a=1; Secure; Path=/dir',
    '__Host-a=1; Secure; Path=/; Domain=wiki.example',
    '=__Host-a; Secure; Path=/',
    '=__SECURE-a; Secure',
  ])('does not send %j', (value) => {
    expect(header(jarWith(value))).toBe('');
  });

  it('Max-Age wins over Expires', () => {
    expect(header(jarWith('a=1; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT'))).toBe('a=1');
  });

  it('matches paths by whole segments and puts longer ones first', () => {
    const jar = jarWith('root=1; Path=/', 'dir=1; Path=/dir', 'slash=1; Path=/dir/', 'default=1');
    expect(header(jar)).toBe('slash=1; dir=1; default=1; root=1');
    expect(header(jar, '/directory')).toBe('root=1');
    expect(header(jar, '/dir')).toBe('dir=1; default=1; root=1');
  });

  it('replaces by name and path, keeping the age', () => {
    const jar = jarWith('a=1', 'b=1', 'a=2');
    expect(header(jar)).toBe('a=2; b=1');
  });

  it('sends by SameSite', () => {
    const jar = jarWith(
      'strict=1; SameSite=Strict',
      'lax=1; SameSite=Lax',
      'none=1; SameSite=None; Secure',
      'plain=1',
    );
    expect(header(jar)).toBe('strict=1; lax=1; none=1; plain=1');
    expect(header(jar, '/dir/page', foreignLink)).toBe('lax=1; none=1; plain=1');
    expect(header(jar, '/dir/page', foreign)).toBe('none=1');
  });

  it('lets script neither see nor set nor replace HttpOnly cookies', () => {
    const jar = jarWith('secret=sealed; HttpOnly', 'open=1');
    jar.storeFromPage('secret=stolen', url('/dir/page'), NOW);
    jar.storeFromPage('mine=1; HttpOnly', url('/dir/page'), NOW);
    expect(jar.visible(NOW)).toEqual([{ name: 'open', value: '1', path: '/dir' }]);
    expect(header(jar)).toBe('secret=sealed; open=1');
  });

  it('forgets what expired', () => {
    const jar = jarWith('a=1; Max-Age=10');
    expect(header(jar, '/dir/page', own, NOW + 9_999)).toBe('a=1');
    expect(header(jar, '/dir/page', own, NOW + 10_000)).toBe('');
  });

  it('is bounded: the oldest goes', () => {
    const jar = createJar(undefined, ORIGIN);
    for (let i = 0; i <= MAX_COOKIES; i++) jar.storeFromResponse(`c${i}=1`, url('/'), own, NOW + i);
    expect(jar.visible(NOW + 200)).toHaveLength(MAX_COOKIES);
    expect(jar.visible(NOW + 200).map(({ name }) => name)).not.toContain('c0');
  });

  it('survives storage, and anything found there instead', () => {
    const jar = jarWith('a=1; HttpOnly', 'b=2; Max-Age=60; SameSite=Lax');
    expect(header(createJar(structuredClone(jar.serialize()), ORIGIN))).toBe('a=1; b=2');
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(createJar(value, ORIGIN).visible(NOW)).toEqual([]);
      }),
    );
  });

  it('never throws and never sends a control character', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 60 })), (values) => {
        expect(header(jarWith(...values))).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]/);
      }),
    );
  });

  it('takes Secure cookies on *.localhost, not on other plain HTTP', () => {
    for (const [origin, expected] of [
      ['http://wiki.localhost:8080', 'a=1'],
      ['http://wiki.example', ''],
    ] as const) {
      const jar = createJar(undefined, origin);
      jar.storeFromResponse('a=1; Secure', new URL('/', origin), own, NOW);
      expect(jar.header(new URL('/', origin), own, NOW)).toBe(expected);
    }
  });
});
