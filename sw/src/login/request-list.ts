/** What a person asked for, and what became of it. */
import { fill, type Language } from '@postern/shared/language';
import type { Portal } from '@postern/shared/schemas';
import { loginTexts } from '../words/login/index.ts';
import { element } from './elements.ts';

/** As many as are shown; the latest. */
const MAX_SHOWN = 10;

export function requestList(
  requests: Portal['accessRequests'],
  language: Language,
): HTMLElement | undefined {
  if (requests.length === 0) return undefined;
  const texts = loginTexts[language].requests;
  const heading = element('h2', { id: 'requests', textContent: texts.title });
  const item = ({ application, state, createdAt, answer }: (typeof requests)[number]) =>
    element(
      'li',
      {},
      element('strong', { textContent: application.name }),
      ' ',
      element('span', { className: `state ${state}`, textContent: texts[state] }),
      element('small', {
        textContent: fill(texts.asked, { time: new Date(createdAt).toLocaleDateString(language) }),
      }),
      ...(answer === '' ? [] : [element('small', { textContent: fill(texts.answer, { answer }) })]),
    );
  return element(
    'section',
    { className: 'requests', attributes: { 'aria-labelledby': heading.id } },
    heading,
    element('ul', { className: 'list' }, ...requests.slice(0, MAX_SHOWN).map(item)),
  );
}
