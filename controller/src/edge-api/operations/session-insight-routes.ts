/** What administrators see of sessions beyond the entity's own routes. */
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { repositories } from '../../store/repositories.ts';
import { detail, list } from '../envelope.ts';
import { notFound } from '../errors.ts';
import { detailOf, listOf, timeSchema } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

const failedSchema = z
  .strictObject({
    when: timeSchema,
    apiSessionId: z.string(),
    serviceId: z.string(),
    serviceName: z.string(),
    sessionType: z.enum(['Dial', 'Bind']),
    policyFailures: z.array(
      z.strictObject({
        policyId: z.string(),
        policyName: z.string(),
        checks: z.array(
          z.strictObject({
            postureCheckId: z.string(),
            postureCheckName: z.string(),
            postureCheckType: z.string(),
            actualValue: z.unknown().optional(),
            expectedValue: z.unknown().optional(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'FailedServiceRequest' });

export function addSessionInsightRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, live } = ctx;
  routes.add(
    {
      method: 'get',
      path: '/sessions/:id/route-path',
      access: 'ops.read',
      summary: 'Routers on the way of this session’s circuit; empty while it has none',
      operationId: 'detailSessionRoutePath',
      response: detailOf(z.strictObject({ routePath: z.array(z.string()) })),
    },
    async (request) => {
      const session = await repositories.sessions.get(store.db, request.param('id'));
      if (!session) throw notFound();
      const circuit = live.network
        .circuits()
        .find(
          ({ identityId, serviceId }) =>
            identityId === session.identityId && serviceId === session.serviceId,
        );
      return detail({ routePath: circuit?.path ?? [] });
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/identities/:id/failed-service-requests',
      access: 'identity.read',
      summary: 'The last 100 session requests that posture refused, of this controller',
      operationId: 'getIdentityFailedServiceRequests',
      response: listOf(failedSchema),
    },
    async (request) => {
      const identity = await repositories.identities.get(store.db, request.param('id'));
      if (!identity) throw notFound();
      const rows = live.failedRequests.of(identity.id);
      return list(
        rows,
        { limit: Math.max(rows.length, 1), offset: 0, totalCount: rows.length },
        [],
      );
    },
  );
}
