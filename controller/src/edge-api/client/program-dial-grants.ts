/**
 * Dial grants for programs: an API session gets what a browser gets by its app token, bound to a key that
 * the program made (docs/protocol.md, "Programs").
 */
import { isAppError } from '@postern/shared/errors';
import { serviceResource } from '@postern/shared/grants';
import { programDialGrantSchema, type ProgramDialGrant } from '@postern/shared/schemas';
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { decideDial, type DialDecision, type DialRequest } from '../../grants/dial-decision.ts';
import type { TokenServices } from '../../grants/token-services.ts';
import { repositories } from '../../store/repositories.ts';
import { remoteAddress } from '../allowances.ts';
import { name } from '../entities/fields.ts';
import { detail } from '../envelope.ts';
import { EdgeError, notFound } from '../errors.ts';
import { detailOf } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';
import { postureFailure } from './posture-failure.ts';

/** `client_id` of access tokens that belong to no application: no id of one looks like it. */
const PROGRAM_CLIENT = 'program';

const body = z.strictObject({
  /** Name or id of the service. */
  service: name,
  /** RFC 7638 thumbprint of the P-256 key that the grant is to be bound to. */
  thumbprint: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'is no SHA-256 thumbprint'),
});

export function addProgramDialGrantRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  { grants, keys }: Pick<TokenServices, 'grants' | 'keys'>,
): void {
  routes.add(
    {
      method: 'post',
      path: '/dial-grants',
      access: 'session',
      summary: 'Leave to dial a service with Postern’s own encryption, for a key of the caller',
      operationId: 'createDialGrant',
      body,
      response: detailOf(programDialGrantSchema),
      errors: ['NOT_FOUND', 'NO_EDGE_ROUTERS_AVAILABLE', 'SERVICE_NOT_HOSTED', 'INVALID_POSTURE'],
    },
    async (request) => {
      const { thumbprint } = request.body;
      const sessionId = request.caller.session.id;
      const { identity, service, routers, hostIds } = await decide(ctx, request);
      const common = { serviceId: service.id, sessionId, thumbprint };
      const [dialGrant, accessToken, assertion] = await Promise.all([
        grants.dialGrant({ ...common, identity, hostIds }),
        grants.accessToken({ ...common, identityId: identity.id, clientId: PROGRAM_CLIENT }),
        grants.assertion({ identity, audience: await audienceOf(ctx, service.id), sessionId }),
      ]);
      return detail({
        dialGrant: dialGrant.token,
        accessToken: accessToken.token,
        assertion: assertion.token,
        service: { id: service.id, name: service.name },
        identity: { id: identity.id, name: identity.name },
        routers,
        keys: keys.all('grant').map(({ kid, use, issuer, jwk }) => ({ kid, use, issuer, jwk })),
        expiresAt: new Date(dialGrant.expiresAtMs).toISOString(),
      } satisfies ProgramDialGrant);
    },
  );
}

/** @throws EdgeError, also where the service does not exist: who may not dial it learns no more */
async function decide(
  ctx: ControllerContext,
  { body: { service }, caller, context }: EdgeRequest<z.output<typeof body>>,
): Promise<DialDecision> {
  const [named] = await repositories.services.find(ctx.store.db, { name: service });
  const request: DialRequest = {
    identityId: caller.identity.id,
    sessionId: caller.session.id,
    serviceId: named?.id ?? service,
    address: remoteAddress(context),
  };
  try {
    return await decideDial(ctx, request);
  } catch (error) {
    if (isAppError(error, 'ERR_POSTURE_FAILED'))
      throw await postureFailure(ctx, caller, request.serviceId, 'Dial');
    if (isAppError(error, 'ERR_ACCESS_NO_POLICY')) throw notFound();
    if (isAppError(error, 'ERR_NO_ROUTER')) throw new EdgeError('NO_EDGE_ROUTERS_AVAILABLE');
    if (isAppError(error, 'ERR_SERVICE_NOT_HOSTED')) throw new EdgeError('SERVICE_NOT_HOSTED');
    throw error;
  }
}

/** Whom connectors expect assertions for: the service's oldest application, else the service itself. */
async function audienceOf(ctx: ControllerContext, serviceId: string): Promise<string> {
  const application = await ctx.store.db
    .selectFrom('applications')
    .select('origin')
    .where('serviceId', '=', serviceId)
    .orderBy('createdAt')
    .executeTakeFirst();
  return application?.origin ?? serviceResource(serviceId);
}
