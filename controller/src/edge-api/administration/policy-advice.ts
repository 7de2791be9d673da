import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { isDisabled } from '../../model/identities.ts';
import { repositories } from '../../store/repositories.ts';
import { detail, reference } from '../envelope.ts';
import { notFound } from '../errors.ts';
import { detailOf, referenceSchema } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

const adviceSchema = z.strictObject({
  identityId: z.string(),
  identity: referenceSchema,
  serviceId: z.string(),
  service: referenceSchema,
  isDialAllowed: z.boolean(),
  isBindAllowed: z.boolean(),
  identityRouterCount: z.int(),
  serviceRouterCount: z.int(),
  commonRouters: z.array(
    z.strictObject({ id: z.string(), name: z.string(), isOnline: z.boolean() }),
  ),
});

/** Why an identity can or cannot use a service, as OpenZiti's policy advisor asks. */
export function addPolicyAdvice(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock } = ctx;
  routes.add(
    {
      method: 'get',
      path: '/identities/:id/policy-advice/:serviceId',
      access: 'identity.read',
      summary: 'Why an identity can or cannot use a service',
      operationId: 'getIdentityPolicyAdvice',
      response: detailOf(adviceSchema),
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
