import { problemOf } from './problems.ts';

/** A wait shorter than this shows nothing at all: a flash of a spinner would only disturb. */
const PROGRESS_DELAY_MS = 300;
/** When the first words are replaced by calming ones. */
const SLOW_DELAY_MS = 6_000;

interface LoaderView {
  /** Replaces the progress by what happened and what to do. */
  showProblem(code: string, retry: () => void): void;
}

/** Shows the progress, late and without moving anything. */
export function createView(page: Document): LoaderView {
  const element = (id: string) => {
    const found = page.getElementById(id);
    if (!found) throw new Error(`no element ${id}`);
    return found;
  };
  const progress = element('progress');
  const say = (text: string) => {
    element('progress-text').textContent = text;
    progress.classList.add('visible');
  };
  const timers = [
    setTimeout(() => say('Connecting securely…'), PROGRESS_DELAY_MS),
    setTimeout(() => say('Still connecting. This takes longer than usual…'), SLOW_DELAY_MS),
  ];
  return {
    showProblem(code, retry) {
      timers.forEach(clearTimeout);
      progress.hidden = true;
      const { title, next, action } = problemOf(code);
      page.title = title;
      element('problem-title').textContent = title;
      element('problem-next').textContent = next;
      element('problem-code').textContent = code;
      const button = element('problem-retry');
      button.textContent = action;
      button.onclick = retry;
      const problem = element('problem');
      problem.hidden = false;
      problem.focus();
    },
  };
}
