import { z } from 'zod';
import { issueEnrollment } from '../../enroll/issue.ts';
import { newIdentity } from '../../model/defaults.ts';
import { DEFAULT_AUTH_POLICY_ID } from '../../model/auth-policies.ts';
import type { Identity } from '../../model/identities.ts';
import { endApiSessionsOf } from '../../sessions/end-sessions.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition, type Env, type WriteEnv } from '../crud.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { requireMayTouch } from '../others-rights.ts';
import { isAdministrator, PERMISSIONS } from '../permissions.ts';
import { nullsAbsent } from '../body.ts';
import { authPolicies } from './auth-policies.ts';
import { authenticators } from './authenticators.ts';
import { edgeRouters } from './edge-routers.ts';
import { enrollments, requireOttCa } from './enrollments.ts';
import { cost, id, name, precedence, roleAttributes, tags } from './fields.ts';
import { identityMembers, renderIdentities } from './identity-detail.ts';
import { edgeRouterPolicies, servicePolicies } from './policies.ts';
import { policyTypeParameter, wantedPolicyTypes } from './policy-type.ts';
import { forgetInPolicies, policiesHolding, throughPolicies } from './roles.ts';
import { services } from './services.ts';

const replaceable = z.object({
  name,
  /** Accepted for existing clients; every identity is kept as `Default`. */
  type: z.enum(['User', 'Device', 'Service', 'Router', 'Default']),
  isAdmin: z.boolean(),
  authPolicyId: z
    .string()
    .max(64)
    .default('')
    .transform((value) => value || DEFAULT_AUTH_POLICY_ID),
  externalId: z
    .string()
    .max(256)
    .nullable()
    .default(null)
    .transform((value) => value || null),
  roleAttributes,
  permissions: z
    .array(z.string().refine((value) => PERMISSIONS.has(value), 'unknown permission'))
    .max(100)
    .default([]),
  appData: tags,
  defaultHostingCost: cost.default(0),
  defaultHostingPrecedence: z
    .union([precedence, z.literal('').transform(() => 'default' as const)])
    .default('default'),
  serviceHostingCosts: z.record(id, cost).default({}),
  serviceHostingPrecedences: z.record(id, precedence).default({}),
  tags,
});
const enrollment = nullsAbsent(
  z.object({
    ott: z.boolean().optional(),
    ottca: z.string().optional(),
    updb: z.string().optional(),
  }),
);

