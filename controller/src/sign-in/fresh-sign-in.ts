import { AppError } from '@postern/shared/errors';
import type { SignInSession } from './sessions.ts';

/** Ways in are added and taken away after a sign-in as fresh as this: an open browser alone does not do. */
const FRESH_SIGN_IN_MS = 15 * 60_000;

/** @throws AppError ERR_LOGIN_NOT_FRESH (403) */
export function requireFreshSignIn(
  { createdAtMs }: Pick<SignInSession, 'createdAtMs'>,
  nowMs: number,
): void {
  if (nowMs - createdAtMs <= FRESH_SIGN_IN_MS) return;
  throw new AppError('ERR_LOGIN_NOT_FRESH', 'the sign-in is too long ago', {
    status: 403,
    publicMessage: 'Sign out, sign in again, and make the change within 15 minutes.',
  });
}
