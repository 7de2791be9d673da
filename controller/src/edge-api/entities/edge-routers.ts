import { z } from 'zod';
import { describeEnrollment, issueEnrollment } from '../../enroll/issue.ts';
import { newEntity } from '../../model/defaults.ts';
import type { EdgeRouter } from '../../model/edge-routers.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { fieldError } from '../errors.ts';
import { cost, id, name, roleAttributes, tags } from './fields.ts';
import { identities } from './identities.ts';
import { edgeRouterPolicies, serviceEdgeRouterPolicies } from './policies.ts';
import { forgetInPolicies, policiesHolding } from './roles.ts';
import { services } from './services.ts';

export const edgeRouters: EntityDefinition = defineEntity({
  plural: 'edge-routers',
  permission: 'router',
  repository: repositories.edgeRouters,
  symbols: {
    aliases: { online: 'isOnline', connected: 'isOnline' },
    constants: { isSystem: false },
  },
  input: z.object({
    name,
    cost: cost.default(0),
    noTraversal: z.boolean().default(false),
    disabled: z.boolean().default(false),
    isTunnelerEnabled: z.boolean().default(false),
    roleAttributes,
    appData: tags,
    configs: z.array(id).max(100).default([]),
    ctrlChanListeners: z
      .record(z.string().max(512), z.array(z.string().max(256)).max(100))
      .default({}),
    tags,
  }),
  links: ['edge-router-policies'],
  subLists: {
    'edge-router-policies': {
      of: () => edgeRouterPolicies,
      ids: (row, { db }) =>
        policiesHolding(db, 'edgeRouterPolicies', 'edgeRouterRoles', row as unknown as EdgeRouter),
    },
    'service-edge-router-policies': {
      of: () => serviceEdgeRouterPolicies,
      ids: (row, { db }) =>
        policiesHolding(
          db,
          'serviceEdgeRouterPolicies',
          'edgeRouterRoles',
          row as unknown as EdgeRouter,
        ),
    },
    identities: {
      of: () => identities,
      ids: async (row, { ctx, db }) =>
        (await repositories.identities.find(db))
          .filter((one) => ctx.policy.routersFor(one.id).includes(row.id))
          .map((one) => one.id),
    },
    services: {
      of: () => services,
      ids: async (row, { db }) => {
        const held = new Set(
          await policiesHolding(
            db,
            'serviceEdgeRouterPolicies',
            'edgeRouterRoles',
            row as unknown as EdgeRouter,
          ),
        );
        const all = await Promise.all(
          (await repositories.services.find(db)).map(async (service) => ({
            id: service.id,
            policies: await policiesHolding(
              db,
              'serviceEdgeRouterPolicies',
              'serviceRoles',
              service,
            ),
          })),
        );
        return all
          .filter(({ policies }) => policies.some((policy) => held.has(policy)))
          .map((service) => service.id);
      },
    },
  },
  check(input) {
    if (input.isTunnelerEnabled)
      throw fieldError('isTunnelerEnabled', 'tunneler routers are not supported', true);
    return Promise.resolve();
  },
  async create(input, { ctx, tx, nowMs }) {
    const row = await repositories.edgeRouters.insert(tx, {
      ...newEntity(nowMs),
      ...input,
      isVerified: false,
      fingerprint: null,
      certPem: null,
      isOnline: false,
      hostname: '',
      edgeUrls: [],
      fabricAddresses: [],
      links: [],
    });
    await issueEnrollment(tx, ctx, { method: 'erott', edgeRouterId: row.id });
    return row;
  },
  async remove(row, { ctx, tx }) {
    for (const terminator of await repositories.terminators.find(tx.db, { routerId: row.id })) {
      await repositories.terminators.remove(tx, terminator.id);
    }
    await forgetInPolicies(tx, 'edgeRouters', row.id);
    await repositories.edgeRouters.remove(tx, row.id);
    tx.afterCommit(() => ctx.events.emit('routerReset', { routerId: row.id }));
  },
  async render(rows, { ctx, db }) {
    const pending = await repositories.enrollments.findIn(
      db,
      'edgeRouterId',
      rows.map((row) => row.id),
    );
    return Promise.all(
      rows.map(async (row) => {
        const enrollment = pending.find((item) => item.edgeRouterId === row.id);
        const described =
          enrollment && !row.isVerified ? await describeEnrollment(ctx, enrollment) : undefined;
        return {
          enrollmentToken: described?.token ?? null,
          enrollmentJwt: described?.jwt ?? null,
          enrollmentCreatedAt: described ? enrollment?.createdAt : null,
          enrollmentExpiresAt: described ? enrollment?.expiresAt : null,
          supportedProtocols: Object.fromEntries(
            row.edgeUrls.map((url) => [new URL(url).protocol.slice(0, -1), url]),
          ),
          syncStatus: row.isOnline ? 'SYNC_DONE' : 'SYNC_DISCONNECTED',
          versionInfo: null,
          unverifiedFingerprint: null,
          unverifiedCertPem: null,
          interfaces: [],
        };
      }),
    );
  },
});
