import { isAppError } from '@postern/shared/errors';
import type { ControllerContext } from '../context.ts';
import type { Proven } from './authentication.ts';

/** The first of the bearer tokens that a signer vouches for and that names an identity. */
export async function loginByExternalJwt(
  { auth, logger }: Pick<ControllerContext, 'auth' | 'logger'>,
  bearers: readonly string[],
): Promise<Proven | undefined> {
  for (const token of bearers) {
    try {
      const jwt = await auth.verifyExternalJwt(token);
      const identity = await auth.findIdentityForExternalJwt(jwt);
      if (identity) return { identity, authenticatorId: `extJwtId:${jwt.signer.id}` };
    } catch (error) {
      if (!isAppError(error)) throw error;
      logger.info('auth.external-jwt-refused', { code: error.code });
    }
  }
  return undefined;
}
