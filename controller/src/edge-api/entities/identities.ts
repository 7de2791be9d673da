import { z } from 'zod';
import { issueEnrollment, describeEnrollment } from '../../enroll/issue.ts';
import { newIdentity } from '../../model/defaults.ts';
import { DEFAULT_AUTH_POLICY_ID } from '../../model/auth-policies.ts';
import {
  isDisabled,
  type Authenticator,
  type Enrollment,
  type Identity,
} from '../../model/identities.ts';
import { endApiSessionsOf } from '../../sessions/end-sessions.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition, type Env, type WriteEnv } from '../crud.ts';
import { reference } from '../envelope.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { isAdministrator, PERMISSIONS } from '../permissions.ts';
import { nullsAbsent } from '../body.ts';
import { authPolicies } from './auth-policies.ts';
import { authenticators } from './authenticators.ts';
import { edgeRouters } from './edge-routers.ts';
import { enrollments } from './enrollments.ts';
import { cost, id, name, precedence, roleAttributes, tags } from './fields.ts';
import { edgeRouterPolicies, servicePolicies } from './policies.ts';
import { forgetInPolicies, policiesHolding } from './roles.ts';
import { services } from './services.ts';

const replaceable = z.object({
  name,
  type: z.enum(['User', 'Device', 'Service', 'Router', 'Default']).optional(),
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
      ids: (row, { ctx, request }) => {
        const wanted = request.query('policyType')?.toLowerCase();
        const kinds =
          wanted === 'dial'
            ? (['Dial'] as const)
            : wanted === 'bind'
              ? (['Bind'] as const)
              : (['Dial', 'Bind'] as const);
        return Promise.resolve([
          ...new Set(kinds.flatMap((kind) => ctx.policy.servicesFor(row.id, kind))),
        ]);
      },
    },
    'edge-routers': {
      of: () => edgeRouters,
      ids: (row, { ctx }) => Promise.resolve(ctx.policy.routersFor(row.id)),
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
    if (input.type === 'Router')
      throw fieldError('type', 'routers make their own identities', input.type);
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
    else if (wanted?.ottca)
      throw fieldError('enrollment.ottca', 'no such certificate authority', wanted.ottca);
    else if (wanted?.updb) await issueUpdb(tx, ctx, row.id, wanted.updb);
    return row;
  },

  async update(row, { type: _, ...values }, { ctx, tx, nowMs }, replaced) {
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

  async remove(row, env) {
    await removeIdentity(row, env);
  },

  async render(rows, env) {
    const { ctx, db, nowMs } = env;
    const ids = rows.map((row) => row.id);
    const proofs = groupByIdentity(await repositories.authenticators.findIn(db, 'identityId', ids));
    const pending = groupByIdentity(await repositories.enrollments.findIn(db, 'identityId', ids));
    const sessions = groupByIdentity(await repositories.apiSessions.findIn(db, 'identityId', ids));
    const policies = new Map(
      (await repositories.authPolicies.find(db)).map((policy) => [policy.id, policy.name]),
    );
    return Promise.all(
      rows.map(async (row) => ({
        type: reference('identity-types', row.typeId, row.typeId),
        authPolicy: reference(
          'auth-policies',
          row.authPolicyId,
          policies.get(row.authPolicyId) ?? '',
        ),
        disabled: isDisabled(row, nowMs),
        isMfaEnabled: false,
        hasApiSession: sessions.has(row.id),
        hasEdgeRouterConnection: false,
        edgeRouterConnectionStatus: 'unknown',
        authenticators: Object.fromEntries(
          (proofs.get(row.id) ?? []).map((proof) => [proof.method, summary(proof)]),
        ),
        enrollment: Object.fromEntries(
          await Promise.all(
            (pending.get(row.id) ?? []).map(
              async (item) => [item.method, await pendingSummary(ctx, item)] as const,
            ),
          ),
        ),
        interfaces: [],
      })),
    );
  },
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

/** Deletes an identity with all that hangs on it. Its authenticators go by foreign key. */
async function removeIdentity(
  row: Identity,
  { ctx, tx, nowMs, identity: caller }: WriteEnv,
): Promise<void> {
  if (row.isDefaultAdmin)
    throw new EdgeError('ENTITY_CAN_NOT_BE_DELETED', 'the default administrator cannot be deleted');
  if (isAdministrator(row) && !isAdministrator(caller)) throw new EdgeError('UNAUTHORIZED');
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

function summary(proof: Authenticator) {
  return proof.method === 'updb'
    ? { id: proof.id, username: proof.username }
    : { id: proof.id, fingerprint: proof.fingerprint };
}

async function pendingSummary(ctx: Env['ctx'], item: Enrollment) {
  return { id: item.id, expiresAt: item.expiresAt, ...(await describeEnrollment(ctx, item)) };
}

function groupByIdentity<T extends { identityId: string | null }>(
  rows: readonly T[],
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    if (row.identityId === null) continue;
    const group = groups.get(row.identityId);
    if (group) group.push(row);
    else groups.set(row.identityId, [row]);
  }
  return groups;
}
