/** What a person sees when the application cannot be shown: what happened, where, what to do, a code. */
import { isAppError } from '@postern/shared/errors';
import { problemTexts, retryText, wayOf, wordsFor } from '../../words/problems/index.ts';
import { html } from './html.ts';
import type { Look } from './look.ts';
import { all, pageResponse } from './page.ts';

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

/** Refused by policy alone: an administrator can grant it. */
const lacksPolicy = (code: string): boolean =>
  code === 'ERR_ACCESS_NO_POLICY' || code === 'ERR_ACCESS_REMOVED';

/**
 * The page for `error`.
 *
 * @param retryUrl of this origin; behind the button
 * @param askUrl where to ask for access; behind the button of whom policy refuses
 */
export async function errorPage(
  look: Look,
  error: unknown,
  retryUrl: string,
  askUrl?: string,
): Promise<Response> {
  const code = codeOf(error);
  const { title, next } = wordsFor(code, look.language);
  const texts = problemTexts[look.language];
  const said = isAppError(error) ? error.publicMessage : undefined;
  const { pathname, search } = new URL(retryUrl);
  const mayAsk = askUrl !== undefined && lacksPolicy(code);
  const way = wayOf(code).map(
    ({ station, state }) =>
      html`<li class="${state}">
        ${texts.stations[station]}<span class="unseen"> (${texts[state]})</span>
      </li>`,
  );
  return pageResponse(look, {
    status: statusFor(code),
    title,
    body: html`<h1>${title}</h1>
      ${said === undefined ? '' : html`<p>${said}</p>`}
      <p>${next}</p>
      <p>
        ${mayAsk ? html`<a class="button" href="${askUrl}">${texts.ask}</a>` : ''}
        <a class="button${mayAsk ? ' plain' : ''}" href="${pathname + search}"
          >${retryText(code, texts)}</a
        >
      </p>
      ${
        way.length === 0
          ? ''
          : html`<ul class="way" aria-label="${texts.way}">
              ${all(way)}
            </ul>`
      }
      <p class="code">${texts.code}: <code>${code}</code></p>`,
    isProblem: true,
  });
}
