import { beforeAll, describe, expect, it } from 'vitest';
import { generateCertificateKeys, privateKeyPem } from '../enroll/index.ts';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '../x509/index.ts';
import { parseIssued } from './issued-certificate.ts';

const NAMES = ['apps.example.com', '*.apps.example.com'];
const NOT_BEFORE_MS = Date.parse('2026-01-01T00:00:00Z');
const NOT_AFTER_MS = Date.parse('2026-04-01T00:00:00Z');
const NOW_MS = Date.parse('2026-02-01T00:00:00Z');

let key: string;
let cert: string;
beforeAll(async () => {
  const keys = await generateCertificateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    keys,
    notBefore: new Date(NOT_BEFORE_MS),
    notAfter: new Date(NOT_AFTER_MS),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new SubjectAlternativeNameExtension(
        [...NAMES].reverse().map((value) => ({ type: 'dns' as const, value })),
      ),
    ],
  });
  key = privateKeyPem(keys);
  cert = certificate.toString('pem');
});

describe('parseIssued', () => {
  it('takes one for the key and exactly the names, with what is around it left out', () => {
    const issued = parseIssued({ key, cert: `${key}\nnoise\n${cert}\n${cert}` }, NAMES, NOW_MS);
    expect(issued).toMatchObject({ key, notBeforeMs: NOT_BEFORE_MS, notAfterMs: NOT_AFTER_MS });
    expect(issued.cert).toBe(`${cert}\n${cert}\n`);
  });

  it('refuses one of another key', async () => {
    const other = privateKeyPem(await generateCertificateKeys());
    expect(() => parseIssued({ key: other, cert }, NAMES, NOW_MS)).toThrow(/another key/);
  });

  it.each([
    ['more names', ['apps.example.com'], NOW_MS, /it is for DNS:/],
    ['fewer names', [...NAMES, 'login.example.com'], NOW_MS, /it is for DNS:/],
    ['other names', ['apps.example.com', '*.other.example.com'], NOW_MS, /it is for DNS:/],
    ['a time to come', NAMES, NOT_BEFORE_MS - 1, /clocks/],
    ['a time gone by', NAMES, NOT_AFTER_MS, /ended/],
  ])('refuses one for %s', (_, names, nowMs, message) => {
    expect(() => parseIssued({ key, cert }, names, nowMs)).toThrow(
      expect.objectContaining({
        code: 'ERR_ACME_CERTIFICATE',
        message: expect.stringMatching(message),
      }),
    );
  });

  it('refuses what is none, and endless chains', () => {
    for (const bad of ['', 'nonsense', cert.slice(0, 200), cert.repeat(11)])
      expect(() => parseIssued({ key, cert: `${bad}\n` }, NAMES, NOW_MS)).toThrow(/does not fit/);
    expect(() => parseIssued({ key: '', cert }, NAMES, NOW_MS)).toThrow(/cannot be read/);
  });
});
