import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@postern/node/x509';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyClientCertificate } from '../auth/client-certificate.ts';
import { fingerprintOf, generateKeyPair, pkiCrypto } from './certificates.ts';
import { openPki } from './open-pki.ts';

const DAY_MS = 86_400_000;
let dir: string;
let nowMs: number;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-pki-'));
  nowMs = Date.now();
});
afterEach(() => rm(dir, { recursive: true }));

const open = (serverNames = ['localhost', '127.0.0.1']) =>
  openPki({ dir, trustDomain: 'test', serverNames, clock: () => nowMs });

async function csr(name: string, extensions: x509.Extension[] = []) {
  const keys = await generateKeyPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name, keys, extensions, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } },
    pkiCrypto,
  );
  return request.toString('pem');
}

describe('pki', () => {
  it('keeps keys in files only the owner reads, and the same CA over restarts', async () => {
    const first = await open();
    for (const name of ['root.key', 'issuing.key', 'server.pem']) {
      expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
    }
    const again = await open();
    expect(again.trustBundlePem).toBe(first.trustBundlePem);
    expect(again.server()).toEqual(first.server());
  });

  it('works with the root key taken away', async () => {
    await open();
    await unlink(join(dir, 'root.key'));
    await expect(open()).resolves.toBeDefined();
  });

  it('renews the server leaf before it expires and when names are added', async () => {
    const first = (await open()).server();
    expect((await open(['localhost', '127.0.0.1', 'ctrl.example.com'])).server()).not.toEqual(
      first,
    );
    const second = (await open()).server();
    nowMs += 61 * DAY_MS;
    const renewed = (await open()).server();
    expect(renewed).not.toEqual(second);
    expect(new X509Certificate(renewed.certChainPem).checkHost('localhost')).toBe('localhost');
    expect(new X509Certificate(renewed.certChainPem).checkIP('127.0.0.1')).toBe('127.0.0.1');
  });

  it('issues client leaves with the SPIFFE id and a chain to the root', async () => {
    const pki = await open();
    const issued = await pki.issueIdentity(await csr('CN=whatever'), 'abc');
    const leaf = new X509Certificate(issued.leafPem);
    expect(leaf.subjectAltName).toBe('URI:spiffe://test/identity/abc');
    expect(leaf.subject).toBe('CN=whatever');
    expect(leaf.ca).toBe(false);
    const [root = '', issuing = ''] = pki.trustBundlePem.split(/(?=-----BEGIN)/);
    expect(issued.chainPem).toBe(issued.leafPem + issuing);
    expect(leaf.verify(new X509Certificate(issuing).publicKey)).toBe(true);
    expect(new X509Certificate(issuing).verify(new X509Certificate(root).publicKey)).toBe(true);
    expect(issued.fingerprint).toBe(leaf.fingerprint.replaceAll(':', '').toLowerCase());
  });

  it('issues router leaves for the router id only, keeping requested server names', async () => {
    const pki = await open();
    const names = new x509.SubjectAlternativeNameExtension([
      { type: 'dns', value: 'r1.example.com' },
      { type: 'url', value: 'spiffe://test/router/other' },
    ]);
    const { server } = await pki.issueRouter(await csr('CN=r1'), await csr('CN=r1', [names]), 'r1');
    expect(new X509Certificate(server.leafPem).subjectAltName).toBe(
      'URI:spiffe://test/router/r1, DNS:r1.example.com',
    );
    await expect(
      pki.issueRouter(await csr('CN=r2'), await csr('CN=r1'), 'r1'),
    ).rejects.toMatchObject({
      code: 'ERR_PKI_COMMON_NAME',
    });
  });

  it('refuses requests that are no request, are altered or carry a weak key', async () => {
    const pki = await open();
    await expect(pki.issueIdentity('nonsense', 'a')).rejects.toMatchObject({
      code: 'ERR_PKI_CSR_INVALID',
    });
    const pem = await csr('CN=a');
    const der = Buffer.from(x509.PemConverter.decodeFirst(pem));
    der[der.length - 5] = (der[der.length - 5] ?? 0) ^ 1;
    const altered = x509.PemConverter.encode(der, 'CERTIFICATE REQUEST');
    await expect(pki.issueIdentity(altered, 'a')).rejects.toMatchObject({
      code: 'ERR_PKI_CSR_INVALID',
    });
    const algorithm = {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      publicExponent: new Uint8Array([1, 0, 1]),
      modulusLength: 1024,
    };
    const keys = await pkiCrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const weak = await x509.Pkcs10CertificateRequestGenerator.create(
      { name: 'CN=a', keys, signingAlgorithm: algorithm },
      pkiCrypto,
    );
    await expect(pki.issueIdentity(weak.toString('pem'), 'a')).rejects.toMatchObject({
      code: 'ERR_PKI_CSR_INVALID',
    });
  });

  it('signs enrollment tokens by the key of the server leaf, kid its fingerprint', async () => {
    const pki = await open();
    const token = await pki.signWithServerKey({ sub: 'abc', em: 'ott' });
    const leaf = new X509Certificate(pki.server().certChainPem);
    expect(decodeProtectedHeader(token)).toMatchObject({
      alg: 'ES256',
      kid: fingerprintOf(new Uint8Array(leaf.raw)),
    });
    expect((await jwtVerify(token, leaf.publicKey)).payload).toEqual({ sub: 'abc', em: 'ott' });
  });

  it('replaces the issuing CA each year, before anything it signs outlives it', async () => {
    const first = await open();
    const year = await first.issueIdentity(await csr('CN=a'), 'a');
    nowMs += 360 * DAY_MS;
    expect((await open()).issuingPem).toBe(first.issuingPem);
    const last = await first.issueIdentity(await csr('CN=b'), 'b');
    const issuing = new X509Certificate(first.issuingPem);
    for (const { notAfter } of [year, last])
      expect(notAfter.getTime()).toBeLessThan(Date.parse(issuing.validTo));
    nowMs += 6 * DAY_MS;
    const second = await open();
    expect(second.issuingPem).not.toBe(first.issuingPem);
    expect(second.trustBundlePem.split('-----END')[0]).toBe(
      first.trustBundlePem.split('-----END')[0],
    );
    // What the first signed stays good by the root and its chain.
    const [root = ''] = second.trustBundlePem.split(/(?<=END CERTIFICATE-----\n)/);
    const path = verifyClientCertificate(
      { leaf: new X509Certificate(last.leafPem), intermediates: [issuing] },
      [new X509Certificate(root)],
      nowMs,
    );
    expect(path?.isExpired).toBe(false);
  });

  it('goes on with an issuing CA that is due while the root key is away, and signs nothing beyond it', async () => {
    await open();
    await unlink(join(dir, 'root.key'));
    nowMs += 500 * DAY_MS;
    const pki = await open();
    const { notAfter } = await pki.issueIdentity(await csr('CN=a'), 'a');
    expect(notAfter.getTime()).toBeLessThanOrEqual(
      Date.parse(new X509Certificate(pki.issuingPem).validTo),
    );
    await expect(pki.replaceIssuing('renewed')).rejects.toMatchObject({
      code: 'ERR_PKI_ROOT_KEY_MISSING',
    });
  });

  it('makes a new issuing CA when a crash left the key of one and the certificate of another', async () => {
    const first = await open();
    const key = await readFile(join(dir, 'issuing.key'), 'utf8');
    await first.replaceIssuing('renewed');
    await writeFile(join(dir, 'issuing.key'), key);
    const again = await open();
    const { leafPem } = await again.issueIdentity(await csr('CN=a'), 'a');
    const issuing = new X509Certificate(again.issuingPem);
    expect(new X509Certificate(leafPem).verify(issuing.publicKey)).toBe(true);
  });

  it('publishes the CAs as certs-only PKCS#7 in lines of 64', async () => {
    const pki = await open();
    expect(pki.cacertsPkcs7.split('\n').every((line) => line.length <= 64)).toBe(true);
    const parsed = new x509.X509Certificates(Buffer.from(pki.cacertsPkcs7, 'base64'));
    expect(parsed.map((certificate) => certificate.subject).sort()).toEqual([
      'CN=test issuing CA',
      'CN=test root CA',
    ]);
  });
});
