import { z } from 'zod';
import { DEFAULT_AUTH_POLICY_ID } from '../../model/auth-policies.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { EdgeError, notFound } from '../errors.ts';
import { nullsAbsent } from '../body.ts';
import { id, name, tags } from './fields.ts';

/** Passkeys are ours, not OpenZiti's: who does not know of them leaves them as they are by default. */
const ALLOWED = { allowed: true };
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
  passkey: z.object({ allowed: z.boolean() }).default(ALLOWED),
});
const secondary = nullsAbsent(
  z.object({
    requireTotp: z.boolean(),
    requireExtJwtSigner: z
      .string()
      .max(64)
      .nullable()
      .default(null)
      .transform((value) => value || null),
    acceptPasskey: z.boolean().default(true),
  }),
);

export const authPolicies: EntityDefinition = defineEntity({
  plural: 'auth-policies',
  permission: 'auth-policy',
  repository: repositories.authPolicies,
  symbols: { constants: { isSystem: false } },
  nested: ['primary', 'secondary', 'cert', 'updb', 'extJwt', 'passkey'],
  input: z.object({ name, primary, secondary, tags }),
  shown: { primary: z.looseObject({}), secondary: z.looseObject({}) },
  async check(input, { db }) {
    const { requireExtJwtSigner } = input.secondary;
    const signers = [
      ...new Set([
        ...input.primary.extJwt.allowedSigners,
        ...(requireExtJwtSigner ? [requireExtJwtSigner] : []),
      ]),
    ];
    if ((await repositories.externalJwtSigners.findIn(db, 'id', signers)).length < signers.length)
      throw notFound();
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
