import { z } from 'zod';
import { newEntity } from '../../model/defaults.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { reference } from '../envelope.ts';
import { fieldError, notFound } from '../errors.ts';
import { referenceSchema } from '../responses.ts';
import { edgeRouters } from './edge-routers.ts';
import { cost, id, precedence, tags } from './fields.ts';
import { services } from './services.ts';

const replaceable = z.object({
  service: id,
  router: id,
  binding: z.string().min(1).max(256),
  address: z.string().min(1).max(1024),
  cost: cost.default(0),
  precedence: precedence.default('default'),
  tags,
});

export const terminators: EntityDefinition = defineEntity({
  plural: 'terminators',
  permission: 'terminator',
  repository: repositories.terminators,
  symbols: {
    aliases: { service: 'serviceId', router: 'routerId', instanceId: 'identity' },
    references: {
      service: { column: 'serviceId', target: () => services.symbols },
      router: { column: 'routerId', target: () => edgeRouters.symbols },
    },
    constants: { isSystem: false },
  },
  input: replaceable.extend({
    identity: z.string().max(256).default(''),
    identitySecret: z.base64().max(4096).nullable().default(null),
  }),
  updatable: replaceable,
  stored: (row) => ({ ...row, service: row.serviceId, router: row.routerId }),
  shown: { service: referenceSchema, router: referenceSchema, dynamicCost: z.int() },
  async check(input, { db }, row) {
    if (row && row.serviceId !== input.service)
      throw fieldError('service', 'cannot be changed', input.service);
    if (!(await repositories.services.get(db, input.service))) throw notFound();
    if (!(await repositories.edgeRouters.get(db, input.router)))
      throw fieldError('router', 'no such router', input.router);
  },
  create: ({ service, router, ...input }, { tx, nowMs }) =>
    repositories.terminators.insert(tx, {
      ...newEntity(nowMs),
      ...input,
      serviceId: service,
      routerId: router,
      hostId: '',
      encryption: 'authenticated',
    }),
  async update(row, { service: _, router, ...input }, { tx, nowMs }) {
    const updatedAt = new Date(nowMs).toISOString();
    await repositories.terminators.update(tx, row.id, { ...input, routerId: router, updatedAt });
  },
  async render(rows, { db }) {
    const named = async (kind: 'services' | 'edgeRouters', ids: string[]) =>
      new Map((await repositories[kind].findIn(db, 'id', ids)).map((row) => [row.id, row.name]));
    const serviceNames = await named(
      'services',
      rows.map((row) => row.serviceId),
    );
    const routerNames = await named(
      'edgeRouters',
      rows.map((row) => row.routerId),
    );
    return rows.map((row) => ({
      service: reference('services', row.serviceId, serviceNames.get(row.serviceId) ?? ''),
      router: reference('edge-routers', row.routerId, routerNames.get(row.routerId) ?? ''),
      dynamicCost: row.cost,
    }));
  },
});
