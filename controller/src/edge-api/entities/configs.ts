import { z } from 'zod';
import { dataProblem, schemaProblem } from '../../configs/config-schema.ts';
import { isBuiltInConfigType } from '../../model/built-in-config-types.ts';
import { repositories } from '../../store/repositories.ts';
import type { WriteTx } from '../../store/store.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { reference } from '../envelope.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
import { referenceSchema } from '../responses.ts';
import { id, name, tags } from './fields.ts';
import { services } from './services.ts';

const object = z.record(z.string(), z.unknown());

export const configTypes: EntityDefinition = defineEntity({
  plural: 'config-types',
  permission: 'config-type',
  repository: repositories.configTypes,
  symbols: { constants: { isSystem: false } },
  input: z.object({
    name: name.refine((value) => value !== 'all', '"all" is reserved'),
    schema: object.default({}),
    target: z.enum(['service', 'router']).nullable().default(null),
    tags,
  }),
  shown: { schema: object },
  async check(input, { db }, row) {
    if (row && isBuiltInConfigType(row.id))
      throw new EdgeError('ENTITY_CAN_NOT_BE_UPDATED', 'built-in config types stay as they are');
    const problem = schemaProblem(input.schema);
    if (problem) throw fieldError('schema', problem.reason);
    if (row && row.target !== input.target)
      throw fieldError('target', 'cannot be changed', input.target ?? '');
    for (const config of row ? await repositories.configs.find(db, { configTypeId: row.id }) : []) {
      const misfit = dataProblem(input.schema, config.data);
      if (misfit)
        throw fieldError('schema', `config ${config.name} does not fit: ${misfit.reason}`);
    }
  },
  subLists: {
    configs: {
      of: () => configs,
      ids: async (row, { db }) =>
        (await repositories.configs.find(db, { configTypeId: row.id })).map((item) => item.id),
    },
  },
  async remove(row, { tx }) {
    if (isBuiltInConfigType(row.id))
      throw new EdgeError('ENTITY_CAN_NOT_BE_DELETED', 'built-in config types stay');
    if ((await repositories.configs.find(tx.db, { configTypeId: row.id })).length > 0) {
      throw new EdgeError('CAN_NOT_DELETE_REFERENCED_ENTITY', 'configs of this type exist');
    }
    await repositories.configTypes.remove(tx, row.id);
  },
});

export const configs: EntityDefinition = defineEntity({
  plural: 'configs',
  permission: 'config',
  repository: repositories.configs,
  symbols: {
    aliases: { type: 'configTypeId' },
    references: { configType: { column: 'configTypeId', target: () => configTypes.symbols } },
    constants: { isSystem: false },
  },
  input: z.object({ name, configTypeId: id, data: object, tags }),
  subLists: {
    services: {
      of: () => services,
      ids: async (row, { db }) =>
        (await repositories.services.find(db))
          .filter((service) => service.configs.includes(row.id))
          .map((service) => service.id),
    },
  },
  async check(input, { db }, row) {
    if (row && row.configTypeId !== input.configTypeId)
      throw fieldError('configTypeId', 'cannot be changed', input.configTypeId);
    const type = await repositories.configTypes.get(db, input.configTypeId);
    if (!type) throw notFound();
    const problem = dataProblem(type.schema, input.data);
    if (problem) {
      const field = ['data', ...(problem.field === '' ? [] : [problem.field])].join('.');
      throw fieldError(field, problem.reason);
    }
  },
  async remove(row, { tx }) {
    if ((await repositories.identityConfigs.find(tx.db, { configId: row.id })).length > 0) {
      throw new EdgeError(
        'CAN_NOT_DELETE_REFERENCED_ENTITY',
        'identities have this config in place of a service’s own',
      );
    }
    await detachFromRouters(tx, row.id);
    for (const service of await repositories.services.find(tx.db)) {
      if (!service.configs.includes(row.id)) continue;
      await repositories.services.update(tx, service.id, {
        configs: service.configs.filter((item) => item !== row.id),
      });
    }
    await repositories.configs.remove(tx, row.id);
  },
  shown: { data: object, configType: referenceSchema },
  async render(rows, { db }) {
    const types = new Map(
      (await repositories.configTypes.find(db)).map((type) => [type.id, type.name]),
    );
    return rows.map((row) => ({
      configType: reference('config-types', row.configTypeId, types.get(row.configTypeId) ?? ''),
    }));
  },
});

async function detachFromRouters(tx: WriteTx, configId: string): Promise<void> {
  for (const router of await repositories.edgeRouters.find(tx.db)) {
    if (!router.configs.includes(configId)) continue;
    const configs = router.configs.filter((item) => item !== configId);
    await repositories.edgeRouters.update(tx, router.id, { configs });
  }
}
