import type { ControllerContext } from '../context.ts';
import type { DatabaseOperations } from '../fabric-api/database-routes.ts';
import type { TokenServices } from '../grants/token-services.ts';
import { addAccessDecisions } from './administration/access-decisions.ts';
import { addControllerSettings } from './administration/controller-settings.ts';
import { addIdentityActions } from './administration/identity-actions.ts';
import { addKeyRotation } from './administration/key-rotation.ts';
import { addPolicyAdvice } from './administration/policy-advice.ts';
import { addReEnrollment } from './administration/re-enrollment.ts';
import { addReports } from './administration/reports.ts';
import {
  addAuthenticationAdministration,
  addAuthenticationRoutes,
} from './authentication/index.ts';
import { addAuditRoutes } from './audit/audit-routes.ts';
import { addCommonRoutes, MANAGEMENT_BASE } from './common-routes.ts';
import { addCrudRoutes } from './crud.ts';
import { accessRequests } from './entities/access-requests.ts';
import { apiSessions } from './entities/api-sessions.ts';
import { applications } from './entities/applications.ts';
import { brandings } from './entities/brandings.ts';
import { authPolicies } from './entities/auth-policies.ts';
import { authenticators } from './entities/authenticators.ts';
import { cas } from './entities/cas.ts';
import { configTypes, configs } from './entities/configs.ts';
import { edgeRouters, routers, transitRouters } from './entities/edge-routers.ts';
import { enrollments } from './entities/enrollments.ts';
import { externalJwtSigners } from './entities/external-jwt-signers.ts';
import { identities } from './entities/identities.ts';
import { passkeys } from './entities/passkeys.ts';
import {
  edgeRouterPolicies,
  serviceEdgeRouterPolicies,
  servicePolicies,
} from './entities/policies.ts';
import { postureChecks } from './entities/posture-checks.ts';
import { revocations } from './entities/revocations.ts';
import { services } from './entities/services.ts';
import { sessions } from './entities/sessions.ts';
import { terminators } from './entities/terminators.ts';
import { addEventRoutes } from './live/event-routes.ts';
import { addOperationsRoutes } from './operations/index.ts';
import { addPostureRoutes } from './posture/posture-routes.ts';
import { createRoutes, sealRoutes, type EdgeRoutes } from './routes.ts';
import { addSessionRoutes } from './session-routes.ts';

const ENTITIES = [
  identities,
  authenticators,
  enrollments,
  apiSessions,
  sessions,
  revocations,
  services,
  configTypes,
  configs,
  terminators,
  servicePolicies,
  edgeRouterPolicies,
  serviceEdgeRouterPolicies,
  postureChecks,
  edgeRouters,
  transitRouters,
  routers,
  externalJwtSigners,
  authPolicies,
  cas,
  passkeys,
  applications,
  brandings,
  accessRequests,
];

/** The Management API: administration of everything, administrators only unless a permission says otherwise. */
export function createManagementApi(
  ctx: ControllerContext,
  database: DatabaseOperations,
  tokens: Pick<TokenServices, 'keys' | 'grants'>,
): EdgeRoutes {
  const routes = createRoutes(ctx, { bases: [MANAGEMENT_BASE], rate: 'admin' });
  addCommonRoutes(routes, ctx, {
    title: 'Postern Management API',
    base: MANAGEMENT_BASE,
    listener: 'admin',
  });
  addAuthenticationRoutes(routes, ctx, tokens);
  addAuthenticationAdministration(routes, ctx);
  addSessionRoutes(routes, ctx);
  for (const definition of ENTITIES) addCrudRoutes(routes, ctx, definition);
  addIdentityActions(routes, ctx);
  addPolicyAdvice(routes, ctx);
  addAccessDecisions(routes, ctx);
  addReEnrollment(routes, ctx);
  addKeyRotation(routes, ctx, tokens.keys);
  addOperationsRoutes(routes, ctx, database);
  addPostureRoutes(routes, ctx);
  addAuditRoutes(routes, ctx);
  addEventRoutes(routes, ctx);
  addReports(routes, ctx);
  addControllerSettings(routes);
  sealRoutes(routes);
  return routes;
}
