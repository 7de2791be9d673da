import {
  boolean,
  datetime,
  defineTable,
  entityColumns,
  number,
  optionalDatetime,
  secretText,
  strings,
  text,
  type RowOf,
} from './table.ts';

/** The authenticator app (TOTP, RFC 6238) of an identity. */
export const mfas = defineTable('mfas', {
  ...entityColumns,
  identityId: text(),
  isVerified: boolean(),
  /** Base32 secret and the unused recovery codes (a JSON array), under a key outside the database. */
  sealedSecret: secretText(),
  sealedRecoveryCodes: secretText(),
  /** Time step of the last accepted code: none counts twice. */
  lastStep: number(),
  /** Bad codes in a row. */
  failedAttempts: number(),
  lockedUntil: optionalDatetime(),
});
export type Mfa = RowOf<typeof mfas>;

/** A WebAuthn credential with which a person signs in at the login origin. */
export const passkeys = defineTable('passkeys', {
  ...entityColumns,
  identityId: text(),
  name: text(),
  /** base64url. */
  credentialId: text(),
  /** COSE key, base64url. */
  publicKey: text(),
  /** Signature counter; 0 for authenticators that keep none. */
  counter: number(),
  transports: strings(),
  deviceType: text(),
  isBackedUp: boolean(),
  lastUsedAt: optionalDatetime(),
});
export type Passkey = RowOf<typeof passkeys>;

/** A short-lived client certificate that stands for one API session. */
export const sessionCertificates = defineTable('sessionCertificates', {
  ...entityColumns,
  apiSessionId: text(),
  subject: text(),
  fingerprint: text(),
  certPem: text(),
  validFrom: datetime(),
  validTo: datetime(),
});
export type SessionCertificate = RowOf<typeof sessionCertificates>;
