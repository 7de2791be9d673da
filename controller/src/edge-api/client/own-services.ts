/** The services a caller may use, who hosts them and through which routers (specs/edge-api.md §3.5). */
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import type { EdgeRouter } from '../../model/edge-routers.ts';
import type { Service, Terminator } from '../../model/services.ts';
import { repositories } from '../../store/repositories.ts';
import { answerList, renderRows } from '../crud.ts';
import { edgeRouters } from '../entities/edge-routers.ts';
import { services } from '../entities/services.ts';
import { terminators } from '../entities/terminators.ts';
import { detail, links, reference } from '../envelope.ts';
import { EdgeError, notFound } from '../errors.ts';
import { isAdministrator } from '../permissions.ts';
import { listParameters } from '../query.ts';
import {
  detailOf,
  linksSchema,
  listOf,
  referenceSchema,
  tagsSchema,
  timeSchema,
} from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';
import { bestFirst, edgeRouterInfo, edgeRouterInfoSchema } from './edge-router-info.ts';
import { answerOwnList, envOf } from './own-list.ts';

/** Routers named for one service. */
const MAX_ROUTERS = 25;

const terminatorSchema = z
  .strictObject({
    id: z.string(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    tags: tagsSchema,
    serviceId: z.string(),
    service: referenceSchema,
    routerId: z.string(),
    identity: z.string(),
    _links: linksSchema,
  })
  .meta({ id: 'TerminatorClientDetail' });

const ownRouterSchema = edgeRouterInfoSchema
  .extend({
    createdAt: timeSchema,
    updatedAt: timeSchema,
    tags: tagsSchema,
    _links: linksSchema,
  })
  .meta({ id: 'CurrentIdentityEdgeRouterDetail' });

export function addOwnServiceRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, policy } = ctx;
  /** @throws EdgeError NOT_FOUND also for services that exist, so that nobody learns of them. */
  const accessible = async (request: EdgeRequest): Promise<Service> => {
    const id = request.param('id');
    const row = accessibleServices(ctx, request.caller.identity.id).includes(id)
      ? await repositories.services.get(store.db, id)
      : undefined;
    if (!row) throw notFound();
    return row;
  };
  const { asIdentity: _, ...parameters } = services.parameters;

  routes.add(
    {
      method: 'get',
      path: '/services',
      access: 'session',
      summary: 'Services the caller may dial or bind',
      operationId: 'listServices',
      query: { ...listParameters, ...parameters },
      response: listOf(services.schema),
    },
    (request) =>
      answerList(
        services,
        envOf(ctx, withoutPerspective(request)),
        accessibleServices(ctx, request.caller.identity.id),
      ),
  );
  routes.add(
    {
      method: 'get',
      path: '/services/:id',
      access: 'session',
      summary: 'One accessible service',
      operationId: 'detailService',
      query: parameters,
      response: detailOf(services.schema),
    },
    async (request) => {
      const env = envOf(ctx, withoutPerspective(request));
      const [data] = await renderRows(services, [await accessible(request)], env);
      return detail(data);
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/services/:id/terminators',
      access: 'session',
      summary: 'Who hosts an accessible service, for dialing one of them by its identity',
      operationId: 'listServiceTerminators',
      query: listParameters,
      response: listOf(terminatorSchema),
    },
    async (request) => {
      const service = await accessible(request);
      const rows = await repositories.terminators.find(store.db, { serviceId: service.id });
      return answerOwnList(
        { ctx, request },
        terminators,
        rows.map(({ id }) => id),
        (page) => (page as unknown as Terminator[]).map((row) => showTerminator(row, service)),
      );
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/services/:id/edge-routers',
      access: 'session',
      summary: `The best ${MAX_ROUTERS} routers for an accessible service, online ones first`,
      operationId: 'listServiceEdgeRouters',
      response: detailOf(z.strictObject({ edgeRouters: z.array(edgeRouterInfoSchema) })),
    },
    async (request) => {
      const { id } = await accessible(request);
      return detail({ edgeRouters: await routersFor(ctx, request.caller.identity.id, id) });
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/current-identity/edge-routers',
      access: 'session',
      summary: 'Enrolled routers the caller may use; administrators see all',
      operationId: 'getCurrentIdentityEdgeRouters',
      query: listParameters,
      response: listOf(ownRouterSchema),
    },
    async (request) => {
      const { identity } = request.caller;
      const enrolled = await repositories.edgeRouters.find(store.db, { isVerified: true });
      const allowed = new Set(policy.routersFor(identity.id));
      const ids = enrolled
        .filter(({ id }) => isAdministrator(identity) || allowed.has(id))
        .map(({ id }) => id);
      return answerOwnList({ ctx, request }, edgeRouters, ids, (rows) =>
        (rows as unknown as EdgeRouter[]).map((row) => ({
          ...edgeRouterInfo(row),
          createdAt: row.createdAt,
          updatedAt: row.updatedAt,
          tags: row.tags,
          _links: links(edgeRouters.plural, row.id),
        })),
      );
    },
  );
}

/** In OpenZiti's description of this API, in none of its controllers. */
export function addServiceWriteRefusals(routes: EdgeRoutes): void {
  for (const method of ['put', 'patch', 'delete'] as const) {
    routes.add(
      {
        method,
        path: '/services/:id',
        access: 'session',
        summary: 'Not served: services are written through the Management API',
        note: 'In OpenZiti’s description of the Client API, but in none of its controllers: services are written through the Management API.',
        errors: ['METHOD_NOT_ALLOWED'],
      },
      () => Promise.reject(new EdgeError('METHOD_NOT_ALLOWED')),
    );
  }
}

/** Ids of the services somebody may dial or bind, once the posture checks pass. */
function accessibleServices(
  { policy }: Pick<ControllerContext, 'policy'>,
  identityId: string,
): string[] {
  return [
    ...new Set([
      ...policy.servicesFor(identityId, 'Dial', 'posture-ignored'),
      ...policy.servicesFor(identityId, 'Bind', 'posture-ignored'),
    ]),
  ];
}

/** Routers through which an identity reaches a service, as clients see them. */
export async function routersFor(
  { store, policy }: Pick<ControllerContext, 'store' | 'policy'>,
  identityId: string,
  serviceId: string,
) {
  const ids = policy.commonRouters(identityId, serviceId);
  const rows = await repositories.edgeRouters.findIn(store.db, 'id', ids);
  return bestFirst(rows.filter(({ isVerified }) => isVerified))
    .slice(0, MAX_ROUTERS)
    .map(edgeRouterInfo);
}

function showTerminator(row: Terminator, service: Service): z.input<typeof terminatorSchema> {
  const { id, createdAt, updatedAt, tags, serviceId, routerId, identity } = row;
  return {
    id,
    createdAt,
    updatedAt,
    tags,
    serviceId,
    service: reference(services.plural, service.id, service.name),
    routerId,
    identity,
    _links: links(terminators.plural, id),
  };
}

/** Looking through another identity's eyes is for the Management API. */
function withoutPerspective(request: EdgeRequest): EdgeRequest {
  return {
    ...request,
    caller: request.caller,
    query: (name) => (name === 'asIdentity' ? undefined : request.query(name)),
  };
}
