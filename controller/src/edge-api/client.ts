import type { ControllerContext } from '../context.ts';
import type { TokenServices } from '../grants/token-services.ts';
import { addAuthenticationRoutes } from './authentication/index.ts';
import { addDirectoryRoutes } from './client/directory.ts';
import { addNotServedRoutes } from './client/not-served.ts';
import { addOwnServiceRoutes, addServiceWriteRefusals } from './client/own-services.ts';
import { addProgramDialGrantRoutes } from './client/program-dial-grants.ts';
import { addServiceSessionRoutes } from './client/service-sessions.ts';
import { addCommonRoutes, CLIENT_BASE, CLIENT_BASES, type EdgeListener } from './common-routes.ts';
import { addControllerRoutes } from './controller-routes.ts';
import { addEnrollRoutes } from './enroll-routes.ts';
import { addPostureResponseRoutes } from './posture/posture-response-routes.ts';
import { createRoutes, sealRoutes, type EdgeRoutes } from './routes.ts';
import { addSessionRoutes } from './session-routes.ts';

/** The Client API: what an identity may see and do for itself. Policies alone decide, admin rights do not. */
export function createClientApi(
  ctx: ControllerContext,
  listener: EdgeListener,
  tokens: Pick<TokenServices, 'grants' | 'keys'>,
): EdgeRoutes {
  const routes = createRoutes(ctx, { bases: [...CLIENT_BASES, ''], rate: 'client' });
  addCommonRoutes(routes, ctx, { title: 'Postern Client API', base: CLIENT_BASE, listener });
  addAuthenticationRoutes(routes, ctx, tokens);
  addSessionRoutes(routes, ctx);
  addEnrollRoutes(routes, ctx);
  addDirectoryRoutes(routes, ctx, listener);
  addControllerRoutes(routes, ctx, 'session');
  addOwnServiceRoutes(routes, ctx);
  addServiceWriteRefusals(routes);
  addServiceSessionRoutes(routes, ctx, tokens);
  addProgramDialGrantRoutes(routes, ctx, tokens);
  addPostureResponseRoutes(routes, ctx);
  addNotServedRoutes(routes);
  sealRoutes(routes);
  return routes;
}
