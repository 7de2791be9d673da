/** An API's description of itself: OpenAPI, as a page, and where OpenZiti's clients look for a specification. */
import { z } from 'zod';
import { detail, links, list } from './envelope.ts';
import { notFound } from './errors.ts';
import { buildOpenApi, type ApiDescription, type OpenApiDocument } from './openapi.ts';
import { PAGE_POLICY, renderOpenApiPage } from './openapi-page.ts';
import { contentOf, detailOf, linksSchema, listOf, tagsSchema, timeSchema } from './responses.ts';
import type { EdgeRoutes } from './routes.ts';

const SPEC_ID = 'openapi';

const specSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    tags: tagsSchema,
    _links: linksSchema,
  })
  .meta({ id: 'SpecDetail' });

const documentSchema = z
  .looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })
  .meta({ id: 'OpenApiDocument' });

export function addDescriptionRoutes(routes: EdgeRoutes, description: ApiDescription): void {
  // Made when first asked for: by then every route is there.
  let made: OpenApiDocument | undefined;
  const openApi = (): OpenApiDocument => (made ??= buildOpenApi(description, routes.specs));
  const answer = (): Promise<Response> => Promise.resolve(Response.json(openApi()));
  const documentResponse = contentOf('application/json', 'OpenAPI 3.1', documentSchema);

  routes.add(
    {
      method: 'get',
      path: '/openapi.json',
      access: 'anyone',
      summary: 'This description',
      operationId: 'getOpenApi',
      response: documentResponse,
    },
    answer,
  );
  routes.add(
    {
      method: 'get',
      path: '/docs',
      access: 'anyone',
      summary: 'This description, to be read',
      operationId: 'getDocs',
      response: contentOf('text/html', 'A page without script'),
    },
    () =>
      Promise.resolve(
        new Response(renderOpenApiPage(openApi()), {
          headers: {
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy': PAGE_POLICY,
            'x-frame-options': 'DENY',
            'referrer-policy': 'no-referrer',
          },
        }),
      ),
  );

  const epoch = new Date(0).toISOString();
  const spec = {
    id: SPEC_ID,
    name: SPEC_ID,
    createdAt: epoch,
    updatedAt: epoch,
    tags: {},
    _links: { ...links('specs', SPEC_ID, ['spec']) },
  };
  const requireSpec = (id: string): void => {
    if (id !== SPEC_ID) throw notFound();
  };
  routes.add(
    {
      method: 'get',
      path: '/specs',
      access: 'anyone',
      summary: 'List specifications',
      operationId: 'listSpecs',
      response: listOf(specSchema),
    },
    () => Promise.resolve(list([spec], { limit: 10, offset: 0, totalCount: 1 }, ['id', 'name'])),
  );
  routes.add(
    {
      method: 'get',
      path: '/specs/:id',
      access: 'anyone',
      summary: 'Detail of a specification',
      operationId: 'detailSpec',
      response: detailOf(specSchema),
    },
    (request) => {
      requireSpec(request.param('id'));
      return Promise.resolve(detail(spec));
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/specs/:id/spec',
      access: 'anyone',
      summary: 'The specification itself',
      operationId: 'detailSpecBody',
      response: documentResponse,
    },
    (request) => {
      requireSpec(request.param('id'));
      return answer();
    },
  );
}
