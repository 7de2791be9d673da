import { isAppError, isReasonCode, reasons } from '@postern/shared/errors';

export interface Problem {
  title: string;
  next: string;
  code: string;
  /** This sign-in cannot be repeated: the application has to begin a new one. */
  isOver: boolean;
}

/** Problems of signing in itself; others come from the shared table of reasons. */
const own: Readonly<Record<string, { title: string; next: string }>> = {
  ERR_INTERACTION_NOT_FOUND: {
    title: 'This sign-in has expired',
    next: 'Open the application again to start anew.',
  },
  ERR_LOGIN_STATE: {
    title: 'This sign-in was not started in this tab',
    next: 'Open the application again to start anew.',
  },
  ERR_LOGIN_IDP_REFUSED: {
    title: 'Your identity provider did not sign you in',
    next: 'Try again, or choose another way to sign in.',
  },
  ERR_LOGIN_IDP_UNREACHABLE: {
    title: 'Your identity provider does not answer',
    next: 'Check your network connection and try again in a minute.',
  },
  ERR_LOGIN_REFUSED: {
    title: 'You were not signed in',
    next: 'Try again, or ask the person who manages access.',
  },
  ERR_LOGIN_TOO_MANY: {
    title: 'Too many attempts',
    next: 'Wait a minute and try again.',
  },
  ERR_LOGIN_NO_METHOD: {
    title: 'There is no way to sign in to this application',
    next: 'Ask the person who manages it to set one up.',
  },
  ERR_LOGIN_BAD_RESUME: {
    title: 'The answer of the controller was not accepted',
    next: 'You were not sent on, to protect you. Report the code below.',
  },
  ERR_LOGIN_STEP_INVALID: {
    title: 'This sign-in took too long',
    next: 'Sign in again from the start.',
  },
  ERR_LOGIN_NOT_FRESH: {
    title: 'Your sign-in is too long ago for this',
    next: 'Sign out, sign in again, and try once more.',
  },
  ERR_PASSKEY_CANCELLED: {
    title: 'No passkey was used',
    next: 'Try again, or choose another way.',
  },
  ERR_PASSKEY_FAILED: {
    title: 'The passkey did not work',
    next: 'Try again, or choose another way.',
  },
  ERR_PASSKEY_REFUSED: {
    title: 'This passkey could not be added',
    next: 'Try again, or use another one.',
  },
  ERR_DPOP_INVALID: {
    title: 'This device could not prove who it is',
    next: 'Check that the clock of your device is right, and try again.',
  },
  ERR_LOGIN_UNSUPPORTED: {
    title: 'This browser cannot be used to sign in',
    next: 'Use a current version of Chrome, Edge, Firefox or Safari, and a normal window instead of a private one.',
  },
};

const overCodes = new Set(['ERR_INTERACTION_NOT_FOUND', 'ERR_LOGIN_STATE']);

/** Words for any error; what the controller says in public goes before our own advice. */
export function problemOf(error: unknown): Problem {
  const code = isAppError(error) ? error.code : 'ERR_LOGIN_FAILED';
  const words = isReasonCode(code) ? reasons[code] : own[code];
  const { title, next } = words ?? {
    title: 'Signing in did not work',
    next: 'Try again. If it happens again, report the code below.',
  };
  const said = isAppError(error) ? error.publicMessage : undefined;
  return { title, next: said ?? next, code, isOver: overCodes.has(code) };
}
