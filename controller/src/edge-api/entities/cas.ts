import { randomUUID, X509Certificate } from 'node:crypto';
import { certificatesOf } from '@postern/node/tls';
import { z } from 'zod';

import { newEntity } from '../../model/defaults.ts';
import type { Pki } from '../../pki/pki.ts';
import { fingerprintOf } from '../../pki/certificates.ts';
import { repositories } from '../../store/repositories.ts';
import { nullsAbsent } from '../body.ts';
import { defineEntity, type EntityDefinition } from '../entity-definition.ts';
import { links } from '../envelope.ts';
import { EdgeError, fieldError } from '../errors.ts';
import { linksSchema } from '../responses.ts';
import { name, roleAttributes, tags } from './fields.ts';

const externalIdClaim = nullsAbsent(
  z.union([
    z.strictObject({}),
    z.object({
      location: z.enum(['COMMON_NAME', 'SAN_URI', 'SAN_EMAIL']),
      matcher: z.enum(['ALL', 'PREFIX', 'SUFFIX', 'SCHEME']).default('ALL'),
      matcherCriteria: z.string().max(256).default(''),
      parser: z.enum(['NONE', 'SPLIT']).default('NONE'),
      parserCriteria: z.string().max(256).default(''),
      index: z.int().min(0).max(1000).default(0),
    }),
  ]),
);

const changeable = z.object({
  name,
  isAutoCaEnrollmentEnabled: z.boolean(),
  isOttCaEnrollmentEnabled: z.boolean(),
  isAuthEnabled: z.boolean(),
  identityRoles: roleAttributes,
  identityNameFormat: z
    .string()
    .max(256)
    .default('')
    .transform((value) => value || DEFAULT_NAME_FORMAT),
  externalIdClaim: externalIdClaim.default({}),
  tags,
});

const DEFAULT_NAME_FORMAT = '[caName]-[commonName]';

export const cas: EntityDefinition = defineEntity({
  plural: 'cas',
  permission: 'ca',
  repository: repositories.cas,
  symbols: { constants: { isSystem: false } },
  nested: ['externalIdClaim'],
  input: changeable.extend({ certPem: z.string().min(1).max(65_536) }),
  updatable: changeable,
  shown: {
    verificationToken: z.string(),
    externalIdClaim: z.looseObject({}).nullable(),
    _links: linksSchema,
  },
  async create({ certPem, ...input }, { ctx, tx, nowMs }) {
    const fingerprint = authorityFingerprint(certPem);
    // Our own authority signs names that enrolling clients choose: it may never vouch for external ids.
    if (isOwn(certPem, ctx.pki))
      throw fieldError('certPem', 'is an authority of this network itself');
    if ((await repositories.cas.find(tx.db, { fingerprint })).length > 0)
      throw fieldError('certPem', 'duplicate value, certificate must be unique');
    return repositories.cas.insert(tx, {
      ...newEntity(nowMs),
      ...input,
      certPem,
      fingerprint,
      isVerified: false,
      verificationToken: randomUUID(),
    });
  },
  async remove(row, { tx }) {
    for (const { id } of await repositories.enrollments.find(tx.db, { caId: row.id }))
      await repositories.enrollments.remove(tx, id);
    await repositories.cas.remove(tx, row.id);
  },
  render: (rows) =>
    Promise.resolve(
      rows.map((row) => ({
        externalIdClaim: 'location' in row.externalIdClaim ? row.externalIdClaim : null,
        _links: links('cas', row.id, [
          ...(row.isVerified ? [] : ['verify']),
          ...(row.isAutoCaEnrollmentEnabled ? ['jwt'] : []),
        ]),
      })),
    ),
});

/** One of our authorities, or one that they signed: the issuing CAs before the present one. */
function isOwn(certPem: string, pki: Pick<Pki, 'trustBundlePem'>): boolean {
  const own = certificatesOf(pki.trustBundlePem);
  return certificatesOf(certPem).some((certificate) =>
    own.some(
      (ours) =>
        ours.raw.equals(certificate.raw) ||
        (certificate.checkIssued(ours) && certificate.verify(ours.publicKey)),
    ),
  );
}

/** @throws EdgeError for what is no single certificate of an authority */
function authorityFingerprint(certPem: string): string {
  let certificate: X509Certificate | undefined;
  try {
    const [only, ...others] = certificatesOf(certPem);
    if (others.length === 0) certificate = only;
  } catch {
    certificate = undefined;
  }
  if (!certificate) throw new EdgeError('COULD_NOT_PARSE_PEM_BLOCK');
  if (!certificate.ca) throw new EdgeError('CERTIFICATE_IS_NOT_CA');
  return fingerprintOf(certificate.raw);
}
