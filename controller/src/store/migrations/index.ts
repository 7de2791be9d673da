/** Every migration in order; a released one is never edited. */
import type { Migration } from 'kysely';
import * as model from './0001-model.ts';
import * as signIn from './0002-sign-in.ts';
import * as severalControllers from './0003-several-controllers.ts';
import * as transitRouters from './0004-transit-routers.ts';
import * as sessions from './0005-sessions.ts';
import * as authentication from './0006-authentication.ts';
import * as postureAndAudit from './0007-posture-and-audit.ts';
import * as controllers from './0008-controllers.ts';
import * as certificateRenewal from './0009-certificate-renewal.ts';
import * as brandings from './0010-brandings.ts';
import * as encryption from './0011-encryption.ts';
import * as accessRequests from './0012-access-requests.ts';

export const migrations: Record<string, Migration> = {
  '0001-model': model,
  '0002-sign-in': signIn,
  '0003-several-controllers': severalControllers,
  '0004-transit-routers': transitRouters,
  '0005-sessions': sessions,
  '0006-authentication': authentication,
  '0007-posture-and-audit': postureAndAudit,
  '0008-controllers': controllers,
  '0009-certificate-renewal': certificateRenewal,
  '0010-brandings': brandings,
  '0011-encryption': encryption,
  '0012-access-requests': accessRequests,
};
