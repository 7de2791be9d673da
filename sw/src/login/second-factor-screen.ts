/** What asks for the second factor: a code, a passkey, or setting up an authenticator app. */
import type { SecondFactor } from '@postern/shared/schemas';
import type { LoginTexts } from '../words/login/index.ts';
import { actionButton } from './action-button.ts';
import { codeForm } from './code-form.ts';
import { element } from './elements.ts';
import type { Problem } from './problems.ts';
import { setupSteps } from './totp-setup.ts';

export type TotpFactor = Extract<SecondFactor['factor'], { type: 'totp' }>;
type Setup = NonNullable<TotpFactor['setup']>;

export interface SecondFactorHandlers {
  code: (code: string) => Promise<Problem | undefined>;
  passkey: () => Promise<Problem | undefined>;
}

export function secondFactorScreen(
  factor: TotpFactor,
  on: SecondFactorHandlers,
  texts: LoginTexts,
): { title: string; content: Node[] } {
  if (factor.setup) return setupScreen(factor.setup, on.code, texts);
  const content: Node[] = [];
  if (factor.passkey) content.push(actionButton(texts.usePasskey, on.passkey));
  if (factor.passkey && factor.code)
    content.push(element('p', { className: 'or', textContent: texts.orCode }));
  if (factor.code) {
    const { codeLabel: label, continue: action, checking: busy } = texts;
    content.push(codeForm(on.code, { label, action, busy }));
  }
  return { title: texts.moreStep, content };
}

function setupScreen(setup: Setup, submit: SecondFactorHandlers['code'], texts: LoginTexts) {
  const words = texts.setUp;
  const { codeLabel: label, finish: action } = words;
  return {
    title: words.title,
    content: [
      ...setupSteps(setup, words.scan, texts),
      codeForm(submit, { label, action, busy: texts.checking }),
    ],
  };
}
