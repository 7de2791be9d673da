import 'reflect-metadata';
import { webcrypto, KeyObject } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator, X509Certificates } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A new P-256 key (PKCS#8 PEM) and a request (PEM) that proves its possession. */
export async function createKeyAndRequest(
  commonName: string,
): Promise<{ key: string; request: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { key: String(key), request: request.toString('pem') };
}

/** PEM of the certificates in a certs-only PKCS#7 in base64 (RFC 7030 §4.1.3). */
export function certificatesFromPkcs7(base64: string): string {
  const certificates = new X509Certificates(Buffer.from(base64, 'base64'));
  return certificates.map((certificate) => certificate.toString('pem')).join('\n') + '\n';
}
