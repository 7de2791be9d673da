import { boolean, defineTable, entityColumns, strings, text, type RowOf } from './table.ts';

export type Semantic = 'AllOf' | 'AnyOf';

export const servicePolicies = defineTable('servicePolicies', {
  ...entityColumns,
  name: text(),
  type: text<'Dial' | 'Bind'>(),
  semantic: text<Semantic>(),
  identityRoles: strings(),
  serviceRoles: strings(),
  postureCheckRoles: strings(),
});
export type ServicePolicy = RowOf<typeof servicePolicies>;

export const edgeRouterPolicies = defineTable('edgeRouterPolicies', {
  ...entityColumns,
  name: text(),
  semantic: text<Semantic>(),
  identityRoles: strings(),
  edgeRouterRoles: strings(),
  /** Made with a tunneler router; locked. */
  isSystem: boolean(),
});
export type EdgeRouterPolicy = RowOf<typeof edgeRouterPolicies>;

export const serviceEdgeRouterPolicies = defineTable('serviceEdgeRouterPolicies', {
  ...entityColumns,
  name: text(),
  semantic: text<Semantic>(),
  serviceRoles: strings(),
  edgeRouterRoles: strings(),
});
export type ServiceEdgeRouterPolicy = RowOf<typeof serviceEdgeRouterPolicies>;
