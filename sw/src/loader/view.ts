import { fill, type Language } from '@postern/shared/language';
import { applyColors, brandMark, supportBox } from '../look/brand.ts';
import { loaderTexts } from '../words/loader/index.ts';
import { problemTexts, retryText, wayOf, wordsFor } from '../words/problems/index.ts';
import type { DocumentFacts } from './document-facts.ts';

/** A wait shorter than this shows nothing at all: a flash of a spinner would only disturb. */
const PROGRESS_DELAY_MS = 300;
/** When calming words join in. */
const SLOW_DELAY_MS = 6_000;

/** What the loader is doing, in the order in which it happens; the last two exclude each other. */
export type Step = 'prepare' | 'ask' | 'open' | 'signIn';
const POSITION: Readonly<Record<Step, number>> = { prepare: 1, ask: 2, open: 3, signIn: 3 };

interface LoaderView {
  /** Says what is being done now. */
  step(step: Step): void;
  /** Replaces the progress by what happened and what to do. */
  showProblem(code: string, retry: () => void): void;
}

/** Shows the progress, late and without moving anything. */
export function createView(
  page: Document,
  language: Language,
  { application, branding }: DocumentFacts,
): LoaderView {
  const texts = loaderTexts[language];
  const problems = problemTexts[language];
  const name = application ?? texts.application;
  const element = (id: string) => {
    const found = page.getElementById(id);
    if (!found) throw new Error(`no element ${id}`);
    return found;
  };
  const say = (id: string, text: string): void => {
    element(id).textContent = text;
  };
  const progress = element('progress');

  page.documentElement.lang = language;
  page.title = fill(texts.title, { name });
  applyColors(branding, page);
  const mark = brandMark(branding, page);
  if (mark) element('brand').replaceChildren(mark);
  const timers = [
    setTimeout(() => progress.classList.add('visible'), PROGRESS_DELAY_MS),
    setTimeout(() => say('progress-slow', texts.slow), SLOW_DELAY_MS),
  ];
  return {
    step(step) {
      say('progress-text', fill(texts.steps[step], { name }));
      element('bar').className = `bar at-${POSITION[step]}`;
    },
    showProblem(code, retry) {
      timers.forEach(clearTimeout);
      progress.hidden = true;
      const { title, next } = wordsFor(code, language);
      page.title = title;
      say('problem-title', title);
      say('problem-next', next);
      say('problem-code-label', problems.code);
      say('problem-code', code);
      say('problem-retry', retryText(code, problems));
      element('problem-retry').onclick = retry;
      const way = element('problem-way');
      way.setAttribute('aria-label', problems.way);
      way.replaceChildren(
        ...wayOf(code).map(({ station, state }) => {
          const item = page.createElement('li');
          item.className = state;
          item.textContent = problems.stations[station];
          const hint = page.createElement('span');
          hint.className = 'unseen';
          hint.textContent = ` (${problems[state]})`;
          item.append(hint);
          return item;
        }),
      );
      const support = supportBox(branding, problems.help, page);
      if (support) element('problem-support').replaceChildren(support);
      const problem = element('problem');
      problem.hidden = false;
      problem.focus();
    },
  };
}
