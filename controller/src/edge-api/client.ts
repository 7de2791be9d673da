import type { ControllerContext } from '../context.ts';
import { repositories } from '../store/repositories.ts';
import { addAuthenticationRoutes } from './authentication/index.ts';
import { addCommonRoutes, CLIENT_BASE, CLIENT_BASES, type EdgeListener } from './common-routes.ts';
import { answerList, renderRows, type Env } from './crud.ts';
import { addEnrollRoutes } from './enroll-routes.ts';
import { edgeRouters } from './entities/edge-routers.ts';
import { services } from './entities/services.ts';
import { detail, links, list } from './envelope.ts';
import { notFound } from './errors.ts';
import { createRoutes, sealRoutes, type EdgeRequest, type EdgeRoutes } from './routes.ts';
import { addSessionRoutes } from './session-routes.ts';

/** The Client API: what an identity may see and do for itself. Policies alone decide, admin rights do not. */
export function createClientApi(ctx: ControllerContext, listener: EdgeListener): EdgeRoutes {
  const routes = createRoutes(ctx, { bases: [...CLIENT_BASES, ''], rate: 'client' });
  addCommonRoutes(routes, ctx, { title: 'Postern Client API', base: CLIENT_BASE, listener });
  addAuthenticationRoutes(routes, ctx);
  addSessionRoutes(routes, ctx);
  addEnrollRoutes(routes, ctx);
  addOwnResources(routes, ctx, listener);
  sealRoutes(routes);
  return routes;
}

function addOwnResources(routes: EdgeRoutes, ctx: ControllerContext, listener: EdgeListener): void {
  const { store, policy, clock } = ctx;
  const envOf = (request: EdgeRequest): Env => ({
    ctx,
    db: store.db,
    nowMs: clock(),
    identity: request.caller.identity,
    request,
  });
  const accessible = (identityId: string): string[] => [
    ...new Set([
      ...policy.servicesFor(identityId, 'Dial'),
      ...policy.servicesFor(identityId, 'Bind'),
    ]),
  ];

  routes.add(
    {
      method: 'get',
      path: '/services',
      access: 'session',
      summary: 'Services the caller may dial or bind',
    },
    (request) => answerList(services, envOf(request), accessible(request.caller.identity.id)),
  );
  routes.add(
    { method: 'get', path: '/services/:id', access: 'session', summary: 'One accessible service' },
    async (request) => {
      const id = request.param('id');
      const row = accessible(request.caller.identity.id).includes(id)
        ? await repositories.services.get(store.db, id)
        : undefined;
      if (!row) throw notFound();
      const [data] = await renderRows(services, [row], envOf(request));
      return detail(data);
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/current-identity/edge-routers',
      access: 'session',
      summary: 'Routers the caller may use',
    },
    (request) =>
      answerList(edgeRouters, envOf(request), policy.routersFor(request.caller.identity.id)),
  );
  routes.add(
    {
      method: 'get',
      path: '/external-jwt-signers',
      access: 'anyone',
      summary: 'Identity providers to log in with',
    },
    async () => {
      const signers = await repositories.externalJwtSigners.find(store.db, { enabled: true });
      const data = signers.map((signer) => ({
        id: signer.id,
        createdAt: signer.createdAt,
        updatedAt: signer.updatedAt,
        tags: {},
        name: signer.name,
        externalAuthUrl: signer.externalAuthUrl ?? '',
        clientId: signer.clientId,
        scopes: signer.scopes,
        audience: signer.audience,
        targetToken: signer.targetToken,
        enrollToCertEnabled: signer.enrollToCertEnabled,
        enrollToTokenEnabled: signer.enrollToTokenEnabled,
        _links: links('external-jwt-signers', signer.id),
      }));
      return list(data, { limit: Math.max(data.length, 1), offset: 0, totalCount: data.length }, [
        'id',
        'name',
      ]);
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/protocols',
      access: 'anyone',
      summary: 'How this controller is reached',
    },
    () => Promise.resolve(detail({ https: { address: new URL(ctx.endpoints[listener]).host } })),
  );
}
