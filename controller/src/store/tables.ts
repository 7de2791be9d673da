/** The SQL side of the model: every table of migration 0001. */
import { auditRecords } from '../audit/audit-table.ts';
import * as model from '../model/index.ts';
import type { RawRowOf } from '../model/table.ts';

export const modelTables = [
  model.identities,
  model.authenticators,
  model.enrollments,
  model.apiSessions,
  model.services,
  model.configTypes,
  model.configs,
  model.terminators,
  model.applications,
  model.brandings,
  model.accessRequests,
  model.servicePolicies,
  model.edgeRouterPolicies,
  model.serviceEdgeRouterPolicies,
  model.edgeRouters,
  model.externalJwtSigners,
  model.authPolicies,
  model.cas,
  model.mfas,
  model.passkeys,
  model.sessionCertificates,
  model.sessions,
  model.revocations,
  model.identityConfigs,
  model.controllers,
  model.postureChecks,
  auditRecords,
] as const;

export interface Database {
  identities: RawRowOf<typeof model.identities>;
  authenticators: RawRowOf<typeof model.authenticators>;
  enrollments: RawRowOf<typeof model.enrollments>;
  apiSessions: RawRowOf<typeof model.apiSessions>;
  services: RawRowOf<typeof model.services>;
  configTypes: RawRowOf<typeof model.configTypes>;
  configs: RawRowOf<typeof model.configs>;
  terminators: RawRowOf<typeof model.terminators>;
  applications: RawRowOf<typeof model.applications>;
  brandings: RawRowOf<typeof model.brandings>;
  accessRequests: RawRowOf<typeof model.accessRequests>;
  servicePolicies: RawRowOf<typeof model.servicePolicies>;
  edgeRouterPolicies: RawRowOf<typeof model.edgeRouterPolicies>;
  serviceEdgeRouterPolicies: RawRowOf<typeof model.serviceEdgeRouterPolicies>;
  edgeRouters: RawRowOf<typeof model.edgeRouters>;
  externalJwtSigners: RawRowOf<typeof model.externalJwtSigners>;
  authPolicies: RawRowOf<typeof model.authPolicies>;
  cas: RawRowOf<typeof model.cas>;
  mfas: RawRowOf<typeof model.mfas>;
  passkeys: RawRowOf<typeof model.passkeys>;
  sessionCertificates: RawRowOf<typeof model.sessionCertificates>;
  sessions: RawRowOf<typeof model.sessions>;
  revocations: RawRowOf<typeof model.revocations>;
  identityConfigs: RawRowOf<typeof model.identityConfigs>;
  controllers: RawRowOf<typeof model.controllers>;
  postureChecks: RawRowOf<typeof model.postureChecks>;
  auditRecords: RawRowOf<typeof auditRecords>;
  /** One row for each committed write that changed what routers see. */
  changeLog: { index: number; changes: string; createdAt: string };
  /** Single values, such as the timeline of the change log. */
  meta: { key: string; value: string };
}
