import { describe, expect, it } from 'vitest';
import { parseLoaderReply, parseLoaderRequest } from './loader.ts';

describe('parseLoaderRequest', () => {
  it('takes an absolute http(s) URL', () => {
    expect(
      parseLoaderRequest({ type: 'postern.prepare', url: 'https://wiki.example/a?b#c', extra: 1 }),
    ).toEqual({
      type: 'postern.prepare',
      url: 'https://wiki.example/a?b#c',
    });
  });

  it.each([
    null,
    undefined,
    'postern.prepare',
    {},
    { type: 'postern.prepare' },
    { type: 'other', url: 'https://wiki.example/' },
    { type: 'postern.prepare', url: '/relative' },
    { type: 'postern.prepare', url: 'javascript:alert(1)' },
    { type: 'postern.prepare', url: `https://wiki.example/${'a'.repeat(16_384)}` },
  ])('refuses %j', (value) => {
    expect(parseLoaderRequest(value)).toBeUndefined();
  });
});

describe('parseLoaderReply', () => {
  it.each([
    { kind: 'ready' },
    { kind: 'sign-in', authorizeUrl: 'http://controller.localhost:1/oidc/auth?x=1' },
    { kind: 'error', code: 'ERR_NO_ROUTER' },
  ])('takes %j', (value) => {
    expect(parseLoaderReply(value)).toEqual(value);
  });

  it.each([
    null,
    [],
    {},
    { kind: 'unknown' },
    { kind: 'sign-in' },
    { kind: 'sign-in', authorizeUrl: 'javascript:alert(1)' },
    { kind: 'sign-in', authorizeUrl: 'data:text/html,x' },
    { kind: 'error', code: '<b>ERR</b>' },
    { kind: 'error' },
  ])('refuses %j', (value) => {
    expect(parseLoaderReply(value)).toBeUndefined();
  });
});
