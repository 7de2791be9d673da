import { element } from './elements.ts';
import type { Problem } from './problems.ts';

/** A button with room for what went wrong beneath it, so that a message moves nothing. */
export function actionButton(
  words: string,
  act: () => Promise<Problem | undefined>,
  { plain = false, label }: { plain?: boolean; label?: string } = {},
): HTMLElement {
  const message = element('p', { className: 'message', attributes: { role: 'alert' } });
  const button = element('button', {
    type: 'button',
    className: plain ? 'plain' : '',
    textContent: words,
    ...(label !== undefined && { attributes: { 'aria-label': label } }),
  });
  async function run(): Promise<void> {
    button.setAttribute('aria-disabled', 'true');
    message.textContent = '';
    const problem = await act();
    button.setAttribute('aria-disabled', 'false');
    if (problem) message.textContent = `${problem.title}. ${problem.next}`;
  }
  button.onclick = () => {
    if (button.getAttribute('aria-disabled') !== 'true') void run();
  };
  return element('div', { className: 'action' }, button, message);
}
