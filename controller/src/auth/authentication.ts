/** Proofs of identity that both the Edge APIs and the sign-in pages accept. */
import type { Identity } from '../model/identities.ts';
import type { ExternalJwtSigner } from '../model/external-jwt-signers.ts';
import type { SessionTokenVerdict } from './session-token.ts';

export interface Authentication {
  /**
   * Username and password, under lockout and constant time for unknown users.
   * `undefined` for anything but success: the caller never learns which part was wrong.
   */
  verifyPassword(username: string, password: string): Promise<Proven | undefined>;
  /**
   * Signature, issuer, audience, times and claim of an external JWT.
   * @throws AppError ERR_EXT_JWT_INVALID, ERR_EXT_JWT_SIGNER_UNREACHABLE
   */
  verifyExternalJwt(token: string): Promise<ExternalJwt>;
  /** The enabled identity the token names, allowed by its auth policy to use this signer. */
  findIdentityForExternalJwt(jwt: ExternalJwt): Promise<Identity | undefined>;
  /** Whether the token names this identity, whatever the policy says. */
  isIdentityOf(jwt: ExternalJwt, identity: Pick<Identity, 'id' | 'externalId'>): boolean;
  /** An access token of our own `/oidc`. */
  verifySessionToken(token: string): Promise<SessionTokenVerdict>;
}

/** Who proved to be whom by what: an authenticator's id, `extJwtId:<signer>` or `caId:<authority>`. */
export interface Proven {
  readonly identity: Identity;
  readonly authenticatorId: string;
}

export interface ExternalJwt {
  readonly signer: ExternalJwtSigner;
  /** Value at the signer's `claimsProperty`. */
  readonly subject: string;
  /** All verified claims; `nonce` and `auth_time` are the caller's to check. */
  readonly claims: Readonly<Record<string, unknown>>;
}
