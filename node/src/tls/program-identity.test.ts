import { expect, it } from 'vitest';
import { readProgramIdentity } from './program-identity.ts';

it('reads an identity, and the session a certificate is for', () => {
  expect(readProgramIdentity({ subjectAltName: 'URI:spiffe://d.test/identity/a' })).toEqual({
    trustDomain: 'd.test',
    identityId: 'a',
  });
  const subjectAltName = 'URI:spiffe://d.test/identity/a/apiSession/s/apiSessionCertificate/c';
  expect(readProgramIdentity({ subjectAltName })).toEqual({
    trustDomain: 'd.test',
    identityId: 'a',
    apiSessionId: 's',
  });
});

it.each([
  undefined,
  '',
  'URI:spiffe://d.test/router/a',
  'URI:spiffe://d.test/controller',
  'URI:spiffe://d.test/identity/',
  'URI:spiffe://d.test/identity/a/apiSession/s',
  'URI:spiffe://d.test/identity/a/apiSession/s/apiSessionCertificate/c/x',
  'URI:spiffe://d.test/identity/a, URI:spiffe://d.test/identity/b',
])('refuses %s', (subjectAltName) => {
  expect(() => readProgramIdentity({ subjectAltName })).toThrow(
    expect.objectContaining({ code: 'ERR_PEER_IDENTITY' }),
  );
});
