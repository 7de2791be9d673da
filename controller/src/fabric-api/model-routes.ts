/** Services and terminators as the fabric sees them: the Management API's, to read and to end. */
import type { ControllerContext } from '../context.ts';
import { envOf } from '../edge-api/client/own-list.ts';
import { answerList, renderRows, type EntityDefinition, type Row } from '../edge-api/crud.ts';
import { services } from '../edge-api/entities/services.ts';
import { terminators } from '../edge-api/entities/terminators.ts';
import { detail } from '../edge-api/envelope.ts';
import { notFound } from '../edge-api/errors.ts';
import type { Access } from '../edge-api/permissions.ts';
import { listParameters } from '../edge-api/query.ts';
import { detailOf, listOf } from '../edge-api/responses.ts';
import type { EdgeRoutes } from '../edge-api/routes.ts';
import { repositories } from '../store/repositories.ts';

export function addModelRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  addReads(routes, ctx, services, 'service.read');
  addReads(routes, ctx, terminators, 'terminator.read');
  addTerminatorsOf(routes, ctx, 'services', 'serviceId');
  addTerminatorsOf(routes, ctx, 'routers', 'routerId');
}

function addReads(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  definition: EntityDefinition,
  access: Access,
): void {
  const { plural, repository, schema } = definition;
  routes.add(
    {
      method: 'get',
      path: `/${plural}`,
      access,
      summary: `List ${plural}`,
      query: listParameters,
      response: listOf(schema),
    },
    (request) => answerList(definition, envOf(ctx, request)),
  );
  routes.add(
    {
      method: 'get',
      path: `/${plural}/:id`,
      access,
      summary: `Detail of one of ${plural}`,
      response: detailOf(schema),
    },
    async (request) => {
      const row = await repository.get(ctx.store.db, request.param('id'));
      if (!row) throw notFound();
      const [data] = await renderRows(definition, [row as Row], envOf(ctx, request));
      return detail(data);
    },
  );
}

function addTerminatorsOf(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  plural: 'services' | 'routers',
  column: 'serviceId' | 'routerId',
): void {
  const owners = plural === 'services' ? repositories.services : repositories.edgeRouters;
  routes.add(
    {
      method: 'get',
      path: `/${plural}/:id/terminators`,
      access: 'terminator.read',
      summary: `Terminators of one of ${plural}`,
      query: listParameters,
      response: listOf(terminators.schema),
    },
    async (request) => {
      const id = request.param('id');
      if (!(await owners.get(ctx.store.db, id))) throw notFound();
      const rows = await repositories.terminators.find(ctx.store.db, { [column]: id });
      return answerList(
        terminators,
        envOf(ctx, request),
        rows.map((row) => row.id),
      );
    },
  );
}
