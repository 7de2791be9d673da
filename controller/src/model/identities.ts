import {
  boolean,
  datetime,
  defineTable,
  entityColumns,
  map,
  number,
  optionalDatetime,
  optionalText,
  secretText,
  strings,
  text,
  json,
  type RowOf,
} from './table.ts';

export type Precedence = 'default' | 'required' | 'failed';

/** People, programs and hosts. */
export const identities = defineTable('identities', {
  ...entityColumns,
  name: text(),
  typeId: text(),
  isAdmin: boolean(),
  isDefaultAdmin: boolean(),
  authPolicyId: text(),
  /** The name external identity providers know this identity by. */
  externalId: optionalText(),
  /** Set while disabled; with `disabledUntil` null, for ever. */
  disabledAt: optionalDatetime(),
  disabledUntil: optionalDatetime(),
  roleAttributes: strings(),
  permissions: strings(),
  appData: map(),
  defaultHostingCost: number(),
  defaultHostingPrecedence: text<Precedence>(),
  serviceHostingCosts: map<number>(),
  serviceHostingPrecedences: map<Precedence>(),
  envInfo: json<Record<string, string>>(),
  sdkInfo: json<Record<string, string>>(),
});
export type Identity = RowOf<typeof identities>;

/** Whether the identity is disabled at `nowMs`. */
export function isDisabled(
  identity: Pick<Identity, 'disabledAt' | 'disabledUntil'>,
  nowMs: number,
): boolean {
  if (identity.disabledAt === null) return false;
  return identity.disabledUntil === null || Date.parse(identity.disabledUntil) > nowMs;
}

/** A way an identity proves itself: password (`updb`) or client certificate. */
export const authenticators = defineTable('authenticators', {
  ...entityColumns,
  method: text<'updb' | 'cert'>(),
  identityId: text(),
  username: optionalText(),
  passwordHash: secretText(),
  /** Bad passwords in a row. */
  failedAttempts: number(),
  certPem: optionalText(),
  /** SHA-1 of the certificate's DER, lower-case hex. */
  fingerprint: optionalText(),
  isIssuedByNetwork: boolean(),
  /** An administrator asked the holder to renew the certificate, with a new key if so said. */
  isExtendRequested: boolean(),
  isKeyRollRequested: boolean(),
  extendRequestedAt: optionalDatetime(),
  /** A renewed certificate that its holder has not yet confirmed. */
  unverifiedCertPem: optionalText(),
  unverifiedFingerprint: optionalText(),
});
export type Authenticator = RowOf<typeof authenticators>;

/** A one-time token that turns into an authenticator or a router certificate. */
export const enrollments = defineTable('enrollments', {
  ...entityColumns,
  method: text<'ott' | 'ottca' | 'updb' | 'erott'>(),
  identityId: optionalText(),
  edgeRouterId: optionalText(),
  /** The certificate authority of an `ottca` enrollment. */
  caId: optionalText(),
  username: optionalText(),
  expiresAt: datetime(),
  /** SHA-256 of the token, hex: what a presented token is looked up by. */
  tokenHash: secretText(),
  /** The token under a key kept outside the database, since the API shows it until it is used. */
  sealedToken: secretText(),
});
export type Enrollment = RowOf<typeof enrollments>;

/** An Edge API log-in; its token is kept as SHA-256 only. */
export const apiSessions = defineTable('apiSessions', {
  ...entityColumns,
  tokenHash: secretText(),
  /** `legacy`: an opaque token in `zt-session`; `oidc`: JWTs of `/oidc` as bearer. */
  kind: text<'legacy' | 'oidc'>(),
  identityId: text(),
  /** What proved the identity: an authenticator, or `extJwtId:<signer>`. */
  authenticatorId: text(),
  /** When a second factor was last proved in this session. */
  mfaPassedAt: optionalDatetime(),
  ipAddress: text(),
  configTypes: strings(),
  lastActivityAt: datetime(),
  expiresAt: datetime(),
});
export type ApiSession = RowOf<typeof apiSessions>;
