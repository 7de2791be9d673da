import type { ControllerContext } from '../context.ts';
import type { Authentication } from './authentication.ts';
import { createExternalJwtVerifier } from './external-jwt.ts';
import { loginByPassword } from './password-login.ts';

export function createAuthentication(
  ctx: Pick<ControllerContext, 'store' | 'clock' | 'config' | 'events' | 'logger'>,
): Authentication {
  return {
    verifyPassword: async (username, password) =>
      (await loginByPassword(ctx, username, password))?.identity,
    ...createExternalJwtVerifier(ctx),
  };
}
