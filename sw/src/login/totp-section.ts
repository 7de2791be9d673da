/** A signed-in person's authenticator app: set up, given new recovery codes, removed. */
import { fill, type Language } from '@postern/shared/language';
import type { OwnTotp } from '@postern/shared/schemas';
import { loginTexts } from '../words/login/index.ts';
import type { TotpAct } from './controller-api.ts';
import { actionButton } from './action-button.ts';
import { codeForm } from './code-form.ts';
import { element } from './elements.ts';
import { problemOf, type Problem } from './problems.ts';
import { recoveryCodes, setupSteps } from './totp-setup.ts';

export function totpSection(
  first: OwnTotp,
  act: (act: TotpAct, code?: string) => Promise<OwnTotp>,
  language: Language,
): HTMLElement {
  const texts = loginTexts[language];
  const words = texts.totp;
  const heading = element('h2', { id: 'totp', textContent: words.title, tabIndex: -1 });
  const said = element('p', { className: 'unseen', attributes: { role: 'status' } });
  const content = element('div');

  const tried = async (work: () => Promise<void>): Promise<Problem | undefined> => {
    try {
      await work();
      return undefined;
    } catch (error) {
      return problemOf(error, language);
    }
  };
  /** Back to where it began; the focus was on something that is gone. */
  const show = (state: OwnTotp, message = ''): void => {
    content.replaceChildren(...(state.isSetUp ? held(state) : absent()));
    said.textContent = message;
    if (message !== '') heading.focus();
  };
  const cancel = (): HTMLElement =>
    actionButton(words.cancel, () => tried(async () => show(await act('state'))), { plain: true });
  /** Asks for a code, then does `next` with it. */
  const ask = (next: 'remove' | 'recovery-codes', action: string): void => {
    const form = codeForm(
      (code) =>
        tried(async () => {
          const state = await act(next, code);
          if (state.recoveryCodes) showCodes(state, state.recoveryCodes);
          else show(state, words.removed);
        }),
      { label: words.codeLabel, action, busy: texts.checking },
    );
    content.replaceChildren(form, cancel());
    form.querySelector('input')?.focus();
  };
  const showCodes = (state: OwnTotp, codes: readonly string[]): void => {
    show(state, words.renewed);
    content.prepend(
      element('p', { className: 'text', textContent: words.renewed }),
      recoveryCodes(codes),
    );
  };
  const begin = (): Promise<Problem | undefined> =>
    tried(async () => {
      const { setup } = await act('begin');
      if (!setup) return;
      const form = codeForm(
        (code) => tried(async () => show(await act('verify', code), words.done)),
        { label: texts.setUp.codeLabel, action: texts.setUp.finish, busy: texts.checking },
      );
      content.replaceChildren(...setupSteps(setup, words.scan, texts), form, cancel());
      said.textContent = words.scan;
      heading.focus();
    });

  function absent(): HTMLElement[] {
    return [
      element('p', { className: 'text', textContent: words.off }),
      actionButton(words.begin, begin, { plain: true }),
    ];
  }
  function held({ recoveryCodesLeft }: OwnTotp): HTMLElement[] {
    const count = String(recoveryCodesLeft);
    const button = (label: string, next: 'remove' | 'recovery-codes'): HTMLElement =>
      actionButton(
        label,
        () => {
          ask(next, label);
          return Promise.resolve(undefined);
        },
        { plain: true },
      );
    return [
      element('p', { className: 'text', textContent: fill(words.on, { count }) }),
      button(words.renew, 'recovery-codes'),
      button(words.remove, 'remove'),
    ];
  }
  show(first);
  return element(
    'section',
    { className: 'totp', attributes: { 'aria-labelledby': heading.id } },
    heading,
    said,
    content,
  );
}
