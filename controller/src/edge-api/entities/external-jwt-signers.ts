import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { newEntity } from '../../model/defaults.ts';
import { DEFAULT_AUTH_POLICY_ID } from '../../model/auth-policies.ts';
import { fingerprintOf } from '../../pki/certificates.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { name, tags } from './fields.ts';

const textOrNull = z
  .string()
  .max(65_536)
  .nullable()
  .default(null)
  .transform((value) => value || null);
const pointer = (fallback: string) =>
  z
    .string()
    .max(256)
    .default('')
    .transform((value) => {
      const claim = value || fallback;
      return claim.startsWith('/') ? claim : `/${claim}`;
    });

export const externalJwtSigners: EntityDefinition = defineEntity({
  plural: 'external-jwt-signers',
  permission: 'external-jwt-signer',
  repository: repositories.externalJwtSigners,
  symbols: { constants: { isSystem: false } },
  input: z.object({
    name,
    issuer: z.string().min(1).max(512),
    audience: z.string().min(1).max(512),
    enabled: z.boolean(),
    certPem: textOrNull,
    jwksEndpoint: z
      .union([z.literal(''), z.url({ protocol: /^https?$/ }).max(2048)])
      .nullable()
      .default(null)
      .transform((value) => value || null),
    kid: z.string().max(256).default(''),
    claimsProperty: pointer('/sub'),
    useExternalId: z.boolean().default(false),
    externalAuthUrl: textOrNull,
    clientId: z.string().max(256).default(''),
    scopes: z.array(z.string().max(128)).max(32).default([]),
    targetToken: z
      .union([z.enum(['ACCESS', 'ID']), z.literal('').transform(() => 'ACCESS' as const)])
      .default('ACCESS'),
    enrollToCertEnabled: z.boolean().default(false),
    enrollToTokenEnabled: z.boolean().default(false),
    enrollNameClaimsSelector: pointer('/sub'),
    enrollAttributeClaimsSelector: z.string().max(256).default(''),
    enrollAuthPolicyId: z
      .string()
      .max(64)
      .default('')
      .transform((value) => value || DEFAULT_AUTH_POLICY_ID),
    tags,
  }),
  async check(input, { db }, row) {
    const [other] = await repositories.externalJwtSigners.find(db, { issuer: input.issuer });
    if (other && other.id !== row?.id)
      throw fieldError('issuer', 'duplicate value, issuer must be unique', input.issuer);
    if ((input.certPem === null) === (input.jwksEndpoint === null)) {
      throw fieldError(
        'jwksEndpoint',
        'exactly one of certPem and jwksEndpoint is needed',
        input.jwksEndpoint,
      );
    }
    if (!(await repositories.authPolicies.get(db, input.enrollAuthPolicyId))) throw notFound();
  },
  create: (input, { tx, nowMs }) =>
    repositories.externalJwtSigners.insert(tx, {
      ...newEntity(nowMs),
      ...input,
      ...describeCertificate(input.certPem),
    }),
  async update(row, input, { tx, nowMs }) {
    const updatedAt = new Date(nowMs).toISOString();
    await repositories.externalJwtSigners.update(tx, row.id, {
      ...input,
      ...describeCertificate(input.certPem),
      updatedAt,
    });
  },
  async remove(row, { tx }) {
    const named = (await repositories.authPolicies.find(tx.db)).some(
      ({ primary, secondary }) =>
        primary.extJwt.allowedSigners.includes(row.id) || secondary.requireExtJwtSigner === row.id,
    );
    if (named)
      throw new EdgeError('CAN_NOT_DELETE_REFERENCED_ENTITY', 'an auth policy names this signer');
    await repositories.externalJwtSigners.remove(tx, row.id);
  },
  // The CLI decodes strictly: required members are strings, also when there is nothing to say.
  render: (rows) =>
    Promise.resolve(
      rows.map((row) => ({
        certPem: row.certPem ?? '',
        jwksEndpoint: row.jwksEndpoint ?? '',
        externalAuthUrl: row.externalAuthUrl ?? '',
        fingerprint: row.fingerprint ?? '',
        notBefore: row.notBefore ?? row.createdAt,
        notAfter: row.notAfter ?? row.createdAt,
      })),
    ),
});

function describeCertificate(certPem: string | null) {
  if (certPem === null)
    return { fingerprint: null, commonName: '', notBefore: null, notAfter: null };
  try {
    const certificate = new X509Certificate(certPem);
    return {
      fingerprint: fingerprintOf(new Uint8Array(certificate.raw)),
      commonName: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
      notBefore: new Date(certificate.validFrom).toISOString(),
      notAfter: new Date(certificate.validTo).toISOString(),
    };
  } catch {
    throw fieldError('certPem', 'is no PEM certificate');
  }
}
