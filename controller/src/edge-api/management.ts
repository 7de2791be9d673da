import { z } from 'zod';
import { disableIdentity } from '../auth/password-login.ts';
import type { ControllerContext } from '../context.ts';
import { issueEnrollment, refreshEnrollment } from '../enroll/issue.ts';
import { isDisabled } from '../model/identities.ts';
import { repositories } from '../store/repositories.ts';
import { addAuthenticationAdministration, addAuthenticationRoutes } from './authentication/index.ts';
import { addCommonRoutes, MANAGEMENT_BASE } from './common-routes.ts';
import { addCrudRoutes } from './crud.ts';
import { apiSessions } from './entities/api-sessions.ts';
import { applications } from './entities/applications.ts';
import { authPolicies } from './entities/auth-policies.ts';
import { authenticators } from './entities/authenticators.ts';
import { cas } from './entities/cas.ts';
import { configTypes, configs } from './entities/configs.ts';
import { edgeRouters } from './entities/edge-routers.ts';
import { enrollments, futureTime } from './entities/enrollments.ts';
import { externalJwtSigners } from './entities/external-jwt-signers.ts';
import { identities } from './entities/identities.ts';
import {
  edgeRouterPolicies,
  serviceEdgeRouterPolicies,
  servicePolicies,
} from './entities/policies.ts';
import { revocations } from './entities/revocations.ts';
import { services } from './entities/services.ts';
import { sessions } from './entities/sessions.ts';
import { terminators } from './entities/terminators.ts';
import { detail, done, reference } from './envelope.ts';
import { EdgeError, fieldError, notFound } from './errors.ts';
import { addOperationsRoutes } from './operations/index.ts';
import { isAdministrator } from './permissions.ts';
import { createRoutes, sealRoutes, type EdgeRoutes } from './routes.ts';
import { addSessionRoutes } from './session-routes.ts';

const ENTITIES = [
  identities,
  authenticators,
  enrollments,
  apiSessions,
  sessions,
  revocations,
  services,
  configTypes,
  configs,
  terminators,
  servicePolicies,
  edgeRouterPolicies,
  serviceEdgeRouterPolicies,
  edgeRouters,
  externalJwtSigners,
  authPolicies,
  cas,
  applications,
];

/** The Management API: administration of everything, administrators only unless a permission says otherwise. */
export function createManagementApi(ctx: ControllerContext): EdgeRoutes {
  const routes = createRoutes(ctx, { bases: [MANAGEMENT_BASE], rate: 'admin' });
  addCommonRoutes(routes, ctx, {
    title: 'Postern Management API',
    base: MANAGEMENT_BASE,
    listener: 'admin',
  });
  addAuthenticationRoutes(routes, ctx);
  addAuthenticationAdministration(routes, ctx);
  addSessionRoutes(routes, ctx);
  for (const definition of ENTITIES) addCrudRoutes(routes, ctx, definition);
  addIdentityActions(routes, ctx);
  addEnrollmentActions(routes, ctx);
  addOperationsRoutes(routes, ctx);
  addReports(routes, ctx);
  sealRoutes(routes);
  return routes;
}

