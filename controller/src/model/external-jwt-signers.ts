import {
  boolean,
  defineTable,
  entityColumns,
  optionalDatetime,
  optionalText,
  strings,
  text,
  type RowOf,
} from './table.ts';

/** An identity provider whose JWTs are accepted. */
export const externalJwtSigners = defineTable('externalJwtSigners', {
  ...entityColumns,
  name: text(),
  /** Compared exactly with `iss`. */
  issuer: text(),
  audience: text(),
  enabled: boolean(),
  /** Either a certificate or a JWKS URL. */
  certPem: optionalText(),
  jwksEndpoint: optionalText(),
  kid: text(),
  /** JSON pointer of the claim that names the identity. */
  claimsProperty: text(),
  /** The claim is an `externalId` (true) or an identity id (false). */
  useExternalId: boolean(),
  externalAuthUrl: optionalText(),
  clientId: text(),
  scopes: strings(),
  targetToken: text<'ACCESS' | 'ID'>(),
  enrollToCertEnabled: boolean(),
  enrollToTokenEnabled: boolean(),
  enrollNameClaimsSelector: text(),
  enrollAttributeClaimsSelector: text(),
  enrollAuthPolicyId: text(),
  fingerprint: optionalText(),
  commonName: text(),
  notBefore: optionalDatetime(),
  notAfter: optionalDatetime(),
});
export type ExternalJwtSigner = RowOf<typeof externalJwtSigners>;
