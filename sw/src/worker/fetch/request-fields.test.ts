import { describe, expect, it } from 'vitest';
import {
  fetchMetadata,
  initiatorSite,
  originHeader,
  refererHeader,
  type RequestFacts,
} from './initiator.ts';
import { acceptLanguage, buildRequestFields, cacheModeFields } from './request-fields.ts';

const ORIGIN = 'https://wiki.example';
const facts = (changes: Partial<RequestFacts> = {}): RequestFacts => ({
  method: 'GET',
  url: `${ORIGIN}/page`,
  mode: 'cors',
  destination: '',
  referrer: `${ORIGIN}/from?x=1#frag`,
  referrerPolicy: '',
  ...changes,
});
const build = (changes: Partial<Parameters<typeof buildRequestFields>[0]> = {}) =>
  Object.fromEntries(
    buildRequestFields({
      ...facts(),
      headers: [],
      cookie: undefined,
      bodyLength: undefined,
      userAgent: 'UA',
      languages: ['de-CH', 'en'],
      acceptEncoding: 'gzip',
      ...changes,
    }),
  );

describe('buildRequestFields', () => {
  it('adds what the browser hides', () => {
    expect(build({ cookie: 'a=1' })).toEqual({
      accept: '*/*',
      'accept-language': 'de-CH,en;q=0.9',
      'user-agent': 'UA',
      'accept-encoding': 'gzip',
      referer: `${ORIGIN}/from?x=1`,
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
      cookie: 'a=1',
    });
  });

  it('adds client hints, and drops those of the page', () => {
    const headers: [string, string][] = [['sec-ch-ua', 'forged']];
    expect(build({ headers, hints: [['sec-ch-ua', '"own"']] })['sec-ch-ua']).toBe('"own"');
  });

  it('sends the bytes that Chromium decoded', () => {
    const headers: [string, string][] = [['x-own', 'ä']];
    expect(build({ headers, areDecoded: true })['x-own']).toBe('Ã¤');
    expect(build({ headers })['x-own']).toBe('ä');
  });

  it.each([
    ['default', [], []],
    ['force-cache', [], []],
    ['no-cache', [], [['cache-control', 'max-age=0']]],
    [
      'reload',
      [],
      [
        ['pragma', 'no-cache'],
        ['cache-control', 'no-cache'],
      ],
    ],
    ['no-store', [['cache-control', 'own']], [['pragma', 'no-cache']]],
  ] as const)('cache mode %s', (mode, given, expected) => {
    expect(cacheModeFields(mode, given as never)).toEqual(expected);
  });

  it('drops what a page may not say', () => {
    const headers: [string, string][] = [
      ['Cookie', 'stolen'],
      ['Origin', 'https://evil.example'],
      ['Sec-Fetch-Site', 'none'],
      ['Postern-Assertion', 'x'],
      ['Connection', 'close'],
      ['Content-Length', '5'],
      ['Proxy-Authorization', 'x'],
      ['X-Requested-With', 'kept'],
      ['Authorization', 'Bearer kept'],
    ];
    const fields = build({ headers });
    expect(fields).toMatchObject({
      'x-requested-with': 'kept',
      authorization: 'Bearer kept',
      'sec-fetch-site': 'same-origin',
    });
    for (const name of [
      'cookie',
      'origin',
      'postern-assertion',
      'connection',
      'content-length',
      'proxy-authorization',
    ]) {
      expect(fields).not.toHaveProperty(name);
    }
  });

  it('asks for plain bytes of a range', () => {
    expect(build({ headers: [['range', 'bytes=0-1']] })['accept-encoding']).toBe('identity');
  });

  it('keeps what the page set itself', () => {
    expect(
      build({
        headers: [
          ['accept', 'text/html'],
          ['accept-language', 'fr'],
        ],
      }),
    ).toMatchObject({
      accept: 'text/html',
      'accept-language': 'fr',
    });
  });

  it('says the length of a body', () => {
    expect(build({ method: 'POST', bodyLength: 0 })).toMatchObject({
      'content-length': '0',
      origin: ORIGIN,
    });
  });
});

describe('initiator', () => {
  it.each([
    [facts(), 'same-origin'],
    [facts({ mode: 'navigate', referrer: `${ORIGIN}/a` }), 'same-origin'],
    [facts({ mode: 'navigate', referrer: `${ORIGIN}:444/a` }), 'same-site'],
    [facts({ mode: 'navigate', referrer: 'https://other.example/' }), 'cross-site'],
    [facts({ mode: 'navigate', referrer: '' }), 'none'],
    [facts({ mode: 'navigate', referrer: 'about:client' }), 'none'],
    [facts({ mode: 'navigate', referrer: '', method: 'POST' }), 'cross-site'],
  ])('%o → %s', (given, site) => {
    expect(initiatorSite(given)).toBe(site);
    expect(Object.fromEntries(fetchMetadata(given))['sec-fetch-site']).toBe(site);
  });

  it.each([
    ['', `${ORIGIN}/from?x=1`, `${ORIGIN}/from?x=1`],
    ['', 'https://other.example/p?q', 'https://other.example/'],
    ['no-referrer', `${ORIGIN}/from`, undefined],
    ['origin', `${ORIGIN}/from`, `${ORIGIN}/`],
    ['same-origin', 'https://other.example/p', undefined],
    ['same-origin', `${ORIGIN}/from`, `${ORIGIN}/from`],
    ['strict-origin', `${ORIGIN}/from`, `${ORIGIN}/`],
    ['unsafe-url', 'https://u:p@other.example/p#f', 'https://other.example/p'],
    ['', 'about:client', undefined],
    ['', '', undefined],
  ] as const)('Referer by policy %j from %j is %j', (referrerPolicy, referrer, expected) => {
    expect(refererHeader(facts({ referrerPolicy, referrer }))).toBe(expected);
  });

  it.each([
    [facts(), undefined],
    [facts({ method: 'POST' }), ORIGIN],
    [facts({ method: 'DELETE', referrerPolicy: 'no-referrer' }), ORIGIN],
    [facts({ method: 'POST', mode: 'navigate' }), ORIGIN],
    [
      facts({ method: 'POST', mode: 'navigate', referrer: 'https://evil.example/' }),
      'https://evil.example',
    ],
    [facts({ method: 'POST', mode: 'navigate', referrer: '' }), 'null'],
    [facts({ method: 'POST', mode: 'navigate', referrerPolicy: 'no-referrer' }), 'null'],
  ])('Origin of %o is %j', (given, expected) => {
    expect(originHeader(given)).toBe(expected);
  });
});

describe('acceptLanguage', () => {
  it('falls in quality and stays valid', () => {
    expect(acceptLanguage([])).toBe('');
    expect(
      acceptLanguage(Array.from({ length: 20 }, () => 'x'))
        .split(',')
        .at(-1),
    ).toBe('x;q=0.2');
  });
});
