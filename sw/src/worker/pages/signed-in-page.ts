/** Where a sign-in in a window of its own ends: the page that asked for it goes on. */
import { pageTexts } from '../../words/pages/index.ts';
import { html } from './html.ts';
import type { Look } from './look.ts';
import { pageResponse } from './page.ts';

/** Browsers let only some windows close themselves; the text is for the others. */
const CLOSE = 'close()';

export function signedInPage(look: Look): Promise<Response> {
  const { title, text } = pageTexts[look.language].signedIn;
  return pageResponse(look, {
    status: 200,
    title,
    body: html`<h1>${title}</h1>
      <p>${text}</p>`,
    script: CLOSE,
  });
}
