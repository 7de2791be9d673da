/** Asks for access to an application, with a few words why. */
import { MAX_ACCESS_MESSAGE } from '@postern/shared/schemas';
import type { LoginTexts } from '../words/login/index.ts';
import { element } from './elements.ts';
import type { Problem } from './problems.ts';

/** `submit` resolves to what went wrong; on success the page moves on. */
export function askForm(
  submit: (message: string) => Promise<Problem | undefined>,
  { ask: texts }: Pick<LoginTexts, 'ask'>,
): HTMLFormElement {
  const field = element('textarea', {
    id: 'reason',
    name: 'reason',
    rows: 3,
    maxLength: MAX_ACCESS_MESSAGE,
    attributes: { 'aria-describedby': 'message' },
  });
  const message = element('p', {
    id: 'message',
    className: 'message',
    attributes: { role: 'alert' },
  });
  const button = element('button', { textContent: texts.send });
  async function send(): Promise<void> {
    button.setAttribute('aria-disabled', 'true');
    button.textContent = texts.sending;
    message.textContent = '';
    const problem = await submit(field.value.trim());
    if (problem === undefined) return;
    button.setAttribute('aria-disabled', 'false');
    button.textContent = texts.send;
    message.textContent = `${problem.title}. ${problem.next}`;
  }
  return element(
    'form',
    {
      className: 'alone',
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        if (button.getAttribute('aria-disabled') !== 'true') void send();
      },
    },
    element('label', { htmlFor: field.id, textContent: texts.label }),
    field,
    message,
    button,
  );
}
