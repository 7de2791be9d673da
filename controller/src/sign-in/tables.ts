/** SQL rows of migration 0002. Nothing in them lets a thief of the database sign in or read a token. */
import type { KeyUse } from '@postern/shared/grants';

/** A type, not an interface: Kysely's `withTables` wants an index signature. */
export type SignInDatabase = {
  signingKeys: {
    kid: string;
    use: KeyUse;
    issuer: string;
    /** Public JWK as JSON; the private part is a file (see `keys/key-files.ts`). */
    jwk: string;
    /** Signs from then on: other parts learn of a key before they meet its signatures. */
    activeAtMs: number;
  };
  signInSessions: {
    id: string;
    identityId: string;
    /** RFC 7638 thumbprint of the login origin's device key. */
    deviceThumbprint: string;
    method: 'ext-jwt' | 'password' | 'passkey';
    /** The external JWT signer used, for `ext-jwt`. */
    signerId: string | null;
    /** When a second factor was proved, or a passkey that counts as one. */
    mfaAtMs: number | null;
    /** The signer of the second JWT, if one was shown. */
    secondSignerId: string | null;
    createdAtMs: number;
    expiresAtMs: number;
    /** What the person sees in their list of devices. */
    lastUsedAtMs: number | null;
    userAgent: string | null;
    address: string | null;
  };
  /** Every token a session ever had, so that reuse of a spent one shows. */
  signInTokens: { tokenHash: string; sessionId: string; spent: 0 | 1 };
  /** The provider's grants that live and die with a session. */
  signInGrants: { grantHash: string; sessionId: string };
  /** State of the OIDC provider, see `oidc/payload-store.ts`. */
  oidcPayloads: {
    model: string;
    idHash: string;
    grantHash: string | null;
    sealed: string;
    consumedAtMs: number | null;
    expiresAtMs: number;
  };
};
