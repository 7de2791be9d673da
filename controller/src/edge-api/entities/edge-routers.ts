import { z } from 'zod';
import type { EdgeRouter } from '../../model/edge-routers.ts';
import { listedEntities } from '../../store/filter/entity-sets.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition, type Env } from '../crud.ts';
import { fieldError, notFound } from '../errors.ts';
import { cost, id, name, roleAttributes, tags } from './fields.ts';
import { identities } from './identities.ts';
import { edgeRouterPolicies, serviceEdgeRouterPolicies } from './policies.ts';
import { policiesHolding, throughPolicies } from './roles.ts';
import {
  insertRouter,
  newRouter,
  removeRouter,
  renderRouters,
  routerMembers,
} from './router-detail.ts';
import { configs as configEntities } from './configs.ts';
import { services } from './services.ts';
import {
  addTunnelerIdentity,
  removeTunnelerIdentity,
  renameTunnelerIdentity,
} from './tunneler-identity.ts';

const ctrlChanListeners = z
  .record(z.string().max(512), z.array(z.string().max(256)).max(100))
  .default({});
const configs = z.array(id).max(100).default([]);
const symbols = {
  aliases: { online: 'isOnline', connected: 'isOnline' },
  sets: { configs: listedEntities('configs', () => configEntities.symbols) },
  constants: { isSystem: false },
};

export const edgeRouters: EntityDefinition = defineEntity({
  plural: 'edge-routers',
  permission: 'router',
  repository: repositories.edgeRouters,
  scope: { isTransit: false },
  symbols,
  input: z.object({
    name,
    cost: cost.default(0),
    noTraversal: z.boolean().default(false),
    disabled: z.boolean().default(false),
    isTunnelerEnabled: z.boolean().default(false),
    roleAttributes,
    appData: tags,
    configs,
    ctrlChanListeners,
    tags,
  }),
  links: ['edge-router-policies'],
  shown: routerMembers,
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
      ids: (row, { db }) =>
        throughPolicies(
          db,
          'edgeRouterPolicies',
          'edgeRouterRoles',
          row as unknown as EdgeRouter,
          'identityRoles',
        ),
    },
    services: {
      of: () => services,
      ids: (row, { db }) =>
        throughPolicies(
          db,
          'serviceEdgeRouterPolicies',
          'edgeRouterRoles',
          row as unknown as EdgeRouter,
          'serviceRoles',
        ),
    },
  },
  check: (input, env) => requireRouterConfigs(input.configs, env),
  async create(input, env) {
    const row = await insertRouter(newRouter(input, env.nowMs), env);
    if (row.isTunnelerEnabled) await addTunnelerIdentity(row, env);
    return row;
  },
  async update(row, input, env) {
    const { tx, nowMs } = env;
    const updatedAt = new Date(nowMs).toISOString();
    await repositories.edgeRouters.update(tx, row.id, { ...input, updatedAt });
    const after = { id: row.id, name: input.name };
    if (input.isTunnelerEnabled && !row.isTunnelerEnabled) await addTunnelerIdentity(after, env);
    if (!input.isTunnelerEnabled && row.isTunnelerEnabled) await removeTunnelerIdentity(row, env);
    if (input.isTunnelerEnabled && row.isTunnelerEnabled && input.name !== row.name)
      await renameTunnelerIdentity(after, env);
  },
  async remove(row, env) {
    if (row.isTunnelerEnabled) await removeTunnelerIdentity(row, env);
    await removeRouter(row, env);
  },
  render: renderRouters,
});

/** Routers without clients of their own. `/routers` and `/transit-routers` are two names of one thing. */
function transitRouterEntity(plural: 'routers' | 'transit-routers'): EntityDefinition {
  return defineEntity({
    plural,
    permission: 'router',
    repository: repositories.edgeRouters,
    scope: { isTransit: true },
    symbols,
    input: z.object({
      name,
      cost: cost.default(0),
      noTraversal: z.boolean().default(false),
      disabled: z.boolean().default(false),
      configs,
      ctrlChanListeners,
      tags,
    }),
    shown: routerMembers,
    check: (input, env) => requireRouterConfigs(input.configs, env),
    create: (input, env) => insertRouter(newRouter({ ...input, isTransit: true }, env.nowMs), env),
    remove: removeRouter,
    render: renderRouters,
  });
}
export const routers = transitRouterEntity('routers');
export const transitRouters = transitRouterEntity('transit-routers');

/** @throws EdgeError NOT_FOUND, COULD_NOT_VALIDATE when a config is not one for routers. */
async function requireRouterConfigs(ids: readonly string[], { db }: Env): Promise<void> {
  const found = await repositories.configs.findIn(db, 'id', ids);
  if (found.length < new Set(ids).size) throw notFound();
  const types = await repositories.configTypes.findIn(
    db,
    'id',
    found.map((config) => config.configTypeId),
  );
  const other = types.find(({ target }) => target !== 'router');
  if (other) throw fieldError('configs', `configs of type ${other.name} are not for routers`);
}
