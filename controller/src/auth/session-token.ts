/** Access tokens of `/oidc`: an Edge API session as a JWT (specs/edge-api.md §3.7). */
import type { PublicJwk } from '@postern/shared/schemas';
import { isCompactJws, SESSION_TOKEN_AUDIENCE } from '@postern/shared/grants';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { ControllerContext } from '../context.ts';
import type { SignInDatabase } from '../sign-in/tables.ts';
import { repositories } from '../store/repositories.ts';

/** `z_t`: what a token is for. */
export const TOKEN_TYPE = { access: 'a', refresh: 'r' } as const;
const MAX_TOKEN_CHARS = 8192;
const CLOCK_TOLERANCE_S = 30;

const id = z.string().min(1).max(64);
export const sessionTokenClaims = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string()).max(8)]),
  sub: id,
  jti: id,
  iat: z.number(),
  exp: z.number(),
  z_t: z.enum(['a', 'r']),
  /** API session. */
  z_asid: id,
});
export type SessionTokenClaims = z.output<typeof sessionTokenClaims>;

export type SessionTokenVerdict =
  | { status: 'valid'; claims: SessionTokenClaims }
  /** Signed by no key of ours: perhaps an external JWT. */
  | { status: 'foreign' }
  | { status: 'invalid' | 'expired' };

/**
 * Verifies by the controllers' own session keys alone; `type` must be the token's. The session it
 * names may have ended: that is the caller's to check.
 */
export function createSessionTokenVerifier(
  { store, clock, endpoints }: Pick<ControllerContext, 'store' | 'clock' | 'endpoints'>,
  type: keyof typeof TOKEN_TYPE,
): (token: string) => Promise<SessionTokenVerdict> {
  const keyOf = async (token: string) => {
    let kid: unknown;
    try {
      kid = decodeProtectedHeader(token).kid;
    } catch {
      return undefined;
    }
    if (typeof kid !== 'string') return undefined;
    return store.db
      .withTables<SignInDatabase>()
      .selectFrom('signingKeys')
      .selectAll()
      .where('kid', '=', kid)
      .where('use', '=', 'session')
      .executeTakeFirst();
  };

  return async (token) => {
    if (token.length > MAX_TOKEN_CHARS || !isCompactJws(token)) return { status: 'invalid' };
    const key = await keyOf(token);
    if (!key) return { status: 'foreign' };
    const { kty, crv, x, y } = JSON.parse(key.jwk) as PublicJwk;
    try {
      const { payload } = await jwtVerify(
        token,
        { kty, crv, x, y },
        {
          algorithms: ['ES256'],
          typ: 'JWT',
          issuer: sessionIssuer(endpoints.admin),
          audience: SESSION_TOKEN_AUDIENCE,
          requiredClaims: ['exp', 'iat'],
          clockTolerance: CLOCK_TOLERANCE_S,
          currentDate: new Date(clock()),
        },
      );
      const parsed = sessionTokenClaims.safeParse(payload);
      if (!parsed.success || parsed.data.z_t !== TOKEN_TYPE[type]) return { status: 'invalid' };
      // Revoking a session or an identity ends sessions; a single token is looked up.
      const revoked = await repositories.revocations.get(store.db, parsed.data.jti);
      return revoked ? { status: 'invalid' } : { status: 'valid', claims: parsed.data };
    } catch (error) {
      return { status: error instanceof errors.JWTExpired ? 'expired' : 'invalid' };
    }
  };
}

/** `iss` of session tokens: the OIDC provider of the admin listener. */
export function sessionIssuer(adminUrl: string): string {
  return `${adminUrl}/oidc`;
}
