import { describe, expect, it } from 'vitest';
import { acmeIsWhole, acmeSchema } from './acme.ts';

const minimal = {
  agreeToTerms: true,
  names: ['login.example.com'],
  stateDir: 'acme',
  httpPort: 80,
};

describe('acmeSchema', () => {
  it('fills in defaults', () => {
    expect(acmeSchema.parse(minimal)).toEqual({
      ...minimal,
      directoryUrl: 'https://acme-v02.api.letsencrypt.org/directory',
      httpHost: '0.0.0.0',
      dnsHookTimeoutMs: 180_000,
    });
  });

  it.each([
    [{ agreeToTerms: false }, 'agreeToTerms', /terms/],
    [{ agreeToTerms: undefined }, 'agreeToTerms', /terms/],
    [{ directoryUrl: 'http://acme.example/directory' }, 'directoryUrl', /https/],
    [{ email: 'nobody' }, 'email', /email/],
    [{ names: [] }, 'names', /1/],
    [{ names: ['a.example', 'a.example'] }, 'names', /twice/],
    [{ names: ['Login.example.com'] }, 'names.0', /lower case/],
    [{ names: ['a.*.example.com'] }, 'names.0', /host name/],
    [{ names: ['localhost'] }, 'names.0', /host name/],
    [{ names: ['a.example;x'] }, 'names.0', /host name/],
    [{ names: ['*.example.com'] }, 'dnsHook', /DNS/],
    [{ httpPort: undefined }, 'httpPort', /dnsHook/],
    [{ httpport: 80 }, '', /httpport/],
  ])('refuses %j at %s', (change, path, message) => {
    const issue = acmeSchema.safeParse({ ...minimal, ...change }).error?.issues[0];
    expect(issue?.path.join('.')).toBe(path);
    expect(issue?.message).toMatch(message);
  });

  it('takes a wildcard with a hook', () => {
    const names = ['apps.example.com', '*.apps.example.com'];
    expect(acmeSchema.safeParse({ ...minimal, names, dnsHook: './dns' }).success).toBe(true);
  });
});

it('takes tls: acme and its settings together only', () => {
  const acme = acmeSchema.parse(minimal);
  expect(acmeIsWhole({ tls: 'acme', acme })).toBe(true);
  expect(acmeIsWhole({ tls: 'none' })).toBe(true);
  expect(acmeIsWhole({ tls: 'acme' })).toBe(false);
  expect(acmeIsWhole({ tls: 'none', acme })).toBe(false);
});
