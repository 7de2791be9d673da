import { X509Certificate } from 'node:crypto';
import { AppError } from '@postern/shared/errors';

/** A name of the form `spiffe://<domain>/<role>/<id>`; controllers may have no id. */
export interface SpiffeName {
  domain: string;
  role: string;
  id: string;
}

/** @param subjectAltName as Node prints it: `DNS:a, URI:spiffe://d/router/1`. */
export function parseSpiffeName(subjectAltName: string | undefined): SpiffeName | undefined {
  const uris = (subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  // SPIFFE X509-SVID §2: exactly one URI.
  const match = /^URI:spiffe:\/\/([\w.-]+)\/([\w-]+)(?:\/([\w.-]+))?$/.exec(uris[0] ?? '');
  const [, domain, role, id = ''] = match ?? [];
  if (uris.length !== 1 || domain === undefined || role === undefined) return undefined;
  if (id === '' && role !== 'controller') return undefined;
  return { domain, role, id };
}

/** The name in the first certificate of a PEM chain. Throws `ERR_CONNECTOR_IDENTITY_FILE`. */
export function ownSpiffeName(certificatePem: string): SpiffeName {
  const name = parseSpiffeName(new X509Certificate(certificatePem).subjectAltName);
  if (name === undefined) {
    throw new AppError('ERR_CONNECTOR_IDENTITY_FILE', 'own certificate holds no SPIFFE name');
  }
  return name;
}
