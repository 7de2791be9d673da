import type { webcrypto } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import * as x509 from '@postern/node/x509';
import { pkiCrypto } from './certificates.ts';

/** RSA below this is refused. */
const MIN_RSA_BITS = 2048;
const CURVES = new Set(['P-256', 'P-384', 'P-521']);
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const MAX_CSR_CHARS = 16_384;

export interface SigningRequest {
  readonly subject: string;
  readonly commonName: string;
  readonly publicKey: webcrypto.CryptoKey;
  /** DNS names and IP addresses asked for. */
  readonly serverNames: x509.JsonGeneralNames;
}

/**
 * Parses a PEM certificate request, checks its self-signature and key: EC on a NIST curve, or RSA
 * of at least 2048 bits.
 * @throws AppError ERR_PKI_CSR_INVALID
 */
export async function parseSigningRequest(pem: string): Promise<SigningRequest> {
  try {
    if (pem.length > MAX_CSR_CHARS) throw new Error('larger than 16 KiB');
    const request = new x509.Pkcs10CertificateRequest(x509.PemConverter.decodeFirst(pem));
    if (!(await request.verify(pkiCrypto))) throw new Error('its signature does not verify');
    const publicKey = (await request.publicKey.export(pkiCrypto)) as webcrypto.CryptoKey;
    requireAcceptedKey(publicKey.algorithm);
    const names = requestedNames(request);
    return {
      subject: request.subject,
      commonName: request.subjectName.getField('CN')[0] ?? '',
      publicKey,
      serverNames: names.filter(({ type }) => type === 'dns' || type === 'ip'),
    };
  } catch (cause) {
    throw new AppError(
      'ERR_PKI_CSR_INVALID',
      `certificate request refused: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function requireAcceptedKey(
  algorithm: webcrypto.KeyAlgorithm & { namedCurve?: string; modulusLength?: number },
): void {
  if (algorithm.namedCurve !== undefined && CURVES.has(algorithm.namedCurve)) return;
  if (algorithm.modulusLength !== undefined && algorithm.modulusLength >= MIN_RSA_BITS) return;
  throw new Error('its key is neither EC on P-256, P-384 or P-521 nor RSA of 2048 bits or more');
}

function requestedNames(request: x509.Pkcs10CertificateRequest): x509.JsonGeneralNames {
  const extension = request.extensions.find(({ type }) => type === SUBJECT_ALTERNATIVE_NAME);
  return extension
    ? new x509.SubjectAlternativeNameExtension(extension.rawData).names.toJSON()
    : [];
}
