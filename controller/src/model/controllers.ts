import { datetime, defineTable, entityColumns, json, text, type RowOf } from './table.ts';

/** Base URLs of the APIs of a controller, by API name. */
export type ApiAddresses = Record<string, { url: string; version: string }[]>;

/** The controllers that work on this database; each keeps its own row. */
export const controllers = defineTable('controllers', {
  ...entityColumns,
  /** Where its admin listener is reached: host and port. */
  name: text(),
  ctrlAddress: text(),
  apiAddresses: json<ApiAddresses>(),
  certPem: text(),
  /** SHA-1 of the certificate's DER, lower-case hex. */
  fingerprint: text(),
  lastJoinedAt: datetime(),
  /** Last sign of life. */
  seenAt: datetime(),
});
export type Controller = RowOf<typeof controllers>;
