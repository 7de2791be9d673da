import { describe, expect, it } from 'vitest';
import { parseSpiffeName } from './peer-identity.ts';

describe('parseSpiffeName', () => {
  it('finds the one SPIFFE name among others', () => {
    expect(
      parseSpiffeName('DNS:localhost, URI:spiffe://demo.test/router/r1, IP:127.0.0.1'),
    ).toEqual({
      domain: 'demo.test',
      role: 'router',
      id: 'r1',
    });
  });

  it.each([
    undefined,
    '',
    'DNS:spiffe://d/router/r1',
    'URI:https://d/router/r1',
    'URI:spiffe://d/router',
    'URI:spiffe://d/router/r1/x',
    'URI:spiffe://d/router/r1, URI:spiffe://d/router/r2',
  ])('finds none in %s', (text) => {
    expect(parseSpiffeName(text)).toBeUndefined();
  });
});
