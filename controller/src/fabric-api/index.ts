import type { ControllerContext } from '../context.ts';
import { addCommonRoutes, FABRIC_BASE } from '../edge-api/common-routes.ts';
import { createRoutes, sealRoutes, type EdgeRoutes } from '../edge-api/routes.ts';
import { addDatabaseRoutes, type DatabaseOperations } from './database-routes.ts';
import { addInspectionRoute } from './inspections.ts';
import { addModelRoutes } from './model-routes.ts';
import {
  addCircuitRoutes,
  addClusterRoutes,
  addLinkRoutes,
  addRouterRoutes,
} from './network-routes.ts';
import { addUnservedRoutes } from './unserved.ts';

/** OpenZiti's fabric API: the network as it is now. What is configured, the Management API writes. */
export function createFabricApi(ctx: ControllerContext, database: DatabaseOperations): EdgeRoutes {
  const routes = createRoutes(ctx, { bases: [FABRIC_BASE], rate: 'admin' });
  addCommonRoutes(routes, ctx, {
    title: 'Postern Fabric API',
    base: FABRIC_BASE,
    listener: 'admin',
  });
  addRouterRoutes(routes, ctx);
  addLinkRoutes(routes, ctx);
  addCircuitRoutes(routes, ctx);
  addModelRoutes(routes, ctx);
  addInspectionRoute(routes, ctx);
  addClusterRoutes(routes, ctx);
  addDatabaseRoutes(routes, database);
  addUnservedRoutes(routes);
  sealRoutes(routes);
  return routes;
}
