import { z } from 'zod';
import { newService } from '../../model/defaults.ts';
import type { Service } from '../../model/services.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition, type Env } from '../crud.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { configs } from './configs.ts';
import { edgeRouters } from './edge-routers.ts';
import { id, name, roleAttributes, tags } from './fields.ts';
import { identities } from './identities.ts';
import { serviceEdgeRouterPolicies, servicePolicies } from './policies.ts';
import { forgetInPolicies, policiesHolding } from './roles.ts';
import { terminators } from './terminators.ts';

export const services: EntityDefinition = defineEntity({
  plural: 'services',
  permission: 'service',
  repository: repositories.services,
  symbols: { constants: { isSystem: false } },
  input: z.object({
    name,
    encryptionRequired: z.boolean(),
    terminatorStrategy: z
      .enum(['smartrouting', 'weighted', 'random', 'sticky', ''])
      .default('')
      .transform((value) => value || 'smartrouting'),
    maxIdleTimeMillis: z.int().min(0).default(0),
    roleAttributes,
    configs: z.array(id).max(100).default([]),
    tags,
  }),
  links: ['configs', 'terminators', 'service-policies', 'service-edge-router-policies'],
  subLists: {
    configs: { of: () => configs, ids: (row) => Promise.resolve(row['configs'] as string[]) },
    terminators: {
      of: () => terminators,
      ids: async (row, { db }) =>
        (await repositories.terminators.find(db, { serviceId: row.id })).map((item) => item.id),
    },
    identities: {
      of: () => identities,
      ids: (row, { ctx, request }) => {
        const wanted = request.query('policyType')?.toLowerCase();
        const dial = wanted === 'bind' ? [] : ctx.policy.identitiesFor(row.id, 'Dial');
        const bind = wanted === 'dial' ? [] : ctx.policy.identitiesFor(row.id, 'Bind');
        return Promise.resolve([...new Set([...dial, ...bind])]);
      },
    },
    'edge-routers': {
      of: () => edgeRouters,
      ids: async (row, { db }) => {
        const held = await Promise.all(
          (await repositories.edgeRouters.find(db)).map(async (router) => ({
            router,
            policies: await policiesHolding(
              db,
              'serviceEdgeRouterPolicies',
              'edgeRouterRoles',
              router,
            ),
          })),
        );
        const own = new Set(
          await policiesHolding(
            db,
            'serviceEdgeRouterPolicies',
            'serviceRoles',
            row as unknown as Service,
          ),
        );
        return held
          .filter(({ policies }) => policies.some((policy) => own.has(policy)))
          .map(({ router }) => router.id);
      },
    },
    'service-policies': {
      of: () => servicePolicies,
      ids: (row, { db }) =>
        policiesHolding(db, 'servicePolicies', 'serviceRoles', row as unknown as Service),
    },
    'service-edge-router-policies': {
      of: () => serviceEdgeRouterPolicies,
      ids: (row, { db }) =>
        policiesHolding(db, 'serviceEdgeRouterPolicies', 'serviceRoles', row as unknown as Service),
    },
  },
  async check(input, { db }) {
    const found = await repositories.configs.findIn(db, 'id', input.configs);
    if (found.length < new Set(input.configs).size) throw notFound();
    if (new Set(found.map((config) => config.configTypeId)).size < found.length) {
      throw fieldError('configs', 'at most one config of each type', input.configs.join(' '));
    }
  },
  create: (input, { tx, nowMs }) => repositories.services.insert(tx, newService(input, nowMs)),
  async remove(row, { tx }) {
    if ((await repositories.applications.find(tx.db, { serviceId: row.id })).length > 0) {
      throw new EdgeError(
        'CAN_NOT_DELETE_REFERENCED_ENTITY',
        'an application still shows this service',
      );
    }
    for (const terminator of await repositories.terminators.find(tx.db, { serviceId: row.id })) {
      await repositories.terminators.remove(tx, terminator.id);
    }
    await forgetInPolicies(tx, 'services', row.id);
    await repositories.services.remove(tx, row.id);
  },
  render: (rows, env) => renderServices(rows, env, env.identity.id),
});

/** Members of a service that depend on who asks: permissions, and the data of requested config types. */
async function renderServices(
  rows: readonly Service[],
  { ctx, db, request }: Env,
  identityId: string,
) {
  const wanted = new Set(request.queries('configTypes').flatMap((value) => value.split(',')));
  const types = new Map(
    (await repositories.configTypes.find(db)).map((type) => [type.id, type.name]),
  );
  const all =
    wanted.size === 0
      ? []
      : await repositories.configs.findIn(
          db,
          'id',
          rows.flatMap((row) => row.configs),
        );
  return rows.map((row) => {
    const permissions = [
      ...(ctx.policy.mayDial(identityId, row.id) ? ['Dial'] : []),
      ...(ctx.policy.mayBind(identityId, row.id) ? ['Bind'] : []),
    ];
    const shown = all.filter(({ id: configId, configTypeId }) => {
      const typeName = types.get(configTypeId) ?? '';
      return (
        row.configs.includes(configId) &&
        (wanted.has('all') || wanted.has(configTypeId) || wanted.has(typeName))
      );
    });
    return {
      permissions: permissions.length === 0 ? ['Invalid'] : permissions,
      config: Object.fromEntries(
        shown.map((config) => [types.get(config.configTypeId) ?? '', config.data]),
      ),
      postureQueries: [],
    };
  });
}
