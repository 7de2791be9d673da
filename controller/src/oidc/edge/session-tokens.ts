/**
 * Tokens of an Edge API session opened at `/oidc`: JWTs signed by the session key. A refresh token
 * is good for one use; a spent one that comes back ends the session (RFC 9700 §4.14.2).
 */
import { randomUUID } from 'node:crypto';
import { SESSION_TOKEN_AUDIENCE } from '@postern/shared/grants';
import { SignJWT, type JWTPayload } from 'jose';
import { openApiSession } from '../../auth/api-sessions.ts';
import {
  createSessionTokenVerifier,
  TOKEN_TYPE,
  type SessionTokenClaims,
} from '../../auth/session-token.ts';
import type { ControllerContext } from '../../context.ts';
import { isAdministrator } from '../../edge-api/permissions.ts';
import type { SigningKeys } from '../../keys/signing-keys.ts';
import { isDisabled, type ApiSession, type Identity } from '../../model/identities.ts';
import { endApiSessions } from '../../sessions/end-sessions.ts';
import { repositories } from '../../store/repositories.ts';
import type { PayloadStore } from '../payload-store.ts';
import type { AuthRequest } from './auth-requests.ts';

export const ACCESS_SECONDS = 30 * 60;
const REFRESH_SECONDS = 24 * 3600;
/** Go SDKs ask for an ID token by the refresh token they have just spent. */
const ID_TOKEN_GRACE_MS = 60_000;
const MODEL = 'EdgeRefresh';

export interface TokenSet {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
}

/** What a refresh token carries on from one use to the next. */
interface Family {
  readonly apiSessionId: string;
  readonly clientId: string;
  readonly scope: string;
  readonly certificates: readonly string[];
  readonly authTime: number;
}

export interface EdgeTokens {
  /** Opens the session of a proved request. `undefined` when the identity was disabled meanwhile. */
  open(request: AuthRequest): Promise<{ tokens: TokenSet; apiSessionId: string } | undefined>;
  /** Swaps a refresh token; `undefined` for anything but success. */
  refresh(refreshToken: string, clientId?: string): Promise<TokenSet | undefined>;
  /** An ID token for a refresh token that is good, or was spent a moment ago. */
  idToken(refreshToken: string): Promise<string | undefined>;
  /** Ends the session of an access or refresh token, if it is one. */
  revoke(token: string): Promise<void>;
  end(apiSessionId: string): Promise<void>;
}

