/** A certificate authority and signing keys for router tests, as the controller would have them. */
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@postern/node/x509';
import { toBase64Url } from '@postern/shared/bytes';
import type { Entity } from '@postern/shared/schemas';
import { SignJWT, exportJWK } from 'jose';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** OID of the extension. */
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const DAY_MS = 86_400_000;
export const TRUST_DOMAIN = 'test';
export const ISSUER = 'https://controller.test/oidc';

/** PEM texts. */
export interface Credential {
  key: string;
  cert: string;
}

export interface TestPki {
  ca: string;
  /** Base64 certs-only PKCS#7 of the authority (RFC 7030 §4.1.3). */
  cacerts: string;
  /** A leaf with this SPIFFE path, for example `router/r1`, and IP addresses. */
  issue(path: string, addresses?: string[]): Promise<Credential>;
  /** The same for the key of a certificate request; keeps its alternative names. */
  issueFor(csrPem: string, path: string): Promise<string>;
}

export async function createTestPki(): Promise<TestPki> {
  const caKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = Date.now();
  const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + DAY_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=Test CA ${randomBytes(4).toString('hex')}`,
    keys: caKeys,
    signingAlgorithm: algorithm,
    ...validity,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const sign = async (
    publicKey: x509.PublicKeyType,
    path: string,
    names: x509.JsonGeneralNames,
  ): Promise<string> => {
    const cert = await x509.X509CertificateGenerator.create({
      subject: `CN=${path}`,
      issuer: ca.subject,
      publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: algorithm,
      serialNumber: randomBytes(8).toString('hex'),
      ...validity,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: `spiffe://${TRUST_DOMAIN}/${path}` },
          ...names,
        ]),
      ],
    });
    return cert.toString('pem');
  };
  return {
    ca: ca.toString('pem'),
    cacerts: new x509.X509Certificates([ca]).export('base64'),
    async issue(path, addresses = []) {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const names = addresses.map((value) => ({ type: 'ip' as const, value }));
      const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
      return { key: String(key), cert: await sign(keys.publicKey, path, names) };
    },
    async issueFor(csrPem, path) {
      const csr = new x509.Pkcs10CertificateRequest(csrPem);
      const extension = csr.extensions.find(({ type }) => type === SUBJECT_ALTERNATIVE_NAME);
      const names = extension && new x509.SubjectAlternativeNameExtension(extension.rawData).names;
      return sign(csr.publicKey, path, names?.toJSON() ?? []);
    },
  };
}

/** An ES256 key that signs tokens of one use. */
export interface TestSigner {
  entity: Entity<'signingKey'>;
  sign(typ: string, claims: Record<string, unknown>): Promise<string>;
}

export async function createTestSigner(use: Entity<'signingKey'>['use']): Promise<TestSigner> {
  const { privateKey, publicKey } = await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ]);
  const kid = `${use}-${toBase64Url(randomBytes(6))}`;
  const { x = '', y = '' } = await exportJWK(publicKey);
  return {
    entity: { kid, use, issuer: ISSUER, jwk: { kty: 'EC', crv: 'P-256', x, y } },
    sign: (typ, claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, typ }).sign(privateKey),
  };
}
