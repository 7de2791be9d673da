/** A certificate in a file: reads, fits its key, is for these names, and for how long. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { reasonOf, type Finding } from './finding.ts';

const DAY_MS = 86_400_000;
/** Renewal should have happened by then. */
const SOON_MS = 14 * DAY_MS;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export interface CertificateFiles {
  certFile: string;
  keyFile: string;
  /** Host names that browsers will ask for. */
  names: readonly string[];
}

export async function checkCertificate(
  { certFile, keyFile, names }: CertificateFiles,
  now = Date.now(),
): Promise<Finding> {
  const finding = { check: 'certificate' as const, subject: certFile };
  const failed = (message: string, action: string): Finding => ({
    ...finding,
    status: 'failed',
    message,
    action,
  });
  let chain: X509Certificate[];
  try {
    const pem = await readFile(certFile, 'utf8');
    chain = (pem.match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one));
  } catch (error) {
    return failed(`cannot be read (${reasonOf(error)})`, 'Put the chain there as PEM, leaf first.');
  }
  const [leaf, ...above] = chain;
  if (!leaf) return failed('holds no certificate', 'It is to hold the chain as PEM, leaf first.');
  try {
    if (!leaf.checkPrivateKey(createPrivateKey(await readFile(keyFile)))) {
      return failed(
        `is not for the key in ${keyFile}`,
        'Replace both by a pair that was issued together.',
      );
    }
  } catch (error) {
    return failed(
      `its key ${keyFile} cannot be read (${reasonOf(error)})`,
      'Put the unencrypted key there as PEM.',
    );
  }
  const missing = names.filter((name) => leaf.checkHost(name) === undefined);
  if (missing.length > 0) {
    return failed(
      `is not for ${missing.join(', ')}`,
      'Get one whose subject alternative names hold all of them.',
    );
  }
  const validTo = Date.parse(leaf.validTo);
  const ends = `ends ${new Date(validTo).toISOString().slice(0, 10)}`;
  if (Date.parse(leaf.validFrom) > now)
    return failed(`is valid from ${leaf.validFrom}`, 'Correct the clock of this machine.');
  if (validTo <= now) return failed(ends, 'Renew it: browsers refuse it.');
  if (validTo - now < SOON_MS) {
    return { ...finding, status: 'warning', message: ends, action: 'Renew it.' };
  }
  const isSelfIssued = leaf.issuer === leaf.subject;
  if (isSelfIssued) {
    return {
      ...finding,
      status: 'warning',
      message: `${ends}; vouches for itself`,
      action: 'Browsers refuse it unless each was told to trust it.',
    };
  }
  if (above.length === 0) {
    return {
      ...finding,
      status: 'warning',
      message: `${ends}; stands alone`,
      action: 'If its issuer is an intermediate authority, add that one’s certificate below it.',
    };
  }
  return { ...finding, status: 'ok', message: `${ends}; for ${leaf.subjectAltName ?? ''}` };
}
