/** The requests as a table, each with a bar of its parts on one scale of time. */
import { fill } from '@postern/shared/language';
import type { RequestReport, StatusReport } from '../messages/status.ts';
import type { StatusTexts } from '../words/status/index.ts';
import { element, svgElement } from './dom.ts';
import { phasesOf } from './har.ts';
import { note, section } from './sections.ts';
import { formatBytes, formatMs } from './units.ts';

/** Units of the bars' own scale. */
const WIDTH = 1000;
const PARTS = ['queued', 'opened', 'application', 'body'] as const;

export function requestsSection(
  { requests, nowMs }: StatusReport,
  texts: StatusTexts,
  language: string,
): HTMLElement {
  if (requests.length === 0) return section(texts.requests, element('p', {}, texts.none));
  const latestFirst = [...requests].reverse();
  const longestMs = Math.max(1, ...requests.map((request) => total(request, nowMs)));
  const head = [texts.request, texts.answer, texts.size, texts.duration, texts.course].map(
    (title) => element('th', { scope: 'col' }, title),
  );
  const rows = latestFirst.map((request) => row(request, nowMs, longestMs, texts, language));
  return section(
    texts.requests,
    note(fill(texts.requestsNote, { count: requests.length })),
    legend(texts),
    element(
      'div',
      // What scrolls must be reached by keyboard.
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': texts.requests },
      element(
        'table',
        {},
        element('thead', {}, element('tr', {}, ...head)),
        element('tbody', {}, ...rows),
      ),
    ),
  );
}

function row(
  request: RequestReport,
  nowMs: number,
  longestMs: number,
  texts: StatusTexts,
  language: string,
): HTMLElement {
  const { method, url, status, error, endedMs, receivedBytes } = request;
  const { pathname } = new URL(url);
  const answer = error ?? (status === undefined ? texts.open : String(status));
  return element(
    'tr',
    {},
    element('td', { title: pathname }, `${method} ${pathname}`),
    element('td', {}, answer),
    element('td', {}, formatBytes(receivedBytes, language)),
    element('td', {}, endedMs === undefined ? texts.open : formatMs(endedMs, language)),
    element('td', { class: 'course' }, bar(request, nowMs, longestMs, texts, language)),
  );
}

function total({ startedMs, endedMs }: RequestReport, nowMs: number): number {
  return endedMs ?? Math.max(0, nowMs - startedMs);
}

function bar(
  request: RequestReport,
  nowMs: number,
  longestMs: number,
  texts: StatusTexts,
  language: string,
): Node {
  const { queued, way, application, body } = phasesOf(
    request.endedMs === undefined ? { ...request, endedMs: total(request, nowMs) } : request,
  );
  const lengths = { queued, opened: way, application, body };
  const words = request.fromCache
    ? texts.phases.cache
    : PARTS.filter((part) => lengths[part] > 0)
        .map((part) => `${texts.phases[part]} ${formatMs(lengths[part], language)}`)
        .join(', ');
  let x = 0;
  const parts = PARTS.map((part) => {
    const width = (lengths[part] / longestMs) * WIDTH;
    const rect = svgElement('rect', { class: part, x, y: 0, width, height: 10 });
    x += width;
    return rect;
  });
  const title = svgElement('title', {});
  title.textContent = words;
  return svgElement(
    'svg',
    {
      class: 'bar',
      viewBox: `0 0 ${WIDTH} 10`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': words,
    },
    title,
    ...parts,
  );
}

function legend(texts: StatusTexts): HTMLElement {
  return element(
    'ul',
    { class: 'legend' },
    ...PARTS.map((part) => {
      const box = svgElement('rect', { class: part, width: 10, height: 10 });
      const sample = svgElement('svg', { viewBox: '0 0 10 10', 'aria-hidden': 'true' }, box);
      return element('li', {}, sample, texts.phases[part]);
    }),
  );
}
