import type { RouterStatus } from '@postern/shared/schemas';
import {
  boolean,
  defineTable,
  entityColumns,
  json,
  map,
  number,
  optionalText,
  strings,
  text,
  type RowOf,
} from './table.ts';

export const edgeRouters = defineTable('edgeRouters', {
  ...entityColumns,
  name: text(),
  cost: number(),
  noTraversal: boolean(),
  disabled: boolean(),
  isTunnelerEnabled: boolean(),
  roleAttributes: strings(),
  appData: map(),
  configs: strings(),
  ctrlChanListeners: json<Record<string, string[]>>(),
  /** Carries traffic for other routers only; no client is offered it. */
  isTransit: boolean(),
  /** Enrolled. */
  isVerified: boolean(),
  fingerprint: optionalText(),
  certPem: optionalText(),
  /** A renewed certificate that the router has not yet come with. */
  unverifiedCertPem: optionalText(),
  unverifiedFingerprint: optionalText(),
  /** The rest is reported by the router over its control connection. */
  isOnline: boolean(),
  hostname: text(),
  edgeUrls: strings(),
  fabricAddresses: strings(),
  links: json<RouterStatus['links']>(),
});
export type EdgeRouter = RowOf<typeof edgeRouters>;
