import { datetime, defineTable, entityColumns, text, type RowOf } from './table.ts';

/** Leave of one API session to dial, or to bind, one service. Its token is a JWT and never stored. */
export const sessions = defineTable('sessions', {
  ...entityColumns,
  apiSessionId: text(),
  identityId: text(),
  serviceId: text(),
  type: text<'Dial' | 'Bind'>(),
});
export type ServiceSession = RowOf<typeof sessions>;

/** What ended before its tokens expired: one token, one session, or all of an identity's. */
export const revocations = defineTable('revocations', {
  ...entityColumns,
  type: text<'JTI' | 'IDENTITY' | 'API_SESSION'>(),
  /** When the last token concerned has expired everywhere, and the row goes. */
  expiresAt: datetime(),
});
export type Revocation = RowOf<typeof revocations>;

/** The config of its type that one identity gets with a service, in place of the service's own. */
export const identityConfigs = defineTable('identityConfigs', {
  ...entityColumns,
  identityId: text(),
  serviceId: text(),
  configId: text(),
  configTypeId: text(),
});
export type IdentityConfig = RowOf<typeof identityConfigs>;
