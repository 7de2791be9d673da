import { z } from 'zod';
import { describeEnrollment, issueEnrollment } from '../../enroll/issue.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition, type Env } from '../crud.ts';
import { reference } from '../envelope.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { mayActAs, requireMayEnroll, requireMayTouch } from '../others-rights.ts';
import { mayAccess } from '../permissions.ts';
import { edgeRouters } from './edge-routers.ts';
import { id } from './fields.ts';
import { identities } from './identities.ts';

/** A moment to come, RFC 3339. */
export const futureTime = z.iso
  .datetime({ offset: true })
  .transform((value) => new Date(value).toISOString());

export const enrollments: EntityDefinition = defineEntity({
  plural: 'enrollments',
  permission: 'enrollment',
  repository: repositories.enrollments,
  actions: ['create', 'read', 'delete'],
  symbols: {
    aliases: { identity: 'identityId', edgeRouter: 'edgeRouterId' },
    references: {
      identity: { column: 'identityId', target: () => identities.symbols },
      edgeRouter: { column: 'edgeRouterId', target: () => edgeRouters.symbols },
    },
    constants: { isSystem: false },
  },
  input: z.object({
    method: z.enum(['ott', 'ottca', 'updb']),
    identityId: id,
    expiresAt: futureTime,
    caId: z.string().max(64).optional(),
    username: z.string().min(4).max(100).optional(),
  }),
  async check(input, { db, nowMs, identity: caller }) {
    if (Date.parse(input.expiresAt) <= nowMs)
      throw fieldError('expiresAt', 'must be in the future', input.expiresAt);
    const owner = await repositories.identities.get(db, input.identityId);
    if (!owner) throw notFound();
    requireMayEnroll(caller, owner);
    const { identityId, method, username } = input;
    if ((await repositories.enrollments.find(db, { identityId, method })).length > 0)
      throw new EdgeError('ENROLLMENT_EXISTS');
    if (method === 'ottca') await requireOttCa(db, input.caId);
    if (method !== 'updb') return;
    if (username === undefined) throw fieldError('username', 'is required');
    if ((await repositories.authenticators.find(db, { username })).length > 0) {
      throw fieldError('username', 'duplicate value, username must be unique', username);
    }
  },
  create: ({ method, identityId, expiresAt, username, caId }, { ctx, tx }) =>
    issueEnrollment(tx, ctx, {
      method,
      identityId,
      expiresAt,
      username: method === 'updb' ? (username ?? null) : null,
      caId: method === 'ottca' ? (caId ?? null) : null,
    }),
  async remove(row, { tx, identity: caller }) {
    const owner = row.identityId && (await repositories.identities.get(tx.db, row.identityId));
    if (owner) requireMayTouch(caller, owner);
    await repositories.enrollments.remove(tx, row.id);
  },
  async render(rows, { ctx, db, identity: caller }) {
    const owners = await repositories.identities.findIn(
      db,
      'id',
      rows.flatMap((row) => row.identityId ?? []),
    );
    const routers = await repositories.edgeRouters.findIn(
      db,
      'id',
      rows.flatMap((row) => row.edgeRouterId ?? []),
    );
    return Promise.all(
      rows.map(async (row) => {
        const owner = owners.find((item) => item.id === row.identityId);
        const router = routers.find((item) => item.id === row.edgeRouterId);
        return {
          // Only those who could issue an enrollment see its token.
          ...(mayAccess(caller, 'enrollment.create') && (!owner || mayActAs(caller, owner))
            ? await describeEnrollment(ctx, row)
            : { token: '', jwt: '' }),
          ...(owner && { identity: reference('identities', owner.id, owner.name) }),
          ...(router && { edgeRouter: reference('edge-routers', router.id, router.name) }),
        };
      }),
    );
  },
});

/** @throws EdgeError NOT_FOUND, ENROLLMENT_CA_NOT_VALID */
export async function requireOttCa(db: Env['db'], caId: string | undefined): Promise<void> {
  if (!caId) throw fieldError('caId', 'is required');
  const ca = await repositories.cas.get(db, caId);
  if (!ca) throw notFound();
  if (!ca.isVerified || !ca.isOttCaEnrollmentEnabled)
    throw new EdgeError('ENROLLMENT_CA_NOT_VALID');
}
