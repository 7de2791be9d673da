/** Logging in, second factors and one's own credentials: what both Edge APIs have of it. */
import type { ControllerContext } from '../../context.ts';
import type { EdgeRoutes } from '../routes.ts';
import { addAuthenticateRoutes } from './authenticate-routes.ts';
import { addMfaRoutes } from './mfa-routes.ts';
export { addMfaRemoval } from './mfa-routes.ts';
import { addSessionCertificateRoutes } from './session-certificate-routes.ts';

export function addAuthenticationRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  addAuthenticateRoutes(routes, ctx);
  addMfaRoutes(routes, ctx);
  addSessionCertificateRoutes(routes, ctx);
}
