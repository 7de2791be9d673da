import { defineTable, entityColumns, json, text, type RowOf } from './table.ts';

/** The policy an identity has unless another is named. */
export const DEFAULT_AUTH_POLICY_ID = 'default';

export interface PrimaryAuth {
  cert: { allowed: boolean; allowExpiredCerts: boolean };
  updb: {
    allowed: boolean;
    minPasswordLength: number;
    requireMixedCase: boolean;
    requireNumberChar: boolean;
    requireSpecialChar: boolean;
    /** Bad passwords in a row until lockout; 0: never. */
    maxAttempts: number;
    /** 0: until an administrator enables the identity. */
    lockoutDurationMinutes: number;
  };
  /** No signer listed: all of them. */
  extJwt: { allowed: boolean; allowedSigners: string[] };
  /** Absent in policies older than passkeys: allowed. */
  passkey?: { allowed: boolean };
}

export interface SecondaryAuth {
  requireTotp: boolean;
  requireExtJwtSigner: string | null;
  /** At the login origin a passkey counts as the second factor, as TOTP does. Absent: yes. */
  acceptPasskey?: boolean;
}

/** Which proofs open a session. */
export const authPolicies = defineTable('authPolicies', {
  ...entityColumns,
  name: text(),
  primary: json<PrimaryAuth>(),
  secondary: json<SecondaryAuth>(),
});
export type AuthPolicy = RowOf<typeof authPolicies>;
