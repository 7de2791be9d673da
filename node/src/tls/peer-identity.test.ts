import { describe, expect, it } from 'vitest';
import { certificateIdentity } from './peer-identity.ts';

describe('certificateIdentity', () => {
  it.each([
    ['DNS:localhost, URI:spiffe://demo.test/router/r1, IP Address:127.0.0.1', 'router', 'r1'],
    ['URI:spiffe://demo.test/identity/_a.B-1', 'identity', '_a.B-1'],
    ['URI:spiffe://demo.test/controller', 'controller', ''],
  ])('reads the one SPIFFE id of %s', (names, role, id) => {
    expect(certificateIdentity({ subjectAltName: names })).toEqual({
      trustDomain: 'demo.test',
      role,
      id,
    });
  });

  it.each([
    undefined,
    '',
    'DNS:spiffe://d/router/r1',
    'URI:https://d/router/r1',
    'URI:spiffe://d/router',
    'URI:spiffe://d/router/r1/x',
    'URI:spiffe://d/controller/c1',
    'URI:spiffe://d/admin/a1',
    'URI:spiffe://d/router/r1, URI:spiffe://d/router/r2',
  ])('refuses %s', (names) => {
    expect(() => certificateIdentity({ subjectAltName: names })).toThrow(
      expect.objectContaining({ code: 'ERR_PEER_IDENTITY' }),
    );
  });
});
