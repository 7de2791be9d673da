import {
  defineTable,
  entityColumns,
  optionalDatetime,
  optionalText,
  text,
  type RowOf,
} from './table.ts';

/** What somebody who may not open an application asked of the administrators, and what became of it. */
export const accessRequests = defineTable('accessRequests', {
  ...entityColumns,
  identityId: text(),
  applicationId: text(),
  /** Why, in the person's words; may be empty. */
  message: text(),
  state: text<'open' | 'accepted' | 'declined'>(),
  /** What the administrator said to it; may be empty. */
  answer: text(),
  decidedAt: optionalDatetime(),
  /** The identity that decided. */
  decidedById: optionalText(),
  /** The policy that grants what was asked, once accepted. */
  policyId: optionalText(),
});
export type AccessRequest = RowOf<typeof accessRequests>;
