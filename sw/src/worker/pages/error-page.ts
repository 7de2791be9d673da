/** What a person sees when the application cannot be shown: what happened, what to do, a code. */
import { isAppError, isReasonCode, reasons } from '@postern/shared/errors';
import { html } from './html.ts';
import { pageResponse } from './page.ts';

interface Words {
  title: string;
  next: string;
}

/** Codes that arise in the worker itself. */
const OWN_WORDS: Record<string, Words> = {
  ERR_SIGN_IN_REFUSED: {
    title: 'You were not signed in',
    next: 'Try again, or ask the person who manages access.',
  },
  ERR_SIGN_IN_INVALID: {
    title: 'The sign-in could not be completed',
    next: 'Open the application again to sign in anew.',
  },
  ERR_SIGN_IN_UNKNOWN: {
    title: 'This sign-in took too long or was started elsewhere',
    next: 'Open the application again to sign in anew.',
  },
  ERR_SIGN_IN_LOOP: {
    title: 'You were signed in, but the session ended at once',
    next: 'Check that the clock of this device is right, then try again.',
  },
  ERR_SW_CONFIG: {
    title: 'This address is not set up for an application',
    next: 'Check the address, or ask the person who manages access.',
  },
  ERR_SW_STORAGE: {
    title: 'This browser does not keep what is needed to sign in',
    next: 'Allow this site to store data, or leave private browsing, and try again.',
  },
};

const FALLBACK: Words = {
  title: 'Something went wrong on the way to the application',
  next: 'Try again. If it happens again, report the code below.',
};

/** The words for a code. */
export function wordsFor(code: string): Words {
  if (isReasonCode(code)) return reasons[code];
  return (Object.hasOwn(OWN_WORDS, code) ? OWN_WORDS[code] : undefined) ?? FALLBACK;
}

/** The code a thrown value is shown under; never its message. */
export function codeOf(error: unknown): string {
  return isAppError(error) ? error.code : 'ERR_SW_INTERNAL';
}

/** HTTP status of the page for a code: who is refused gets 403, everything else may pass. */
export function statusFor(code: string): number {
  switch (code) {
    case 'ERR_ACCESS_REMOVED':
    case 'ERR_ACCESS_NO_POLICY':
    case 'ERR_POSTURE_FAILED':
    case 'ERR_IDENTITY_DISABLED':
    case 'ERR_SIGN_IN_REFUSED':
      return 403;
    case 'ERR_SESSION_ENDED':
    case 'ERR_TOKEN_INVALID':
      return 401;
    default:
      return 503;
  }
}

/** The page for `error`; `retryUrl` (of this origin) is behind its button. */
export async function errorPage(error: unknown, retryUrl: string): Promise<Response> {
  const code = codeOf(error);
  const { title, next } = wordsFor(code);
  const said = isAppError(error) ? error.publicMessage : undefined;
  const { pathname, search } = new URL(retryUrl);
  return pageResponse(
    statusFor(code),
    title,
    html`<h1>${title}</h1>
      ${said === undefined ? '' : html`<p>${said}</p>`}
      <p>${next}</p>
      <p><a class="button" href="${pathname + search}">Try again</a></p>
      <small>Code: <code>${code}</code></small>`,
  );
}
