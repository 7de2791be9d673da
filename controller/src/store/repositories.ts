/** One repository for each table of the model. */
import { projections } from '../model/changes.ts';
import * as model from '../model/index.ts';
import { createRepository } from './repository.ts';

export const repositories = {
  identities: createRepository(model.identities, {
    kind: 'identity',
    project: projections.identity,
  }),
  authenticators: createRepository(model.authenticators),
  enrollments: createRepository(model.enrollments),
  apiSessions: createRepository(model.apiSessions),
  services: createRepository(model.services, { kind: 'service', project: projections.service }),
  configTypes: createRepository(model.configTypes),
  configs: createRepository(model.configs),
  terminators: createRepository(model.terminators, {
    kind: 'terminator',
    project: projections.terminator,
  }),
  applications: createRepository(model.applications),
  brandings: createRepository(model.brandings),
  accessRequests: createRepository(model.accessRequests),
  servicePolicies: createRepository(model.servicePolicies, {
    kind: 'servicePolicy',
    project: projections.servicePolicy,
  }),
  edgeRouterPolicies: createRepository(model.edgeRouterPolicies, {
    kind: 'edgeRouterPolicy',
    project: projections.edgeRouterPolicy,
  }),
  serviceEdgeRouterPolicies: createRepository(model.serviceEdgeRouterPolicies, {
    kind: 'serviceEdgeRouterPolicy',
    project: projections.serviceEdgeRouterPolicy,
  }),
  postureChecks: createRepository(model.postureChecks, {
    kind: 'postureCheck',
    project: projections.postureCheck,
  }),
  edgeRouters: createRepository(model.edgeRouters, { kind: 'router', project: projections.router }),
  externalJwtSigners: createRepository(model.externalJwtSigners),
  authPolicies: createRepository(model.authPolicies),
  cas: createRepository(model.cas),
  mfas: createRepository(model.mfas),
  passkeys: createRepository(model.passkeys),
  sessionCertificates: createRepository(model.sessionCertificates),
  sessions: createRepository(model.sessions),
  revocations: createRepository(model.revocations, {
    kind: 'revocation',
    project: projections.revocation,
  }),
  identityConfigs: createRepository(model.identityConfigs),
  controllers: createRepository(model.controllers),
};
