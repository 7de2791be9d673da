/** Signs dial grants, bind grants and identity assertions (docs/protocol.md, "Grants"). */
import { randomUUID } from 'node:crypto';
import {
  APP_TOKEN_TYP,
  ASSERTION_TYP,
  BIND_GRANT_AUDIENCE,
  BIND_GRANT_TYP,
  CROSS_ORIGIN_GRANT_AUDIENCE,
  DIAL_GRANT_AUDIENCE,
  DIAL_GRANT_TYP,
  SESSION_TOKEN_AUDIENCE,
  SESSION_TOKEN_TYP,
  serviceResource,
} from '@postern/shared/grants';
import type { PublicJwk } from '@postern/shared/schemas';
import { SignJWT, type JWTPayload } from 'jose';
import type { ControllerContext } from '../context.ts';
import type { ServiceSession } from '../model/sessions.ts';
import { APP_TOKEN_SECONDS } from '../sign-in/sessions.ts';
import { API_SESSION_SECONDS, SERVICE_TOKEN_SECONDS } from '../sessions/end-sessions.ts';
import type { SigningKey, SigningKeys } from '../keys/signing-keys.ts';

/** How long a dial grant is fresh. */
export const DIAL_GRANT_SECONDS = 120;
export const BIND_GRANT_SECONDS = 3600;
export const ASSERTION_SECONDS = 900;

export interface Issued {
  readonly token: string;
  /** When it stops being fresh, ms since 1970. */
  readonly expiresAtMs: number;
}

export interface GrantIssuer {
  dialGrant(claims: {
    identity: { id: string; name: string };
    serviceId: string;
    sessionId: string;
    /** Thumbprint of the app key. */
    thumbprint: string;
    hostIds: readonly string[];
    /** Origin of the application whose pages ask, for a grant of cross-origin requests. */
    via?: string;
  }): Promise<Issued>;
  /** An app token that is not asked for at the token endpoint: routers take it for cross-origin requests. */
  accessToken(claims: {
    identityId: string;
    serviceId: string;
    sessionId: string;
    thumbprint: string;
    /** The application whose pages ask. */
    clientId: string;
  }): Promise<Issued>;
  bindGrant(claims: { identityId: string; serviceId: string; jwk: PublicJwk }): Promise<Issued>;
  /** The token of a service session of the Edge API, for SDKs to show to routers. */
  serviceToken(
    session: Pick<ServiceSession, 'id' | 'apiSessionId' | 'identityId' | 'serviceId' | 'type'>,
  ): Promise<Issued>;
  /** The token of an API session of `POST /authenticate`: routers take it at Hello. */
  sessionToken(session: { sessionId: string; identityId: string }): Promise<Issued>;
  assertion(claims: {
    identity: { id: string; name: string };
    audience: string;
    sessionId: string;
  }): Promise<Issued>;
}

export function createGrantIssuer(
  ctx: Pick<ControllerContext, 'config' | 'clock'>,
  keys: SigningKeys,
): GrantIssuer {
  const outageSeconds = ctx.config.sessions.outageMinutes * 60;

  const issue = async (
    key: SigningKey,
    typ: string,
    lifeSeconds: number,
    claims: JWTPayload,
  ): Promise<Issued> => {
    const now = Math.floor(ctx.clock() / 1000);
    const exp = now + lifeSeconds;
    const token = await new SignJWT({ iss: key.issuer, ...claims, iat: now, exp })
      .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ })
      .sign(key.privateKey);
    return { token, expiresAtMs: exp * 1000 };
  };
  const outageUntil = (lifeSeconds: number): number =>
    Math.floor(ctx.clock() / 1000) + lifeSeconds + outageSeconds;

  return {
    dialGrant: ({ identity, serviceId, sessionId, thumbprint, hostIds, via }) =>
      issue(keys.current('grant'), DIAL_GRANT_TYP, DIAL_GRANT_SECONDS, {
        aud: via === undefined ? DIAL_GRANT_AUDIENCE : CROSS_ORIGIN_GRANT_AUDIENCE,
        ...(via !== undefined && { via }),
        sub: identity.id,
        name: identity.name,
        svc: serviceId,
        sid: sessionId,
        cnf: { jkt: thumbprint },
        hosts: hostIds,
        out: outageUntil(DIAL_GRANT_SECONDS),
        jti: randomUUID(),
      }),
    accessToken: ({ identityId, serviceId, sessionId, thumbprint, clientId }) =>
      issue(keys.current('token'), APP_TOKEN_TYP, APP_TOKEN_SECONDS, {
        aud: serviceResource(serviceId),
        sub: identityId,
        client_id: clientId,
        sid: sessionId,
        cnf: { jkt: thumbprint },
        out: outageUntil(APP_TOKEN_SECONDS),
        jti: randomUUID(),
      }),
    bindGrant: ({ identityId, serviceId, jwk }) =>
      issue(keys.current('grant'), BIND_GRANT_TYP, BIND_GRANT_SECONDS, {
        aud: BIND_GRANT_AUDIENCE,
        sub: identityId,
        svc: serviceId,
        cnf: { jwk },
        out: outageUntil(BIND_GRANT_SECONDS),
        jti: randomUUID(),
      }),
    serviceToken: ({ id, apiSessionId, identityId, serviceId, type }) =>
      issue(keys.current('session'), SESSION_TOKEN_TYP, SERVICE_TOKEN_SECONDS, {
        aud: SESSION_TOKEN_AUDIENCE,
        sub: serviceId,
        jti: id,
        z_asid: apiSessionId,
        z_iid: identityId,
        z_t: 's',
        z_st: type,
        out: outageUntil(SERVICE_TOKEN_SECONDS),
      }),
    sessionToken: ({ sessionId, identityId }) =>
      issue(keys.current('session'), SESSION_TOKEN_TYP, API_SESSION_SECONDS, {
        aud: SESSION_TOKEN_AUDIENCE,
        sub: identityId,
        z_asid: sessionId,
        z_t: 'l',
        out: outageUntil(API_SESSION_SECONDS),
        jti: randomUUID(),
      }),
    assertion: ({ identity, audience, sessionId }) =>
      issue(keys.current('assertion'), ASSERTION_TYP, ASSERTION_SECONDS, {
        aud: audience,
        sub: identity.id,
        name: identity.name,
        sid: sessionId,
      }),
  };
}
