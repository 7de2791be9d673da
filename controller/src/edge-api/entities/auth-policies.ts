import { z } from 'zod';
import { DEFAULT_AUTH_POLICY_ID } from '../../model/auth-policies.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { nullsAbsent } from '../body.ts';
import { id, name, tags } from './fields.ts';

const primary = z.object({
  cert: z.object({ allowed: z.boolean(), allowExpiredCerts: z.boolean() }),
  updb: z.object({
    allowed: z.boolean(),
    minPasswordLength: z.int().min(5).max(100),
    requireMixedCase: z.boolean(),
    requireNumberChar: z.boolean(),
    requireSpecialChar: z.boolean(),
    maxAttempts: z.int().min(0).max(1000),
    lockoutDurationMinutes: z.int().min(0).max(525_600),
  }),
  extJwt: nullsAbsent(
    z.object({ allowed: z.boolean(), allowedSigners: z.array(id).max(100).default([]) }),
  ),
});
const secondary = nullsAbsent(
  z.object({
    requireTotp: z.boolean(),
    requireExtJwtSigner: z.string().min(1).nullable().default(null),
  }),
);

export const authPolicies: EntityDefinition = defineEntity({
  plural: 'auth-policies',
  permission: 'auth-policy',
  repository: repositories.authPolicies,
  symbols: { constants: { isSystem: false } },
  nested: ['primary', 'secondary', 'cert', 'updb', 'extJwt'],
  input: z.object({ name, primary, secondary, tags }),
  async check(input, { db }) {
    const { requireExtJwtSigner, requireTotp } = input.secondary;
    const signers = [
      ...new Set([
        ...input.primary.extJwt.allowedSigners,
        ...(requireExtJwtSigner ? [requireExtJwtSigner] : []),
      ]),
    ];
    if ((await repositories.externalJwtSigners.findIn(db, 'id', signers)).length < signers.length)
      throw notFound();
    // Never accept a requirement that would not be enforced.
    if (requireTotp) throw fieldError('secondary.requireTotp', 'TOTP is not supported', true);
    if (requireExtJwtSigner)
      throw fieldError(
        'secondary.requireExtJwtSigner',
        'a second JWT is not supported',
        requireExtJwtSigner,
      );
  },
  async remove(row, { tx }) {
    if (row.id === DEFAULT_AUTH_POLICY_ID)
      throw new EdgeError('ENTITY_CAN_NOT_BE_DELETED', 'the default policy cannot be deleted');
    if ((await repositories.identities.find(tx.db, { authPolicyId: row.id })).length > 0) {
      throw new EdgeError('CAN_NOT_DELETE_REFERENCED_ENTITY', 'identities have this policy');
    }
    await repositories.authPolicies.remove(tx, row.id);
  },
});
