import type { LoginTexts } from '../words/login/index.ts';
import { element } from './elements.ts';
import type { Problem } from './problems.ts';

/**
 * User name and password. `submit` resolves to what went wrong; on success the page navigates away,
 * so the form stays busy.
 */
export function passwordForm(
  submit: (username: string, password: string) => Promise<Problem | undefined>,
  { plain, texts }: { plain: boolean; texts: LoginTexts },
): HTMLFormElement {
  const username = element('input', {
    id: 'username',
    name: 'username',
    autocomplete: 'username',
    required: true,
    maxLength: 256,
    spellcheck: false,
    attributes: { autocapitalize: 'none' },
  });
  const password = element('input', {
    id: 'password',
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    required: true,
    maxLength: 256,
    attributes: { 'aria-describedby': 'message' },
  });
  const message = element('p', {
    id: 'message',
    className: 'message',
    attributes: { role: 'alert' },
  });
  const button = element('button', { className: plain ? 'plain' : '', textContent: texts.signIn });

  const say = (words: string, isHint = false) => {
    message.textContent = words;
    message.classList.toggle('hint', isHint);
  };
  const setBusy = (busy: boolean) => {
    // Not `disabled`: that would drop the focus.
    button.setAttribute('aria-disabled', String(busy));
    button.textContent = busy ? texts.signingIn : texts.signIn;
  };
  const setInvalid = (invalid: boolean) => {
    for (const field of [username, password]) field.setAttribute('aria-invalid', String(invalid));
  };

  const noteCapsLock = (event: KeyboardEvent) => {
    const on = event.getModifierState('CapsLock');
    if (on && message.textContent === '') say(texts.capsLock, true);
    if (!on && message.classList.contains('hint')) say('');
  };
  password.addEventListener('keydown', noteCapsLock);
  password.addEventListener('keyup', noteCapsLock);

  async function send(): Promise<void> {
    setBusy(true);
    setInvalid(false);
    say('');
    const problem = await submit(username.value, password.value);
    if (problem === undefined) return;
    setBusy(false);
    setInvalid(problem.code === 'ERR_LOGIN_REFUSED');
    say(problem.code === 'ERR_LOGIN_REFUSED' ? problem.next : `${problem.title}. ${problem.next}`);
    password.select();
  }

  return element(
    'form',
    {
      className: plain ? '' : 'alone',
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        if (button.getAttribute('aria-disabled') !== 'true') void send();
      },
    },
    element('label', { htmlFor: username.id, textContent: texts.userName }),
    username,
    element('label', { htmlFor: password.id, textContent: texts.password }),
    password,
    message,
    button,
  );
}
