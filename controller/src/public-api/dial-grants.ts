/** Dial grants: an app token and a proof by its key become the right to dial one service, if policy says so. */
import { AppError } from '@postern/shared/errors';
import { createKeySet, SERVICE_RESOURCE_PREFIX, verifyAppToken } from '@postern/shared/grants';
import { ELSEWHERE } from '@postern/shared/policy';
import type { DeclaredPosture, DialGrantResponse } from '@postern/shared/schemas';
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
   * @throws AppError ERR_TOKEN_INVALID, ERR_SESSION_ENDED (401), ERR_ACCESS_NO_POLICY,
   * ERR_POSTURE_FAILED (403), ERR_SERVICE_NOT_HOSTED, ERR_NO_ROUTER (409: a 5xx would mean that we
   * are out of order)
   */
  issue(appToken: string, thumbprint: string, from: DialOrigin): Promise<DialGrantResponse>;
}

/** Where a request for a grant came from, and what the browser says of itself. */
export interface DialOrigin {
  readonly address: string;
  readonly declared: DeclaredPosture;
}

export function createDialGrants(
  ctx: ControllerContext,
  keys: SigningKeys,
  sessions: SignInSessions,
  grants: GrantIssuer,
): DialGrants {
  return {
    issue: async (appToken, thumbprint, { address, declared }) => {
      const claims = await verifyAppToken(appToken, {
        keys: createKeySet(keys.all('token')),
        time: { nowMs: ctx.clock(), connected: true },
        thumbprint,
      }).catch((cause: unknown) => {
        throw new AppError('ERR_TOKEN_INVALID', 'app token refused', { status: 401, cause });
      });
      const session = await sessions.find(claims.sid);
      if (session?.identityId !== claims.sub) {
        throw new AppError('ERR_SESSION_ENDED', 'the sign-in session ended', { status: 401 });
      }
      const serviceId = claims.aud.slice(SERVICE_RESOURCE_PREFIX.length);
      const identity = ctx.policy.entity('identity', claims.sub);
      const service = ctx.policy.entity('service', serviceId);
      const application = await findApplication(ctx, claims.client_id);
      const subject = { sessionId: claims.sid, identityId: claims.sub };
      await ctx.posture.report(subject, {
        address,
        ...(declared.browser && { browser: declared.browser }),
        ...(declared.platform && { platform: declared.platform }),
        ...(session.mfaAtMs !== null && { mfaPassedAtMs: session.mfaAtMs }),
      });
      // Routers see where the browser connects from: they decide checks of networks.
      const from = { sessionId: claims.sid, address: ELSEWHERE, nowMs: ctx.clock() };
      const decide = (outcome: 'success' | 'refused', reason: string): void =>
        ctx.audit.decisions.note({
          actor: { kind: 'identity', id: claims.sub, sessionId: claims.sid, address },
          action: 'dial',
          outcome,
          reason,
          entityKind: 'services',
          entityId: serviceId,
        });
      const isKnown = identity && service && application?.serviceId === serviceId;
      if (!isKnown || !ctx.policy.mayDial(identity.id, serviceId, from)) {
        const isPosture = isKnown && ctx.policy.mayDial(identity.id, serviceId, 'posture-ignored');
        const code = isPosture ? 'ERR_POSTURE_FAILED' : 'ERR_ACCESS_NO_POLICY';
        decide('refused', code);
        throw new AppError(code, 'no policy lets the identity dial from there', { status: 403 });
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
      decide('success', 'granted');
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
    .filter((id) => ctx.policy.mayBind(id, serviceId, { address: ELSEWHERE, nowMs: ctx.clock() }))
    .slice(0, MAX_HOSTS);
}
