/**
 * A worker needs a page to live in. Where a navigation is its to answer and no page is open, this page
 * comes first: it starts the worker and loads the same address again, which the worker then answers,
 * without network if it can. It shows nothing unless that takes long.
 */
import { html } from '../pages/html.ts';
import { pageResponse } from '../pages/page.ts';
import type { WorkerRecord } from './registry.ts';

export function starterPage(script: string, { id }: Pick<WorkerRecord, 'id'>): Promise<Response> {
  return pageResponse(
    200,
    'Opening…',
    html`<p id="starting" data-worker="${id}" hidden>Opening…</p>`,
    {
      script,
      workers: true,
    },
  );
}
