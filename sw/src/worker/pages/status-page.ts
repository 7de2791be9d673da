/** `/.postern/status`: how this browser is connected, for people and for whoever helps them. Its script fills it in. */
import { source } from 'virtual:postern-status';
import { pageTexts } from '../../words/pages/index.ts';
import { html } from './html.ts';
import type { Look } from './look.ts';
import { pageResponse } from './page.ts';
import statusStyle from './status-page.css?raw';

export function statusPage(look: Look): Promise<Response> {
  const { title } = pageTexts[look.language].status;
  return pageResponse(look, {
    status: 200,
    title,
    body: html`<h1>${title}</h1>
      <div id="status"></div>`,
    script: source,
    style: statusStyle,
    isProblem: true,
  });
}
