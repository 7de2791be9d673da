import { webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as x509 from '../x509/index.ts';
import { CertificateRenewal, type Credential } from './certificate-renewal.ts';
import { generateCertificateKeys, privateKeyPem } from './certificate-request.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;
x509.cryptoProvider.set(webcrypto as never);

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

async function authority(name: string, issuer?: Authority): Promise<Authority> {
  const keys = await generateCertificateKeys();
  const extensions = [new x509.BasicConstraintsExtension(true, undefined, true)];
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer?.certificate.subject ?? `CN=${name}`,
    publicKey: keys.publicKey as never,
    signingKey: (issuer ?? { keys }).keys.privateKey,
    signingAlgorithm: algorithm,
    extensions,
  });
  return { certificate, keys };
}

const root = await authority('root');
const issuing = await authority('issuing', root);
const successor = await authority('next issuing', root);
const foreignRoot = await authority('foreign root');
const pem = (...authorities: Authority[]): string =>
  authorities.map(({ certificate }) => certificate.toString('pem') + '\n').join('');

interface Leaf {
  by?: Authority;
  name?: string;
  startsMs?: number;
}
async function leaf(publicKey: unknown, { by = issuing, name = 'router/r1', startsMs = 0 }: Leaf) {
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=r1',
    issuer: by.certificate.subject,
    publicKey: publicKey as never,
    signingKey: by.keys.privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() + startsMs - 1000),
    notAfter: new Date(Date.now() + startsMs + HOUR_MS),
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://test/${name}` }]),
    ],
  });
  return certificate.toString('pem') + '\n' + pem(by);
}

const firstKeys = await generateCertificateKeys();
const present: Credential = {
  key: privateKeyPem(firstKeys),
  cert: await leaf(firstKeys.publicKey, {}),
  ca: pem(root, issuing),
};
const keyOf = async (csr: string) =>
  (await new x509.Pkcs10CertificateRequest(csr).publicKey.export()) as unknown;

describe('CertificateRenewal', () => {
  it('takes a certificate of a new issuing authority, for a new key each time', async () => {
    const renewal = new CertificateRenewal({ present: () => present, serverNames: ['r1.test'] });
    const { csr, serverCsr } = await renewal.request();
    const publicKey = await keyOf(csr);
    const cert = await leaf(publicKey, { by: successor });
    const serverCert = await leaf(await keyOf(serverCsr ?? ''), { by: successor });
    const ca = pem(root, successor);
    const renewed = renewal.accept({ cert, serverCert, ca });
    expect(renewed).toMatchObject({ cert, serverCert, ca });
    expect(renewed.key).not.toBe(present.key);
    expect(() => renewal.accept({ cert, serverCert, ca })).toThrow('nothing was requested');
  });

  it.each<[string, Leaf & { ca?: string; publicKey?: unknown }, string]>([
    ['of another key', { publicKey: firstKeys.publicKey }, 'another key'],
    ['of another router', { name: 'router/r2' }, 'another part'],
    ['of another role', { name: 'identity/r1' }, 'another part'],
    ['that is over', { startsMs: -2 * HOUR_MS }, 'clocks'],
    ['that is yet to come', { startsMs: HOUR_MS }, 'clocks'],
    ['of an authority that the root did not sign', { by: foreignRoot }, 'root that is trusted'],
    ['that brings a new root', { by: foreignRoot, ca: pem(root, foreignRoot) }, 'another root'],
    ['in place of which is nonsense', { ca: '-----BEGIN CERTIFICATE-----' }, ''],
  ])('refuses one %s', async (_what, { ca = pem(root, issuing), publicKey, ...of }, why) => {
    const renewal = new CertificateRenewal({ present: () => present });
    const { csr } = await renewal.request();
    const cert =
      why === '' ? '-----BEGIN CERTIFICATE-----' : await leaf(publicKey ?? (await keyOf(csr)), of);
    expect(() => renewal.accept({ cert, ca })).toThrow(
      expect.objectContaining({
        code: 'ERR_RENEWAL_REFUSED',
        message: expect.stringContaining(why) as string,
      }),
    );
  });

  it('refuses an answer without the server certificate that was requested', async () => {
    const renewal = new CertificateRenewal({ present: () => present, serverNames: [] });
    const { csr } = await renewal.request();
    const cert = await leaf(await keyOf(csr), {});
    expect(() => renewal.accept({ cert, ca: present.ca })).toThrow('server certificate');
  });
});
