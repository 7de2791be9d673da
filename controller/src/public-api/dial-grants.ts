/**
 * Dial grants: an app token and a proof by its key become the right to dial one service, if policy says
 * so; or, for pages of that application, the right to ask another application as the foreign origin they are.
 */
import { AppError } from '@postern/shared/errors';
import { createKeySet, SERVICE_RESOURCE_PREFIX, verifyAppToken } from '@postern/shared/grants';
import type {
  CrossOriginGrantResponse,
  DeclaredPosture,
  DialGrantResponse,
} from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import { decideDial, type DialDecision } from '../grants/dial-decision.ts';
import type { GrantIssuer, Issued } from '../grants/issue-grants.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import { findApplication } from '../oidc/clients.ts';
import type { Application } from '../model/services.ts';
import type { SignInSession, SignInSessions } from '../sign-in/sessions.ts';
import { lookupOrigin } from './applications.ts';

export interface DialGrants {
  /**
   * `thumbprint` is the key that proved itself with `appToken`.
   * @throws AppError ERR_TOKEN_INVALID, ERR_SESSION_ENDED (401), ERR_ACCESS_NO_POLICY,
   * ERR_POSTURE_FAILED (403), ERR_SERVICE_NOT_HOSTED, ERR_NO_ROUTER (409: a 5xx would mean that we
   * are out of order)
   */
  issue(appToken: string, thumbprint: string, from: DialOrigin): Promise<DialGrantResponse>;
  /**
   * The same for the application at `origin`, asked by pages of the one that `appToken` is for: the grant
   * says so (`via`), and no identity assertion comes with it.
   * @throws AppError as `issue`; ERR_APPLICATION_NOT_FOUND (404), ERR_LOGIN_REQUIRED (403) where the
   * other application asks for another sign-in than this one was
   */
  issueCrossOrigin(
    appToken: string,
    thumbprint: string,
    from: DialOrigin,
    origin: string,
  ): Promise<CrossOriginGrantResponse>;
}

/** Where a request for a grant came from, and what the browser says of itself. */
export interface DialOrigin {
  readonly address: string;
  readonly declared: DeclaredPosture;
}

interface Asker {
  readonly session: SignInSession;
  readonly identityId: string;
  /** The one whose token was shown; `undefined` if it was removed. */
  readonly application: Application | undefined;
  readonly serviceId: string;
}

export interface DialGrantDeps {
  readonly keys: SigningKeys;
  readonly sessions: SignInSessions;
  readonly grants: GrantIssuer;
  /** Rejects when the session is not good enough for an application. */
  readonly checkSession: (session: SignInSession, application: Application) => Promise<void>;
}

export function createDialGrants(
  ctx: ControllerContext,
  { keys, sessions, grants, checkSession }: DialGrantDeps,
): DialGrants {
  return {
    issue: async (appToken, thumbprint, from) => {
      const asker = await identify(appToken, thumbprint);
      const { session, application, serviceId } = asker;
      const isOwn = application?.serviceId === serviceId;
      const { identity, service, routers, hostIds } = await decide(asker, serviceId, from, isOwn);
      const dialGrant = await grants.dialGrant({
        identity,
        serviceId,
        sessionId: session.id,
        thumbprint,
        hostIds,
      });
      const assertion = await grants.assertion({
        identity,
        audience: application?.origin ?? '',
        sessionId: session.id,
      });
      return {
        ...describe(dialGrant, identity, service, routers),
        assertion: assertion.token,
      };
    },

    issueCrossOrigin: async (appToken, thumbprint, from, origin) => {
      const asker = await identify(appToken, thumbprint);
      const { session, application: own } = asker;
      const target = await lookupOrigin(ctx, origin);
      if (!own || own.serviceId !== asker.serviceId || !target || target.origin === own.origin) {
        throw new AppError('ERR_APPLICATION_NOT_FOUND', 'no other application has this origin', {
          status: 404,
        });
      }
      const { serviceId } = target;
      const { identity, service, routers, hostIds } = await decide(asker, serviceId, from, true);
      await checkSession(session, target).catch((cause: unknown) => {
        throw new AppError('ERR_LOGIN_REQUIRED', 'the application asks for another sign-in', {
          status: 403,
          cause,
        });
      });
      const common = { serviceId, sessionId: session.id, thumbprint };
      const dialGrant = await grants.dialGrant({ ...common, identity, hostIds, via: own.origin });
      // For the application that asks: at this API it is good for no grant of the other one.
      const accessToken = await grants.accessToken({
        ...common,
        identityId: identity.id,
        clientId: own.id,
      });
      return {
        ...describe(dialGrant, identity, service, routers),
        accessToken: accessToken.token,
      };
    },
  };

  /** Who shows this token, with the session it comes from. */
  async function identify(appToken: string, thumbprint: string): Promise<Asker> {
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
    return {
      session,
      identityId: claims.sub,
      application: await findApplication(ctx, claims.client_id),
      serviceId: claims.aud.slice(SERVICE_RESOURCE_PREFIX.length),
    };
  }

  /** Whether, and over what, the asker may dial now. */
  async function decide(
    { session, identityId }: Asker,
    serviceId: string,
    { address, declared }: DialOrigin,
    isKnown: boolean,
  ): Promise<DialDecision> {
    await ctx.posture.report(
      { sessionId: session.id, identityId },
      {
        address,
        ...(declared.browser && { browser: declared.browser }),
        ...(declared.platform && { platform: declared.platform }),
        ...(session.mfaAtMs !== null && { mfaPassedAtMs: session.mfaAtMs }),
      },
    );
    const sessionId = session.id;
    return decideDial(ctx, { identityId, sessionId, serviceId, address, isKnown });
  }

  function describe(
    dialGrant: Issued,
    identity: { id: string; name: string },
    service: { id: string; name: string },
    routers: DialGrantResponse['routers'],
  ) {
    return {
      dialGrant: dialGrant.token,
      service: { id: service.id, name: service.name },
      identity: { id: identity.id, name: identity.name },
      routers,
      keys: keys.all('grant').map(({ kid, use, issuer, jwk }) => ({ kid, use, issuer, jwk })),
      expiresAt: new Date(dialGrant.expiresAtMs).toISOString(),
    };
  }
}
