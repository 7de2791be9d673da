/** Key and certificate requests (PKCS#10). */
import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509Certificates,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface KeyAndRequests {
  /** PKCS#8 PEM. */
  key: string;
  clientRequest: string;
  serverRequest: string;
}

/** A new P-256 key and two requests (PEM) that prove its possession; `serverNames` may be addresses. */
export async function createKeyAndRequests(
  routerId: string,
  serverNames: readonly string[],
): Promise<KeyAndRequests> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = async (names: readonly string[]): Promise<string> => {
    const alternatives = names.map((value) => ({
      type: isIP(value) ? ('ip' as const) : ('dns' as const),
      value,
    }));
    const extensions = names.length > 0 ? [new SubjectAlternativeNameExtension(alternatives)] : [];
    const csr = await Pkcs10CertificateRequestGenerator.create(
      { name: [{ CN: [routerId] }], keys, signingAlgorithm: algorithm, extensions },
      webcrypto,
    );
    return csr.toString('pem');
  };
  return {
    key: String(KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' })),
    clientRequest: await request([]),
    serverRequest: await request(serverNames),
  };
}

/** PEM of the certificates in a certs-only PKCS#7 in base64 (RFC 7030 §4.1.3). */
export function certificatesFromPkcs7(base64: string): string {
  const certificates = new X509Certificates(Buffer.from(base64, 'base64'));
  return certificates.map((certificate) => certificate.toString('pem')).join('\n') + '\n';
}
