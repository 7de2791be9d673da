import { z } from 'zod';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { reference } from '../envelope.ts';
import { EdgeError, fieldError, notFound } from '../errors.ts';
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
  subLists: {
    configs: {
      of: () => configs,
      ids: async (row, { db }) =>
        (await repositories.configs.find(db, { configTypeId: row.id })).map((item) => item.id),
    },
  },
  async remove(row, { tx }) {
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
    if (!(await repositories.configTypes.get(db, input.configTypeId))) throw notFound();
  },
  async remove(row, { tx }) {
    for (const service of await repositories.services.find(tx.db)) {
      if (!service.configs.includes(row.id)) continue;
      await repositories.services.update(tx, service.id, {
        configs: service.configs.filter((item) => item !== row.id),
      });
    }
    await repositories.configs.remove(tx, row.id);
  },
  async render(rows, { db }) {
    const types = new Map(
      (await repositories.configTypes.find(db)).map((type) => [type.id, type.name]),
    );
    return rows.map((row) => ({
      configType: reference('config-types', row.configTypeId, types.get(row.configTypeId) ?? ''),
    }));
  },
});
