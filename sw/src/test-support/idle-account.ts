import type { ControllerApi } from '../login/controller-api.ts';

const unexpected = (): Promise<never> => Promise.reject(new Error('not expected to be called'));

/** The part of the API that a signed-in person's own page uses, for tests that call none of it. */
export const idleAccount: Pick<
  ControllerApi,
  'ownSessions' | 'endOwnSession' | 'passkeys' | 'portal' | 'askForAccess' | 'totp'
> = {
  ownSessions: unexpected,
  endOwnSession: unexpected,
  passkeys: unexpected,
  portal: unexpected,
  askForAccess: unexpected,
  totp: unexpected,
};
