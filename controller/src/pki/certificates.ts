/** Keys, certificates and signing requests over @peculiar/x509. */
import { createHash, randomBytes, type webcrypto } from 'node:crypto';
import { Crypto } from '@peculiar/webcrypto';
import * as x509 from '@postern/node/x509';

/** What @peculiar/x509 computes with. */
export const pkiCrypto = new Crypto();
// Its own types name DOM globals that Node code does not have.
const { subtle } = pkiCrypto as unknown as webcrypto.Crypto;
const EC_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Backdating, so that a peer whose clock is slow accepts a fresh certificate. */
export const BACKDATE_MS = 5 * 60_000;

export interface KeyPair {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
}
/** A certificate that may sign, with its key. */
export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly privateKey: webcrypto.CryptoKey;
}

export function generateKeyPair(): Promise<KeyPair> {
  return subtle.generateKey(EC_P256, true, ['sign', 'verify']);
}

export async function privateKeyToPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY') + '\n';
}

export function privateKeyFromPem(pem: string): Promise<webcrypto.CryptoKey> {
  return subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), EC_P256, true, ['sign']);
}

export interface CertificateTemplate {
  /** RFC 4514 string or structured name. */
  subject: string;
  publicKey: webcrypto.CryptoKey;
  notBeforeMs: number;
  lifetimeMs: number;
  extensions: x509.Extension[];
}

/** Signs a certificate; without an issuer it is self-signed by `selfKey`. */
export async function signCertificate(
  template: CertificateTemplate,
  issuer: Authority | { selfKey: webcrypto.CryptoKey },
): Promise<x509.X509Certificate> {
  const authority = 'certificate' in issuer ? issuer : undefined;
  const extensions = [
    ...template.extensions,
    await x509.SubjectKeyIdentifierExtension.create(template.publicKey, false, pkiCrypto),
  ];
  if (authority) {
    extensions.push(
      await x509.AuthorityKeyIdentifierExtension.create(
        authority.certificate.publicKey,
        false,
        pkiCrypto,
      ),
    );
  }
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40; // positive, never shortened (RFC 5280 §4.1.2.2)
  return x509.X509CertificateGenerator.create(
    {
      serialNumber: serial.toString('hex'),
      subject: template.subject,
      issuer: authority?.certificate.subject ?? template.subject,
      notBefore: new Date(template.notBeforeMs - BACKDATE_MS),
      notAfter: new Date(template.notBeforeMs + template.lifetimeMs),
      publicKey: template.publicKey,
      signingKey: authority?.privateKey ?? (issuer as { selfKey: webcrypto.CryptoKey }).selfKey,
      signingAlgorithm: EC_P256,
      extensions,
    },
    pkiCrypto,
  );
}

/** SHA-1 of the DER, lower-case hex: the fingerprint OpenZiti uses as key id and authenticator key. */
export function fingerprintOf(certificate: x509.X509Certificate | Uint8Array): string {
  const der = certificate instanceof Uint8Array ? certificate : new Uint8Array(certificate.rawData);
  return createHash('sha1').update(der).digest('hex');
}

export function certificateFromPem(pem: string): x509.X509Certificate {
  return new x509.X509Certificate(x509.PemConverter.decodeFirst(pem));
}

/** Every certificate of a PEM text. */
export function certificatesFromPem(pem: string): x509.X509Certificate[] {
  return x509.PemConverter.decode(pem).map((der) => new x509.X509Certificate(der));
}

export function certificateToPem(certificate: x509.X509Certificate): string {
  return certificate.toString('pem').trim() + '\n';
}

/** Base64 of a certs-only PKCS#7 in 64-character lines (RFC 7030 §4.1.3). */
export function certsOnlyPkcs7(certificates: x509.X509Certificate[]): string {
  const der = Buffer.from(new x509.X509Certificates(certificates).export('raw'));
  return (der.toString('base64').match(/.{1,64}/g) ?? []).join('\n') + '\n';
}
