/**
 * A worker needs a page to live in. Where a navigation is its to answer and no page is open, this page
 * comes first: it starts the worker and loads the same address again, which the worker then answers,
 * without network if it can. It shows nothing unless that takes long.
 */
import { pageTexts } from '../../words/pages/index.ts';
import { html } from '../pages/html.ts';
import type { Look } from '../pages/look.ts';
import { pageResponse } from '../pages/page.ts';
import type { WorkerRecord } from './registry.ts';

export function starterPage(
  look: Look,
  script: string,
  { id }: Pick<WorkerRecord, 'id'>,
): Promise<Response> {
  const { title } = pageTexts[look.language].starting;
  return pageResponse(look, {
    status: 200,
    title,
    body: html`<p id="starting" data-worker="${id}" hidden>${title}</p>`,
    script,
    workers: true,
  });
}
