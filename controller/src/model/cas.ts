import { boolean, defineTable, entityColumns, json, strings, text, type RowOf } from './table.ts';

/** Where in a client certificate the external id of its identity stands, and how it is cut out. */
export interface ExternalIdClaim {
  location: 'COMMON_NAME' | 'SAN_URI' | 'SAN_EMAIL';
  matcher: 'ALL' | 'PREFIX' | 'SUFFIX' | 'SCHEME';
  matcherCriteria: string;
  parser: 'NONE' | 'SPLIT';
  parserCriteria: string;
  /** Which of the matching values, from 0. */
  index: number;
}

/** A certificate authority of somebody else whose client certificates may enrol or sign in. */
export const cas = defineTable('cas', {
  ...entityColumns,
  name: text(),
  certPem: text(),
  /** SHA-1 of the certificate's DER, lower-case hex. */
  fingerprint: text(),
  /** The holder of its key proved so: until then it can do nothing. */
  isVerified: boolean(),
  /** Common name of the certificate that proves it; empty once verified. */
  verificationToken: text(),
  isAutoCaEnrollmentEnabled: boolean(),
  isOttCaEnrollmentEnabled: boolean(),
  isAuthEnabled: boolean(),
  /** Role attributes of identities that enrol by it. */
  identityRoles: strings(),
  identityNameFormat: text(),
  externalIdClaim: json<ExternalIdClaim | Record<string, never>>(),
});
export type Ca = RowOf<typeof cas>;