function addIdentityActions(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock, events } = ctx;
  const body = z.object({ durationMinutes: z.int().max(525_600).default(0) });
  routes.add(
    {
      method: 'post',
      path: '/identities/:id/disable',
      access: 'identity.update',
      summary: 'Disable an identity',
      body,
    },
    async (request) => {
      const id = request.param('id');
      await store.write(async (tx) => {
        const identity = await repositories.identities.get(tx.db, id);
        if (!identity) throw notFound();
        if (isAdministrator(identity) && !isAdministrator(request.caller.identity))
          throw new EdgeError('UNAUTHORIZED');
        const { durationMinutes } = request.body;
        await disableIdentity(
          tx,
          id,
          clock(),
          durationMinutes > 0 ? clock() + durationMinutes * 60_000 : undefined,
        );
      });
      events.emit('identityEnded', { identityId: id, reason: 'disabled' });
      return done();
    },
  );
  routes.add(
    {
      method: 'post',
      path: '/identities/:id/enable',
      access: 'identity.update',
      summary: 'Enable an identity',
    },
    async (request) => {
      const row = await store.write((tx) =>
        repositories.identities.update(tx, request.param('id'), {
          disabledAt: null,
          disabledUntil: null,
        }),
      );
      if (!row) throw notFound();
      return done();
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/identities/:id/policy-advice/:serviceId',
      access: 'identity.read',
      summary: 'Why an identity can or cannot use a service',
    },
    async (request) => {
      const identity = await repositories.identities.get(store.db, request.param('id'));
      const service = await repositories.services.get(store.db, request.param('serviceId'));
      if (!identity || !service) throw notFound();
      const common = ctx.policy.commonRouters(identity.id, service.id);
      const routers = await repositories.edgeRouters.findIn(store.db, 'id', common);
      const ofService = (await repositories.edgeRouters.find(store.db)).filter((router) =>
        common.includes(router.id),
      );
      return detail({
        identityId: identity.id,
        identity: reference('identities', identity.id, identity.name),
        serviceId: service.id,
        service: reference('services', service.id, service.name),
        isDialAllowed: ctx.policy.mayDial(identity.id, service.id),
        isBindAllowed: ctx.policy.mayBind(identity.id, service.id),
        identityRouterCount: isDisabled(identity, clock())
          ? 0
          : ctx.policy.routersFor(identity.id).length,
        serviceRouterCount: ofService.length,
        commonRouters: routers.map(({ id, name, isOnline }) => ({ id, name, isOnline })),
      });
    },
  );
}

function addEnrollmentActions(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock, events } = ctx;
  const body = z.object({ expiresAt: futureTime });
  routes.add(
    {
      method: 'post',
      path: '/enrollments/:id/refresh',
      access: 'enrollment.update',
      summary: 'Issue a new token',
      body,
    },
    async (request) => {
      const { expiresAt } = request.body;
      if (Date.parse(expiresAt) <= clock())
        throw fieldError('expiresAt', 'must be in the future', expiresAt);
      await store.write(async (tx) => {
        const row = await repositories.enrollments.get(tx.db, request.param('id'));
        if (!row) throw notFound();
        await refreshEnrollment(tx, ctx, row.id, expiresAt);
      });
      return done();
    },
  );
  routes.add(
    {
      method: 'post',
      path: '/edge-routers/:id/re-enroll',
      access: 'router.update',
      summary: 'Make a router enrol again',
    },
    async (request) => {
      const id = request.param('id');
      await store.write(async (tx) => {
        const reset = {
          isVerified: false,
          isOnline: false,
          fingerprint: null,
          certPem: null,
          links: [],
        };
        if (!(await repositories.edgeRouters.update(tx, id, reset))) throw notFound();
        for (const old of await repositories.enrollments.find(tx.db, { edgeRouterId: id })) {
          await repositories.enrollments.remove(tx, old.id);
        }
        await issueEnrollment(tx, ctx, { method: 'erott', edgeRouterId: id });
      });
      events.emit('routerReset', { routerId: id });
      return done();
    },
  );
}

function addReports(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { db } = ctx.store;
  routes.add(
    {
      method: 'get',
      path: '/summary',
      access: 'admin',
      summary: 'How many there are of each entity',
    },
    async () => {
      const counts = await Promise.all(
        Object.entries(repositories).map(async ([name, repository]) => {
          const { total } = await db
            .selectFrom(repository.table.name as 'identities')
            .select((eb) => eb.fn.countAll<number>().as('total'))
            .executeTakeFirstOrThrow();
          return [name, total] as const;
        }),
      );
      return detail(Object.fromEntries(counts));
    },
  );
  for (const typeId of ['Default', 'Router']) {
    const type = {
      id: typeId,
      name: typeId,
      createdAt: new Date(0).toISOString(),
      updatedAt: new Date(0).toISOString(),
      tags: {},
      _links: reference('identity-types', typeId, typeId)._links,
    };
    routes.add(
      {
        method: 'get',
        path: `/identity-types/${typeId}`,
        access: 'identity.read',
        summary: 'A type of identity',
      },
      () => Promise.resolve(detail(type)),
    );
  }
}
