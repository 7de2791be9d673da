import { element } from './elements.ts';
import type { Problem } from './problems.ts';

/** A one-time code. `submit` resolves to what went wrong; on success the page moves on. */
export function codeForm(
  submit: (code: string) => Promise<Problem | undefined>,
  { label, action, busy }: { label: string; action: string; busy: string },
): HTMLFormElement {
  const input = element('input', {
    id: 'code',
    name: 'code',
    className: 'digits',
    autocomplete: 'one-time-code',
    required: true,
    minLength: 6,
    maxLength: 6,
    spellcheck: false,
    attributes: { autocapitalize: 'none', 'aria-describedby': 'message' },
  });
  const message = element('p', {
    id: 'message',
    className: 'message',
    attributes: { role: 'alert' },
  });
  const button = element('button', { textContent: action });
  const setBusy = (isBusy: boolean) => {
    button.setAttribute('aria-disabled', String(isBusy));
    button.textContent = isBusy ? busy : action;
  };

  async function send(): Promise<void> {
    setBusy(true);
    message.textContent = '';
    input.setAttribute('aria-invalid', 'false');
    const problem = await submit(input.value.trim());
    if (problem === undefined) return;
    setBusy(false);
    input.setAttribute('aria-invalid', 'true');
    message.textContent = problem.next;
    input.select();
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
    element('label', { htmlFor: input.id, textContent: label }),
    input,
    message,
    button,
  );
}
