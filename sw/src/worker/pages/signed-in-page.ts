/** Where a sign-in in a window of its own ends: the page that asked for it goes on. */
import { html } from './html.ts';
import { pageResponse } from './page.ts';

/** Browsers let only some windows close themselves; the text is for the others. */
const CLOSE = 'close()';

export function signedInPage(): Promise<Response> {
  return pageResponse(
    200,
    'You are signed in',
    html`<h1>You are signed in</h1>
      <p>Close this window and go on where you were.</p>`,
    { script: CLOSE },
  );
}
