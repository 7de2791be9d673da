/** Configs that one identity gets with a service, in place of the service's own (specs/edge-api.md §2.1). */
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { newEntity } from '../../model/defaults.ts';
import type { IdentityConfig } from '../../model/sessions.ts';
import { repositories } from '../../store/repositories.ts';
import type { WriteTx } from '../../store/store.ts';
import { id } from '../entities/fields.ts';
import { done, list, reference } from '../envelope.ts';
import { notFound } from '../errors.ts';
import { requireMayTouch } from '../others-rights.ts';
import { doneResponse, listOf, referenceSchema } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';

const PATH = '/identities/:id/service-configs';
const MAX_ASSIGNMENTS = 1000;

const assignment = z.object({ serviceId: id, configId: id });
const assignments = z.array(assignment).max(MAX_ASSIGNMENTS);
/** No body at all is read as `{}`. */
const removals = z.union([assignments, z.strictObject({}).transform((): Assignments => [])]);
type Assignments = z.output<typeof assignments>;

const shownSchema = z
  .strictObject({
    serviceId: z.string(),
    service: referenceSchema,
    configId: z.string(),
    config: referenceSchema,
  })
  .meta({ id: 'ServiceConfigDetail' });

export function addServiceConfigRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, events, clock } = ctx;
  const identityId = async (request: EdgeRequest): Promise<string> => {
    const identity = await repositories.identities.get(store.db, request.param('id'));
    if (!identity) throw notFound();
    if (request.context.req.method !== 'GET') requireMayTouch(request.caller.identity, identity);
    return identity.id;
  };
  const write = async (work: (tx: WriteTx) => Promise<void>) => {
    await store.write(work);
    events.emit('entityWritten', { plural: 'service-configs' });
    return done();
  };

  routes.add(
    {
      method: 'get',
      path: PATH,
      access: 'identity.read',
      summary: 'Configs that replace services’ own for one identity; all of them, unpaged',
      operationId: 'listIdentitysServiceConfigs',
      response: listOf(shownSchema),
    },
    async (request) => {
      const rows = await repositories.identityConfigs.find(store.db, {
        identityId: await identityId(request),
      });
      const page = { limit: Math.max(rows.length, 1), offset: 0, totalCount: rows.length };
      return list(await show(ctx, rows), page, ['id']);
    },
  );
  routes.add(
    {
      method: 'post',
      path: PATH,
      access: 'identity.update',
      summary: 'Give an identity configs of its own; one for each service and config type',
      operationId: 'associateIdentitysServiceConfigs',
      body: assignments,
      response: doneResponse,
    },
    async (request) => {
      const owner = await identityId(request);
      return write((tx) => assign(tx, owner, request.body, clock()));
    },
  );
  routes.add(
    {
      method: 'delete',
      path: PATH,
      access: 'identity.update',
      summary: 'Take configs away from an identity; none named: all of them',
      operationId: 'disassociateIdentitysServiceConfigs',
      body: removals,
      response: doneResponse,
    },
    async (request) => {
      const owner = await identityId(request);
      return write(async (tx) => {
        for (const row of await repositories.identityConfigs.find(tx.db, { identityId: owner })) {
          const named = request.body.some(
            ({ serviceId, configId }) => row.serviceId === serviceId && row.configId === configId,
          );
          if (named || request.body.length === 0)
            await repositories.identityConfigs.remove(tx, row.id);
        }
      });
    },
  );
}

async function assign(
  tx: WriteTx,
  identityId: string,
  wanted: Assignments,
  nowMs: number,
): Promise<void> {
  for (const { serviceId, configId } of wanted) {
    const config = await repositories.configs.get(tx.db, configId);
    if (!config || !(await repositories.services.get(tx.db, serviceId))) throw notFound();
    const { configTypeId } = config;
    const key = { identityId, serviceId, configTypeId };
    const [present] = await repositories.identityConfigs.find(tx.db, key);
    if (present) await repositories.identityConfigs.update(tx, present.id, { configId });
    else
      await repositories.identityConfigs.insert(tx, {
        ...newEntity(nowMs),
        tags: {},
        ...key,
        configId,
      });
  }
}

async function show(
  { store: { db } }: ControllerContext,
  rows: readonly IdentityConfig[],
): Promise<z.input<typeof shownSchema>[]> {
  const names = async (kind: 'services' | 'configs', ids: string[]) =>
    new Map((await repositories[kind].findIn(db, 'id', ids)).map((row) => [row.id, row.name]));
  const services = await names(
    'services',
    rows.map((row) => row.serviceId),
  );
  const configs = await names(
    'configs',
    rows.map((row) => row.configId),
  );
  return rows.map(({ serviceId, configId }) => ({
    serviceId,
    service: reference('services', serviceId, services.get(serviceId) ?? ''),
    configId,
    config: reference('configs', configId, configs.get(configId) ?? ''),
  }));
}
