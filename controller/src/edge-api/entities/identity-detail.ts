/** The members of an identity's detail that are not its own columns. */
import { z } from 'zod';
import { describeEnrollment } from '../../enroll/issue.ts';
import {
  isDisabled,
  type Authenticator,
  type Enrollment,
  type Identity,
} from '../../model/identities.ts';
import { repositories } from '../../store/repositories.ts';
import type { Env } from '../crud.ts';
import { reference } from '../envelope.ts';
import { mayActAs } from '../others-rights.ts';
import { mayAccess } from '../permissions.ts';
import { referenceSchema, timeSchema } from '../responses.ts';

const pendingSchema = z.strictObject({
  id: z.string(),
  token: z.string(),
  jwt: z.string(),
  expiresAt: timeSchema,
});
const infoSchema = z.record(z.string(), z.string());

export const identityMembers = {
  type: referenceSchema,
  authPolicy: referenceSchema,
  envInfo: infoSchema,
  sdkInfo: infoSchema,
  disabled: z.boolean(),
  isMfaEnabled: z.boolean(),
  hasApiSession: z.boolean(),
  hasEdgeRouterConnection: z.boolean(),
  edgeRouterConnectionStatus: z.enum(['online', 'offline', 'unknown']),
  authenticators: z.strictObject({
    cert: z.strictObject({ id: z.string(), fingerprint: z.string() }).optional(),
    updb: z.strictObject({ id: z.string(), username: z.string() }).optional(),
  }),
  enrollment: z.strictObject({
    ott: pendingSchema.optional(),
    ottca: pendingSchema.optional(),
    updb: pendingSchema.optional(),
  }),
  interfaces: z.array(z.looseObject({ name: z.string() })),
};

export async function renderIdentities(rows: readonly Identity[], env: Env) {
  const { db, nowMs } = env;
  const ids = rows.map((row) => row.id);
  const proofs = groupByIdentity(await repositories.authenticators.findIn(db, 'identityId', ids));
  const pending = groupByIdentity(await repositories.enrollments.findIn(db, 'identityId', ids));
  const sessions = groupByIdentity(await repositories.apiSessions.findIn(db, 'identityId', ids));
  const factors = groupByIdentity(await repositories.mfas.findIn(db, 'identityId', ids));
  const hosting = await repositories.terminators.findIn(db, 'hostId', ids);
  // Through a circuit of its own, or as a host.
  const connected = new Set([
    ...env.ctx.live.network.callers(),
    ...hosting.map(({ hostId }) => hostId),
  ]);
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
      isMfaEnabled: factors.get(row.id)?.some(({ isVerified }) => isVerified) ?? false,
      hasApiSession: sessions.has(row.id),
      hasEdgeRouterConnection: connected.has(row.id),
      edgeRouterConnectionStatus: connected.has(row.id) ? 'online' : 'offline',
      authenticators: Object.fromEntries(
        (proofs.get(row.id) ?? []).map((proof) => [proof.method, summary(proof)]),
      ),
      enrollment: Object.fromEntries(
        await Promise.all(
          (pending.get(row.id) ?? []).map(
            async (item) => [item.method, await pendingSummary(env, row, item)] as const,
          ),
        ),
      ),
      interfaces: [],
    })),
  );
}

function summary(proof: Authenticator) {
  return proof.method === 'updb'
    ? { id: proof.id, username: proof.username }
    : { id: proof.id, fingerprint: proof.fingerprint };
}

/** Only those who could issue an enrollment see its token. */
async function pendingSummary({ ctx, identity }: Env, owner: Identity, item: Enrollment) {
  const token =
    mayAccess(identity, 'enrollment.create') || mayAccess(identity, 'identity.create')
      ? mayActAs(identity, owner)
      : false;
  const described = token ? await describeEnrollment(ctx, item) : { token: '', jwt: '' };
  return { id: item.id, expiresAt: item.expiresAt, ...described };
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
