import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestCa } from '../../../test/harness/test-ca.ts';
import type { ExternalIdClaim } from '../model/cas.ts';
import { externalIdOf } from './external-id.ts';

let certificate: X509Certificate;
beforeAll(async () => {
  const { cert } = await (
    await TestCa.create('ca')
  ).leaf('device-7', {
    names: [
      { type: 'url', value: 'spiffe://corp/one/two' },
      { type: 'url', value: 'https://corp/three' },
      { type: 'email', value: 'zoe@corp.example' },
    ],
  });
  certificate = new X509Certificate(cert);
});

const claim = (values: Partial<ExternalIdClaim>): ExternalIdClaim => ({
  location: 'COMMON_NAME',
  matcher: 'ALL',
  matcherCriteria: '',
  parser: 'NONE',
  parserCriteria: '',
  index: 0,
  ...values,
});

describe('the external id of a certificate', () => {
  it.each<[string | undefined, Partial<ExternalIdClaim>]>([
    ['device-7', {}],
    ['7', { matcher: 'PREFIX', matcherCriteria: 'device-' }],
    [undefined, { matcher: 'PREFIX', matcherCriteria: 'host-' }],
    ['zoe', { location: 'SAN_EMAIL', matcher: 'SUFFIX', matcherCriteria: '@corp.example' }],
    [undefined, { location: 'SAN_EMAIL', matcher: 'SUFFIX', matcherCriteria: '@corp' }],
    ['https://corp/three', { location: 'SAN_URI', index: 1 }],
    ['https://corp/three', { location: 'SAN_URI', matcher: 'SCHEME', matcherCriteria: 'HTTPS' }],
    [undefined, { location: 'SAN_URI', matcher: 'SCHEME', matcherCriteria: 'http' }],
    ['two', { location: 'SAN_URI', parser: 'SPLIT', parserCriteria: '/', index: 4 }],
    [undefined, { index: 1 }],
    // An empty value names nobody.
    [undefined, { matcher: 'PREFIX', matcherCriteria: 'device-7' }],
  ])('is %s by %o', (expected, values) => {
    expect(externalIdOf(certificate, claim(values))).toBe(expected);
  });
});
