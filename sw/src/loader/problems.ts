import { wordsFor } from '../worker/pages/error-page.ts';

/** What a person is told: what happened, and what to do about it. */
interface Problem {
  title: string;
  next: string;
  action: string;
}

const TRY_AGAIN = 'Try again';
const SIGN_IN = 'Sign in again';

/** Problems that only the loader can have. */
const own = {
  ERR_LOADER_UNSUPPORTED: {
    title: 'This browser cannot open the application',
    next: 'Use a current version of Chrome, Edge, Firefox or Safari, and a normal window instead of a private one.',
    action: TRY_AGAIN,
  },
  ERR_LOADER_LOOP: {
    title: 'The application does not open',
    next: 'Your browser comes back to this page again and again. Close other tabs of this site and try again. If it happens again, report the code below.',
    action: TRY_AGAIN,
  },
  ERR_LOADER_WORKER_FAILED: {
    title: 'The secure connection could not be set up',
    next: 'Your browser did not start its part of it. Check that this site may store data, and try again.',
    action: TRY_AGAIN,
  },
  ERR_LOADER_TIMEOUT: {
    title: 'Connecting takes too long',
    next: 'Check your network connection and try again.',
    action: TRY_AGAIN,
  },
} as const satisfies Record<string, Problem>;

type LoaderCode = keyof typeof own;

const signInCodes = new Set(['ERR_SESSION_ENDED', 'ERR_TOKEN_INVALID']);

/** Words for any code: the loader's own, then those the worker's error pages have. */
export function problemOf(code: string): Problem {
  if (Object.hasOwn(own, code)) return own[code as LoaderCode];
  const { title, next } = wordsFor(code);
  return { title, next, action: signInCodes.has(code) ? SIGN_IN : TRY_AGAIN };
}
