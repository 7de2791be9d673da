/** What routers have beyond their columns: their pending enrollment and what they reported. */
import { z } from 'zod';
import { describeEnrollment, issueEnrollment } from '../../enroll/issue.ts';
import type { EdgeRouter } from '../../model/edge-routers.ts';
import { newEntity } from '../../model/defaults.ts';
import { repositories } from '../../store/repositories.ts';
import type { Env, WriteEnv } from '../crud.ts';
import { mayAccess } from '../permissions.ts';
import { timeSchema } from '../responses.ts';
import { forgetInPolicies } from './roles.ts';

export const routerMembers = {
  ctrlChanListeners: z.record(z.string(), z.array(z.string())),
  links: z.unknown(),
  enrollmentToken: z.string().nullable(),
  enrollmentJwt: z.string().nullable(),
  enrollmentCreatedAt: timeSchema.nullable(),
  enrollmentExpiresAt: timeSchema.nullable(),
  supportedProtocols: z.record(z.string(), z.string()),
  syncStatus: z.enum(['SYNC_DONE', 'SYNC_DISCONNECTED']),
  versionInfo: z.null(),
  unverifiedFingerprint: z.string().nullable(),
  unverifiedCertPem: z.string().nullable(),
  interfaces: z.array(z.looseObject({ name: z.string() })),
};

/** A router that has yet to enrol. */
export function newRouter(
  values: Partial<EdgeRouter> & { name: string },
  nowMs: number,
): EdgeRouter {
  return {
    ...newEntity(nowMs),
    tags: {},
    cost: 0,
    noTraversal: false,
    disabled: false,
    isTunnelerEnabled: false,
    isTransit: false,
    roleAttributes: [],
    appData: {},
    configs: [],
    ctrlChanListeners: {},
    isVerified: false,
    fingerprint: null,
    certPem: null,
    unverifiedCertPem: null,
    unverifiedFingerprint: null,
    isOnline: false,
    hostname: '',
    edgeUrls: [],
    fabricAddresses: [],
    links: [],
    ...values,
  };
}

/** Stores a new router with the enrollment that makes it one. */
export async function insertRouter(
  row: EdgeRouter,
  { ctx, tx }: Pick<WriteEnv, 'ctx' | 'tx'>,
): Promise<EdgeRouter> {
  await repositories.edgeRouters.insert(tx, row);
  await issueEnrollment(tx, ctx, { method: 'erott', edgeRouterId: row.id });
  return row;
}

/** Deletes a router with its terminators and its place in policies, and ends its control connection. */
export async function removeRouter(
  { id }: Pick<EdgeRouter, 'id'>,
  { ctx, tx }: Pick<WriteEnv, 'ctx' | 'tx'>,
): Promise<void> {
  for (const terminator of await repositories.terminators.find(tx.db, { routerId: id }))
    await repositories.terminators.remove(tx, terminator.id);
  await forgetInPolicies(tx, 'edgeRouters', id);
  await repositories.edgeRouters.remove(tx, id);
  tx.afterCommit(() => ctx.events.emit('routerReset', { routerId: id }));
}

export async function renderRouters(rows: readonly EdgeRouter[], { ctx, db, identity }: Env) {
  // Only those who could make a router see the token that makes one.
  const showsTokens = mayAccess(identity, 'router.create') || mayAccess(identity, 'router.update');
  const pending = await repositories.enrollments.findIn(
    db,
    'edgeRouterId',
    rows.map((row) => row.id),
  );
  return Promise.all(
    rows.map(async (row) => {
      const enrollment = pending.find((item) => item.edgeRouterId === row.id);
      const described =
        enrollment && !row.isVerified && showsTokens
          ? await describeEnrollment(ctx, enrollment)
          : undefined;
      return {
        enrollmentToken: described?.token ?? null,
        enrollmentJwt: described?.jwt ?? null,
        enrollmentCreatedAt: (described && enrollment?.createdAt) ?? null,
        enrollmentExpiresAt: (described && enrollment?.expiresAt) ?? null,
        supportedProtocols: Object.fromEntries(
          row.edgeUrls.map((url) => [new URL(url).protocol.slice(0, -1), url]),
        ),
        syncStatus: row.isOnline ? 'SYNC_DONE' : 'SYNC_DISCONNECTED',
        versionInfo: null,
        interfaces: [],
      };
    }),
  );
}
