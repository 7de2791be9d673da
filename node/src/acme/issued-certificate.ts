/** A certificate as an ACME server issued it, and whether it is the one that was asked for. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { AppError } from '@postern/shared/errors';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Leaf and authorities. */
const MAX_CHAIN_LENGTH = 10;

export interface IssuedCertificate {
  /** PKCS#8 in PEM. */
  key: string;
  /** Chain in PEM, leaf first. */
  cert: string;
  notBeforeMs: number;
  notAfterMs: number;
}

/**
 * @param names exactly those the certificate is to be for
 * @throws AppError `ERR_ACME_CERTIFICATE`: no chain, of another key, for other names, or not valid now
 */
export function parseIssued(
  { key, cert }: { key: string; cert: string },
  names: readonly string[],
  nowMs: number,
): IssuedCertificate {
  const chain = cert.match(CERTIFICATE) ?? [];
  if (chain.length === 0 || chain.length > MAX_CHAIN_LENGTH)
    throw unfit(`it is a chain of ${chain.length}`);
  let leaf: X509Certificate;
  let isOfKey: boolean;
  try {
    [leaf] = chain.map((one) => new X509Certificate(one)) as [X509Certificate];
    isOfKey = leaf.checkPrivateKey(createPrivateKey(key));
  } catch {
    throw unfit('certificate or key cannot be read');
  }
  if (!isOfKey) throw unfit('it is for another key');
  const held = (leaf.subjectAltName ?? '').split(', ').sort();
  const wanted = names.map((name) => `DNS:${name}`).sort();
  if (held.length !== wanted.length || !held.every((name, i) => name === wanted[i]))
    throw unfit(`it is for ${held.join(', ')}`);
  const notBeforeMs = Date.parse(leaf.validFrom);
  const notAfterMs = Date.parse(leaf.validTo);
  if (nowMs < notBeforeMs) throw unfit(`it is valid from ${leaf.validFrom}: compare the clocks`);
  if (nowMs >= notAfterMs) throw unfit(`it ended at ${leaf.validTo}`);
  return { key, cert: `${chain.join('\n')}\n`, notBeforeMs, notAfterMs };
}

function unfit(why: string): AppError {
  return new AppError('ERR_ACME_CERTIFICATE', `the certificate does not fit: ${why}`);
}