export const identities: EntityDefinition = defineEntity({
  plural: 'identities',
  permission: 'identity',
  repository: repositories.identities,
  symbols: {
    aliases: { type: 'typeId' },
    references: { authPolicy: { column: 'authPolicyId', target: () => authPolicies.symbols } },
    constants: { isSystem: false },
  },
  input: replaceable.extend({ enrollment: enrollment.optional() }),
  updatable: replaceable,
  stored: (row) => ({ ...row, type: row.typeId }),
  shown: identityMembers,
  links: [
    'edge-router-policies',
    'edge-routers',
    'service-policies',
    'services',
    'posture-data',
    'failed-service-requests',
    'authenticators',
    'enrollments',
    'service-configs',
    'auth-policies',
  ],
  subLists: {
    authenticators: {
      of: () => authenticators,
      ids: async ({ id: identityId }, { db }) =>
        (await repositories.authenticators.find(db, { identityId })).map((row) => row.id),
    },
    enrollments: {
      of: () => enrollments,
      ids: async ({ id: identityId }, { db }) =>
        (await repositories.enrollments.find(db, { identityId })).map((row) => row.id),
    },
    services: {
      of: () => services,
      query: policyTypeParameter,
      ids: (row, { ctx, request }) =>
        Promise.resolve([
          ...new Set(
            wantedPolicyTypes(request).flatMap((type) => ctx.policy.servicesFor(row.id, type)),
          ),
        ]),
    },
    'edge-routers': {
      of: () => edgeRouters,
      ids: (row, { db }) =>
        throughPolicies(
          db,
          'edgeRouterPolicies',
          'identityRoles',
          row as unknown as Identity,
          'edgeRouterRoles',
        ),
    },
    'service-policies': {
      of: () => servicePolicies,
      ids: (row, { db }) =>
        policiesHolding(db, 'servicePolicies', 'identityRoles', row as unknown as Identity),
    },
    'edge-router-policies': {
      of: () => edgeRouterPolicies,
      ids: (row, { db }) =>
        policiesHolding(db, 'edgeRouterPolicies', 'identityRoles', row as unknown as Identity),
    },
  },

  async check(input, env, row) {
    const { db, identity: caller } = env;
    if (input.type === 'Router' && row?.typeId !== 'Router')
      throw fieldError('type', 'routers make their own identities', input.type);
    if (row?.typeId === 'Router' && input.name !== row.name)
      throw fieldError('name', 'is the name of its router', input.name);
    if (!(await repositories.authPolicies.get(db, input.authPolicyId))) throw notFound();
    if (input.externalId !== null) {
      const [other] = await repositories.identities.find(db, { externalId: input.externalId });
      if (other && other.id !== row?.id)
        throw fieldError(
          'externalId',
          'duplicate value, externalId must be unique',
          input.externalId,
        );
    }
    const hosted = [
      ...new Set([
        ...Object.keys(input.serviceHostingCosts),
        ...Object.keys(input.serviceHostingPrecedences),
      ]),
    ];
    if ((await repositories.services.findIn(db, 'id', hosted)).length < hosted.length)
      throw notFound();
    // Nobody grants what they lack (threat model, Admin API).
    const touchesAdmin =
      input.isAdmin || input.permissions.length > 0 || (row && isAdministrator(row));
    if (touchesAdmin && !isAdministrator(caller)) throw new EdgeError('UNAUTHORIZED');
  },

  async create({ enrollment: wanted, type: _, ...values }, { ctx, tx, nowMs }) {
    const row = await repositories.identities.insert(tx, newIdentity(values, nowMs));
    if (wanted?.ott) await issueEnrollment(tx, ctx, { method: 'ott', identityId: row.id });
    else if (wanted?.ottca) {
      await requireOttCa(tx.db, wanted.ottca);
      await issueEnrollment(tx, ctx, { method: 'ottca', identityId: row.id, caId: wanted.ottca });
    } else if (wanted?.updb) await issueUpdb(tx, ctx, row.id, wanted.updb);
    return row;
  },

  async update(row, { type: _, ...values }, { ctx, tx, nowMs, identity: caller }, replaced) {
    // A PUT resets members that only administrators may set.
    if (replaced && !isAdministrator(caller)) throw new EdgeError('UNAUTHORIZED');
    if (row.isDefaultAdmin && !values.isAdmin)
      throw fieldError('isAdmin', 'the default administrator stays one', false);
    const enabled = replaced ? { disabledAt: null, disabledUntil: null } : {};
    await repositories.identities.update(tx, row.id, {
      ...values,
      ...enabled,
      updatedAt: new Date(nowMs).toISOString(),
    });
    if (values.authPolicyId !== row.authPolicyId)
      ctx.logger.info('identity.auth-policy-changed', { identityId: row.id });
  },

  remove: removeOnRequest,

  render: renderIdentities,
});

async function issueUpdb(
  tx: WriteEnv['tx'],
  ctx: Env['ctx'],
  identityId: string,
  username: string,
): Promise<void> {
  if ((await repositories.authenticators.find(tx.db, { username })).length > 0) {
    throw fieldError('enrollment.updb', 'duplicate value, username must be unique', username);
  }
  await issueEnrollment(tx, ctx, { method: 'updb', identityId, username });
}

async function removeOnRequest(row: Identity, env: WriteEnv): Promise<void> {
  const { identity: caller } = env;
  if (row.isDefaultAdmin)
    throw new EdgeError('ENTITY_CAN_NOT_BE_DELETED', 'the default administrator cannot be deleted');
  if (row.typeId === 'Router')
    throw new EdgeError('ENTITY_CAN_NOT_BE_DELETED', 'the identity goes with its router');
  requireMayTouch(caller, row);
  await removeIdentity(row, env);
}

/** Deletes an identity with all that hangs on it. Its authenticators go by foreign key. */
export async function removeIdentity(
  row: Pick<Identity, 'id'>,
  { ctx, tx, nowMs }: Pick<WriteEnv, 'ctx' | 'tx' | 'nowMs'>,
): Promise<void> {
  for (const { id: terminatorId } of await repositories.terminators.find(tx.db, {
    hostId: row.id,
  })) {
    await repositories.terminators.remove(tx, terminatorId);
  }
  await endApiSessionsOf(tx, { identityId: row.id }, nowMs);
  await forgetInPolicies(tx, 'identities', row.id);
  await repositories.identities.remove(tx, row.id);
  tx.afterCommit(() => ctx.events.emit('identityEnded', { identityId: row.id, reason: 'deleted' }));
}
