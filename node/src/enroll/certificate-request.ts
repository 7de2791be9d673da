/** Keys and the requests (PKCS#10) by which a part gets certificates for them. */
import { KeyObject, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '../x509/index.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A new P-256 key. */
export function generateCertificateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** PKCS#8. */
export function privateKeyPem({ privateKey }: webcrypto.CryptoKeyPair): string {
  return String(KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }));
}

/**
 * A request in PEM that proves possession of the key.
 *
 * @param commonName absent: the subject is empty, and the names alone say who it is
 * @param serverNames host names and addresses to be certified; none for a client certificate
 */
export async function createCertificateRequest(
  keys: webcrypto.CryptoKeyPair,
  commonName: string | undefined,
  serverNames: readonly string[] = [],
): Promise<string> {
  const names = serverNames.map((value) => ({
    type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
    value,
  }));
  const extensions = names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)];
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: commonName === undefined ? [] : [{ CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
    extensions,
  });
  return request.toString('pem');
}
