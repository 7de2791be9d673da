/** Logging in, second factors and credentials. */
import type { ControllerContext } from '../../context.ts';
import type { TokenServices } from '../../grants/token-services.ts';
import type { EdgeRoutes } from '../routes.ts';
import { addAuthenticateRoutes } from './authenticate-routes.ts';
import { addAuthenticatorActions, addOwnAuthenticatorRoutes } from './authenticator-routes.ts';
import { addCaRoutes } from './ca-routes.ts';
import { addMfaRemoval, addMfaRoutes } from './mfa-routes.ts';
import { addNetworkJwtRoute } from './network-jwt-routes.ts';
import { addSessionCertificateRoutes } from './session-certificate-routes.ts';

/** What both Edge APIs have. */
export function addAuthenticationRoutes(
  routes: EdgeRoutes,
  ctx: ControllerContext,
  tokens: Pick<TokenServices, 'grants'>,
): void {
  addAuthenticateRoutes(routes, ctx, tokens);
  addMfaRoutes(routes, ctx);
  addOwnAuthenticatorRoutes(routes, ctx);
  addSessionCertificateRoutes(routes, ctx);
  addNetworkJwtRoute(routes, ctx);
}

/** What the Management API has beyond that and the entities' own routes. */
export function addAuthenticationAdministration(routes: EdgeRoutes, ctx: ControllerContext): void {
  addCaRoutes(routes, ctx);
  addAuthenticatorActions(routes, ctx);
  addMfaRemoval(routes, ctx);
}