export function createEdgeTokens(
  ctx: ControllerContext,
  keys: Pick<SigningKeys, 'current'>,
  payloads: PayloadStore,
): EdgeTokens {
  const { store, clock } = ctx;
  const verify = {
    access: createSessionTokenVerifier(ctx, 'access'),
    refresh: createSessionTokenVerifier(ctx, 'refresh'),
  };

  const sign = (claims: JWTPayload, lifeSeconds: number): Promise<string> => {
    const key = keys.current('session');
    const iat = Math.floor(clock() / 1000);
    return new SignJWT({
      iss: key.issuer,
      iat,
      exp: iat + lifeSeconds,
      jti: randomUUID(),
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'JWT' })
      .sign(key.privateKey);
  };

  const outageUntil = (): number =>
    Math.floor(clock() / 1000) + ACCESS_SECONDS + ctx.config.sessions.outageMinutes * 60;

  const signId = (identity: Identity, { clientId, authTime }: Family, nonce?: string) =>
    sign(
      {
        sub: identity.id,
        aud: clientId,
        name: identity.name,
        auth_time: authTime,
        ...(nonce !== undefined && { nonce }),
      },
      ACCESS_SECONDS,
    );

  const issue = async (
    identity: Identity,
    session: ApiSession,
    family: Family,
    nonce?: string,
  ): Promise<TokenSet> => {
    const common = {
      sub: identity.id,
      aud: [SESSION_TOKEN_AUDIENCE],
      z_asid: session.id,
      z_authid: session.authenticatorId,
      z_ct: session.configTypes,
      z_cfs: family.certificates,
      z_ra: session.ipAddress,
      amr: amrOf(session, family),
      auth_time: family.authTime,
      scopes: family.scope.split(' '),
    };
    const refreshId = randomUUID();
    await payloads.put(MODEL, refreshId, { ...family }, REFRESH_SECONDS);
    return {
      access_token: await sign(
        {
          ...common,
          z_t: TOKEN_TYPE.access,
          out: outageUntil(),
          z_ia: isAdministrator(identity),
          z_eid: identity.externalId ?? '',
        },
        ACCESS_SECONDS,
      ),
      refresh_token: await sign(
        { ...common, z_t: TOKEN_TYPE.refresh, jti: refreshId },
        REFRESH_SECONDS,
      ),
      id_token: await signId(identity, family, nonce),
      token_type: 'Bearer',
      expires_in: ACCESS_SECONDS,
    };
  };

  const end = (apiSessionId: string): Promise<void> =>
    store.write((tx) => endApiSessions(tx, [{ id: apiSessionId }], clock()));

  /** The live session of a token's claims, and its enabled identity. */
  const alive = async ({ z_asid: id, sub }: SessionTokenClaims) => {
    const session = await repositories.apiSessions.get(store.db, id);
    if (session?.kind !== 'oidc' || session.identityId !== sub) return undefined;
    if (Date.parse(session.expiresAt) <= clock()) return undefined;
    const identity = await repositories.identities.get(store.db, sub);
    return identity && !isDisabled(identity, clock()) ? { session, identity } : undefined;
  };

  return {
    end,

    open: async ({ parameters, proof }) => {
      if (!proof) return undefined;
      const identity = await repositories.identities.get(store.db, proof.identityId);
      if (!identity || isDisabled(identity, clock())) return undefined;
      const { session } = await openApiSession(ctx, {
        kind: 'oidc',
        identityId: identity.id,
        authenticatorId: proof.authenticatorId,
        ipAddress: proof.address,
        configTypes: [],
        mfaPassedAt: proof.mfaPassedAt,
        expiresAt: new Date(clock() + REFRESH_SECONDS * 1000).toISOString(),
      });
      const family: Family = {
        apiSessionId: session.id,
        clientId: parameters.client_id,
        scope: parameters.scope,
        certificates: proof.certificates,
        authTime: Math.floor(clock() / 1000),
      };
      const tokens = await issue(identity, session, family, parameters.nonce);
      return { tokens, apiSessionId: session.id };
    },

    refresh: async (refreshToken, clientId) => {
      const verdict = await verify.refresh(refreshToken);
      if (verdict.status !== 'valid') return undefined;
      const family = (await payloads.find(MODEL, verdict.claims.jti)) as unknown as
        Family | undefined;
      if (!family || (clientId !== undefined && clientId !== family.clientId)) return undefined;
      if (!(await payloads.consume(MODEL, verdict.claims.jti))) {
        ctx.logger.warn('oidc.refresh-token-reused', { apiSessionId: family.apiSessionId });
        await end(family.apiSessionId);
        return undefined;
      }
      const live = await alive(verdict.claims);
      if (!live) return undefined;
      const expiresAt = new Date(clock() + REFRESH_SECONDS * 1000).toISOString();
      const session = await store.write((tx) =>
        repositories.apiSessions.update(tx, live.session.id, { expiresAt }),
      );
      return session && issue(live.identity, session, withoutStoreMembers(family));
    },

    idToken: async (refreshToken) => {
      const verdict = await verify.refresh(refreshToken);
      if (verdict.status !== 'valid') return undefined;
      const family = (await payloads.find(MODEL, verdict.claims.jti)) as unknown as
        (Family & { consumed?: number }) | undefined;
      const live = family && (await alive(verdict.claims));
      const isFresh =
        family?.consumed === undefined || clock() - family.consumed * 1000 <= ID_TOKEN_GRACE_MS;
      return live && isFresh ? signId(live.identity, family) : undefined;
    },

    revoke: async (token) => {
      for (const verdict of [await verify.refresh(token), await verify.access(token)])
        if (verdict.status === 'valid') await end(verdict.claims.z_asid);
    },
  };
}

function withoutStoreMembers({ apiSessionId, clientId, scope, certificates, authTime }: Family) {
  return { apiSessionId, clientId, scope, certificates, authTime };
}

/** How the session was proved (RFC 8176, and OpenZiti's own words). */
function amrOf({ authenticatorId, mfaPassedAt }: ApiSession, { certificates }: Family): string[] {
  const primary = authenticatorId.startsWith('extJwtId:')
    ? 'ext-jwt'
    : certificates.length > 0
      ? 'cert'
      : 'password';
  return [primary, ...(mfaPassedAt === null ? [] : ['totp'])];
}
