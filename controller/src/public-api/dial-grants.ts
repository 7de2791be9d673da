/** Dial grants: an app token and a proof by its key become the right to dial one service, if policy says so. */
import { AppError } from '@postern/shared/errors';
import { createKeySet, SERVICE_RESOURCE_PREFIX, verifyAppToken } from '@postern/shared/grants';
import type { DialGrantResponse } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import type { GrantIssuer } from '../grants/issue-grants.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import { findApplication } from '../oidc/clients.ts';
import type { SignInSessions } from '../sign-in/sessions.ts';

const MAX_ROUTERS = 32;
/** Limit of the dial grant's `hosts`. */
const MAX_HOSTS = 100;

export interface DialGrants {
  /**
   * `thumbprint` is the key that proved itself with `appToken`.
   * @throws AppError ERR_TOKEN_INVALID, ERR_SESSION_ENDED (401), ERR_ACCESS_NO_POLICY (403),
   * ERR_SERVICE_NOT_HOSTED, ERR_NO_ROUTER (409: a 5xx would mean that we are out of order)
   */
  issue(appToken: string, thumbprint: string): Promise<DialGrantResponse>;
}

export function createDialGrants(
  ctx: ControllerContext,
  keys: SigningKeys,
  sessions: SignInSessions,
  grants: GrantIssuer,
): DialGrants {
  return {
    issue: async (appToken, thumbprint) => {
      const claims = await verifyAppToken(appToken, {
        keys: createKeySet(keys.all('token')),
        time: { nowMs: ctx.clock(), connected: true },
        thumbprint,
      }).catch((cause: unknown) => {
        throw new AppError('ERR_TOKEN_INVALID', 'app token refused', { status: 401, cause });
      });
      if (!(await sessions.find(claims.sid))) {
        throw new AppError('ERR_SESSION_ENDED', 'the sign-in session ended', { status: 401 });
      }
      const serviceId = claims.aud.slice(SERVICE_RESOURCE_PREFIX.length);
      const identity = ctx.policy.entity('identity', claims.sub);
      const service = ctx.policy.entity('service', serviceId);
      const application = await findApplication(ctx, claims.client_id);
      if (
        !identity ||
        !service ||
        application?.serviceId !== serviceId ||
        !ctx.policy.mayDial(identity.id, serviceId)
      ) {
        throw new AppError('ERR_ACCESS_NO_POLICY', 'no policy lets the identity dial', {
          status: 403,
        });
      }

      const routers = onlineRouters(ctx, identity.id, serviceId);
      if (routers.length === 0) {
        throw new AppError('ERR_NO_ROUTER', 'no usable router is online', {
          status: 409,
          retryable: true,
        });
      }
      const hostIds = await hostsOf(ctx, serviceId);
      if (hostIds.length === 0) {
        throw new AppError('ERR_SERVICE_NOT_HOSTED', 'nobody hosts the service', {
          status: 409,
          retryable: true,
        });
      }

      const sessionId = claims.sid;
      const dialGrant = await grants.dialGrant({
        identity,
        serviceId,
        sessionId,
        thumbprint,
        hostIds,
      });
      const assertion = await grants.assertion({
        identity,
        audience: application.origin,
        sessionId,
      });
      return {
        dialGrant: dialGrant.token,
        assertion: assertion.token,
        service: { id: service.id, name: service.name },
        identity: { id: identity.id, name: identity.name },
        routers,
        keys: keys.all('grant').map(({ kid, use, issuer, jwk }) => ({ kid, use, issuer, jwk })),
        expiresAt: new Date(dialGrant.expiresAtMs).toISOString(),
      };
    },
  };
}

/** Routers both may use, cheapest first. */
function onlineRouters(
  ctx: ControllerContext,
  identityId: string,
  serviceId: string,
): DialGrantResponse['routers'] {
  return ctx.policy
    .commonRouters(identityId, serviceId)
    .map((id) => ctx.policy.entity('router', id))
    .filter((router) => router !== undefined)
    .filter((router) => router.isOnline && router.edgeUrls.length > 0)
    .sort((a, b) => a.cost - b.cost || a.id.localeCompare(b.id))
    .slice(0, MAX_ROUTERS)
    .map(({ id, name, edgeUrls }) => ({ id, name, edgeUrls }));
}

/** Identities that offer the service now and still may. */
async function hostsOf(ctx: ControllerContext, serviceId: string): Promise<string[]> {
  const rows = await ctx.store.db
    .selectFrom('terminators')
    .select('hostId')
    .distinct()
    .where('serviceId', '=', serviceId)
    .orderBy('hostId')
    .execute();
  return rows
    .map(({ hostId }) => hostId)
    .filter((id) => ctx.policy.mayBind(id, serviceId))
    .slice(0, MAX_HOSTS);
}
