import type { ControllerContext } from '../context.ts';
import type { Authentication } from './authentication.ts';
import { createExternalJwtVerifier } from './external-jwt.ts';
import { hideDuration } from './hide-duration.ts';
import { loginByPassword } from './password-login.ts';
import { createSessionTokenVerifier } from './session-token.ts';

export function createAuthentication(
  ctx: Pick<ControllerContext, 'store' | 'clock' | 'config' | 'events' | 'logger' | 'endpoints'>,
): Authentication {
  return {
    verifyPassword: (username, password) =>
      hideDuration(() => loginByPassword(ctx, username, password)),
    verifySessionToken: createSessionTokenVerifier(ctx, 'access'),
    ...createExternalJwtVerifier(ctx),
  };
}
