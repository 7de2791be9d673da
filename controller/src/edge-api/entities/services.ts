import { encryptionSchema, TERMINATOR_STRATEGIES } from '@postern/shared/schemas';
import { z } from 'zod';
import { newService } from '../../model/defaults.ts';
import type { Service } from '../../model/services.ts';
import { listedEntities } from '../../store/filter/entity-sets.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { configs } from './configs.ts';
import { edgeRouters } from './edge-routers.ts';
import { id, name, roleAttributes, tags } from './fields.ts';
import { identities } from './identities.ts';
import { serviceEdgeRouterPolicies, servicePolicies } from './policies.ts';
import { policyTypeParameter, wantedPolicyTypes } from './policy-type.ts';
import { forgetInPolicies, policiesHolding, throughPolicies } from './roles.ts';
import { renderServices, serviceMembers, serviceParameters } from './service-detail.ts';
import { terminators } from './terminators.ts';

export const services: EntityDefinition = defineEntity({
  plural: 'services',
  permission: 'service',
  repository: repositories.services,
  symbols: {
    sets: { configs: listedEntities('configs', () => configs.symbols) },
    constants: { isSystem: false },
  },
  input: z.object({
    name,
    encryptionRequired: z.boolean(),
    acceptedEncryption: z
      .array(encryptionSchema)
      .min(1)
      .max(2)
      .default(['authenticated'])
      .describe('Whether `authenticated`, `ziti` or both may encrypt its circuits'),
    terminatorStrategy: z
      .enum([...TERMINATOR_STRATEGIES, ''])
      .default('')
      .transform((value) => value || TERMINATOR_STRATEGIES[0]),
    maxIdleTimeMillis: z.int().min(0).max(2_147_483_647).default(0),
    roleAttributes,
    configs: z.array(id).max(100).default([]),
    tags,
  }),
  links: ['configs', 'terminators', 'service-policies', 'service-edge-router-policies'],
  shown: serviceMembers,
  parameters: serviceParameters,
  subLists: {
    configs: { of: () => configs, ids: (row) => Promise.resolve(row['configs'] as string[]) },
    terminators: {
      of: () => terminators,
      ids: async (row, { db }) =>
        (await repositories.terminators.find(db, { serviceId: row.id })).map((item) => item.id),
    },
    identities: {
      of: () => identities,
      query: policyTypeParameter,
      ids: (row, { ctx, request }) =>
        Promise.resolve([
          ...new Set(
            wantedPolicyTypes(request).flatMap((type) => ctx.policy.identitiesFor(row.id, type)),
          ),
        ]),
    },
    'edge-routers': {
      of: () => edgeRouters,
      ids: (row, { db }) =>
        throughPolicies(
          db,
          'serviceEdgeRouterPolicies',
          'serviceRoles',
          row as unknown as Service,
          'edgeRouterRoles',
        ),
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
    const types = await repositories.configTypes.findIn(
      db,
      'id',
      found.map((config) => config.configTypeId),
    );
    const other = types.find(({ target }) => target === 'router');
    if (other) throw fieldError('configs', `configs of type ${other.name} are for routers`);
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
  render: renderServices,
});
