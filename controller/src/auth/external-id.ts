/** The external id of an identity, read from its client certificate as a CA's claim says (specs/edge-api.md §2.5). */
import type { X509Certificate } from 'node:crypto';
import * as x509 from '@postern/node/x509';
import type { ExternalIdClaim } from '../model/cas.ts';

/** The value at `claim`, or `undefined` when the certificate has none. */
export function externalIdOf(
  certificate: Pick<X509Certificate, 'raw'>,
  claim: ExternalIdClaim,
): string | undefined {
  const matching = valuesAt(new x509.X509Certificate(certificate.raw), claim.location).flatMap(
    (value) => match(value, claim),
  );
  const parsed =
    claim.parser === 'SPLIT' && claim.parserCriteria !== ''
      ? matching.flatMap((value) => value.split(claim.parserCriteria))
      : matching;
  return parsed[claim.index] || undefined;
}

function valuesAt(
  certificate: x509.X509Certificate,
  location: ExternalIdClaim['location'],
): string[] {
  if (location === 'COMMON_NAME') return certificate.subjectName.getField('CN');
  const type = location === 'SAN_URI' ? 'url' : 'email';
  const names =
    certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  return names.filter((name) => name.type === type).map(({ value }) => value);
}

/** What is left of a value that matches; nothing of one that does not. */
function match(value: string, { matcher, matcherCriteria }: ExternalIdClaim): string[] {
  switch (matcher) {
    case 'ALL':
      return [value];
    case 'PREFIX':
      return value.startsWith(matcherCriteria) ? [value.slice(matcherCriteria.length)] : [];
    case 'SUFFIX':
      return value.endsWith(matcherCriteria)
        ? [value.slice(0, value.length - matcherCriteria.length)]
        : [];
    case 'SCHEME':
      return value.toLowerCase().startsWith(`${matcherCriteria.toLowerCase()}:`) ? [value] : [];
  }
}
