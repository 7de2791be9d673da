import type { ControllerContext } from '../../context.ts';
import { addDatabaseRoutes, type DatabaseOperations } from '../../fabric-api/database-routes.ts';
import { addControllerRoutes } from '../controller-routes.ts';
import type { EdgeRoutes } from '../routes.ts';
import { addRoleAttributeRoutes } from './role-attribute-routes.ts';
import { addServiceConfigRoutes } from './service-config-routes.ts';
import { addSessionInsightRoutes } from './session-insight-routes.ts';

/** What administrators see and do of sessions, controllers and attributes beside the entities' own routes. */
export function addOperationsRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  database: DatabaseOperations,
): void {
  addControllerRoutes(routes, ctx, 'controllers.read');
  addDatabaseRoutes(routes, database);
  addRoleAttributeRoutes(routes, ctx);
  addServiceConfigRoutes(routes, ctx);
  addSessionInsightRoutes(routes, ctx);
}
