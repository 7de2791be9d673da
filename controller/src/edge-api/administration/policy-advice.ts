/** Why access is or is not: OpenZiti's policy advice, ours with reasons, and the simulation of changes. */
import { z } from 'zod';
import { advise, type AdviceCode } from '../../advice/advise.ts';
import { proposedChangeSchema, toChange } from '../../advice/proposed-change.ts';
import { simulate } from '../../advice/simulate.ts';
import type { ControllerContext } from '../../context.ts';
import { repositories } from '../../store/repositories.ts';
import { detail, reference } from '../envelope.ts';
import { notFound } from '../errors.ts';
import { detailOf, referenceSchema } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';

const both = {
  identityId: z.string(),
  identity: referenceSchema,
  serviceId: z.string(),
  service: referenceSchema,
};
const adviceSchema = z.strictObject({
  ...both,
  isDialAllowed: z.boolean(),
  isBindAllowed: z.boolean(),
  identityRouterCount: z.int(),
  serviceRouterCount: z.int(),
  commonRouters: z.array(
    z.strictObject({ id: z.string(), name: z.string(), isOnline: z.boolean() }),
  ),
});

const codes = [
  'ALLOWED',
  'IDENTITY_DISABLED',
  'NO_POLICY',
  'POSTURE_FAILING',
  'IDENTITY_HAS_NO_ROUTER',
  'SERVICE_HAS_NO_ROUTER',
  'NO_COMMON_ROUTER',
  'ROUTERS_OFFLINE',
  'NOT_HOSTED',
] as const satisfies readonly AdviceCode[];
const accessSchema = z.strictObject({
  type: z.enum(['Dial', 'Bind']),
  isAllowed: z.boolean(),
  findings: z.array(
    z.strictObject({ code: z.enum(codes), message: z.string(), fix: z.string().optional() }),
  ),
  policies: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      identityHeld: z.boolean(),
      identityMissing: z.array(z.string()),
      serviceHeld: z.boolean(),
      serviceMissing: z.array(z.string()),
      postureChecks: z.array(z.strictObject({ id: z.string(), sessions: z.int() })),
      isGranting: z.boolean(),
    }),
  ),
});
const accessAdviceSchema = z.strictObject({ ...both, dial: accessSchema, bind: accessSchema });

const MAX_CHANGES = 100;
const MAX_EFFECTS = 500;
const simulationBody = z.object({
  changes: z.array(proposedChangeSchema).min(1).max(MAX_CHANGES),
  posture: z.enum(['ignored', 'current']).default('ignored'),
  offset: z.int().min(0).default(0),
  limit: z.int().min(0).max(MAX_EFFECTS).default(100),
});
const counts = z.strictObject({ dial: z.int(), bind: z.int(), router: z.int() });
const simulationSchema = z.strictObject({
  gained: counts,
  lost: counts,
  identities: z.int(),
  effects: z.array(
    z.strictObject({
      effect: z.enum(['gained', 'lost']),
      access: z.enum(['dial', 'bind', 'router']),
      identityId: z.string(),
      identityName: z.string(),
      targetId: z.string(),
      targetName: z.string(),
    }),
  ),
});

export function addPolicyAdvice(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, policy, clock } = ctx;
  const subjects = (request: EdgeRequest) => {
    const identity = policy.entity('identity', request.param('id'));
    const service = policy.entity('service', request.param('serviceId'));
    if (!identity || !service) throw notFound();
    const shown = {
      identityId: identity.id,
      identity: reference('identities', identity.id, identity.name),
      serviceId: service.id,
      service: reference('services', service.id, service.name),
    };
    return { identity, service, shown };
  };

  routes.add(
    {
      method: 'get',
      path: '/identities/:id/policy-advice/:serviceId',
      access: 'identity.read',
      summary: 'Why an identity can or cannot use a service, as OpenZiti tells',
      operationId: 'getIdentityPolicyAdvice',
      response: detailOf(adviceSchema),
    },
    (request) => {
      const { identity, service, shown } = subjects(request);
      const common = policy
        .commonRouters(identity.id, service.id)
        .flatMap((id) => policy.entity('router', id) ?? []);
      return Promise.resolve(
        detail({
          ...shown,
          isDialAllowed: policy.mayDial(identity.id, service.id, 'posture-ignored'),
          isBindAllowed: policy.mayBind(identity.id, service.id, 'posture-ignored'),
          identityRouterCount: policy.routersFor(identity.id).length,
          serviceRouterCount: policy.routersOfService(service.id).length,
          commonRouters: common.map(({ id, name, isOnline }) => ({ id, name, isOnline })),
        }),
      );
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/identities/:id/access-advice/:serviceId',
      access: 'identity.read',
      summary:
        'Why an identity can or cannot use a service: policies, posture, routers, hosts; what to change',
      operationId: 'getIdentityAccessAdvice',
      response: detailOf(accessAdviceSchema),
    },
    async (request) => {
      const { identity, service, shown } = subjects(request);
      const hosted = await repositories.terminators.find(store.db, { serviceId: service.id });
      const subject = { identity, service, terminators: hosted.length, nowMs: clock() };
      const [dial, bind] = [advise(policy, subject, 'Dial'), advise(policy, subject, 'Bind')];
      const ids = [...dial.policies, ...bind.policies].map(({ id }) => id);
      const names = new Map(
        (await repositories.servicePolicies.findIn(store.db, 'id', ids)).map((row) => [
          row.id,
          row.name,
        ]),
      );
      const named = (advice: typeof dial) => ({
        ...advice,
        policies: advice.policies.map((one) => ({ ...one, name: names.get(one.id) ?? '' })),
      });
      return detail({ ...shown, dial: named(dial), bind: named(bind) });
    },
  );
  routes.add(
    {
      method: 'post',
      path: '/policy-simulations',
      access: 'admin_readonly',
      summary: 'Who would gain and lose which access by changes that are not made',
      operationId: 'simulatePolicies',
      body: simulationBody,
      response: detailOf(simulationSchema),
    },
    async (request) => {
      const { changes, posture, offset, limit } = request.body;
      return detail(
        await simulate(
          policy,
          changes.map((change, at) => toChange(policy, change, at)),
          { page: { offset, limit }, posture, nowMs: clock(), signal: request.signal },
        ),
      );
    },
  );
}
