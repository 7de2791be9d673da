import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { repositories } from '../../store/repositories.ts';
import { detail, list, links } from '../envelope.ts';
import { notFound } from '../errors.ts';
import { detailOf, linksSchema, listOf, tagsSchema, timeSchema } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

/** How many there are of what, and of which types. */
export function addReports(routes: EdgeRoutes, ctx: ControllerContext): void {
  addSummary(routes, ctx);
  addIdentityTypes(routes);
}

function addSummary(routes: EdgeRoutes, { store: { db } }: ControllerContext): void {
  routes.add(
    {
      method: 'get',
      path: '/summary',
      access: 'admin',
      summary: 'How many there are of each entity',
      operationId: 'listSummary',
      response: detailOf(z.record(z.string(), z.int())),
    },
    async () => {
      const counts = await Promise.all(
        Object.entries(repositories).map(async ([name, { table }]) => {
          const { total } = await db
            .selectFrom(table.name as 'identities')
            .select((eb) => eb.fn.countAll<number | string>().as('total'))
            .executeTakeFirstOrThrow();
          return [name, Number(total)] as const;
        }),
      );
      return detail(Object.fromEntries(counts));
    },
  );
}

const identityType = z.strictObject({
  id: z.string(),
  name: z.string(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  tags: tagsSchema,
  _links: linksSchema,
});

function addIdentityTypes(routes: EdgeRoutes): void {
  const epoch = new Date(0).toISOString();
  const types = ['Default', 'Router'].map((id) => ({
    id,
    name: id,
    createdAt: epoch,
    updatedAt: epoch,
    tags: {},
    _links: links('identity-types', id),
  }));
  routes.add(
    {
      method: 'get',
      path: '/identity-types',
      access: 'identity.read',
      summary: 'List types of identities',
      operationId: 'listIdentityTypes',
      response: listOf(identityType),
    },
    () => Promise.resolve(list(types, { limit: 10, offset: 0, totalCount: types.length }, ['id'])),
  );
  routes.add(
    {
      method: 'get',
      path: '/identity-types/:id',
      access: 'identity.read',
      summary: 'Detail of a type of identities',
      operationId: 'detailIdentityType',
      response: detailOf(identityType),
    },
    (request) => {
      const type = types.find(({ id }) => id === request.param('id'));
      if (!type) throw notFound();
      return Promise.resolve(detail(type));
    },
  );
}
