/** What asks for the second factor: a code, a passkey, or setting up an authenticator app. */
import type { SecondFactor } from '@postern/shared/schemas';
import type { LoginTexts } from '../words/login/index.ts';
import { actionButton } from './action-button.ts';
import { codeForm } from './code-form.ts';
import { element } from './elements.ts';
import type { Problem } from './problems.ts';

export type TotpFactor = Extract<SecondFactor['factor'], { type: 'totp' }>;
type Setup = NonNullable<TotpFactor['setup']>;

export interface SecondFactorHandlers {
  code: (code: string) => Promise<Problem | undefined>;
  passkey: () => Promise<Problem | undefined>;
}

const SVG = 'http://www.w3.org/2000/svg';

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
  return {
    title: words.title,
    content: [
      text(words.scan),
      qrCode(setup.qr, words.qr),
      element(
        'p',
        { className: 'text' },
        `${words.type} `,
        element('code', { className: 'key', textContent: spaced(setup.secret) }),
      ),
      element(
        'details',
        { className: 'text' },
        element('summary', { textContent: words.recovery }),
        element(
          'ul',
          { className: 'codes' },
          ...setup.recoveryCodes.map((code) =>
            element('li', {}, element('code', { textContent: code })),
          ),
        ),
      ),
      codeForm(submit, { label: words.codeLabel, action: words.finish, busy: texts.checking }),
    ],
  };
}

/** Drawn as SVG: this page loads no images. Dark on light in any colour scheme, as scanners want it. */
function qrCode({ size, path }: Setup['qr'], label: string): Node {
  const quiet = 4;
  const svg = document.createElementNS(SVG, 'svg');
  const side = size + 2 * quiet;
  svg.setAttribute('viewBox', `${-quiet} ${-quiet} ${side} ${side}`);
  svg.setAttribute('class', 'qr');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  const dark = document.createElementNS(SVG, 'path');
  dark.setAttribute('d', path);
  svg.append(dark);
  return svg;
}

/** In groups of four, which are easier to copy. */
const spaced = (secret: string): string => secret.replaceAll(/(.{4})(?=.)/g, '$1 ');

const text = (words: string) => element('p', { className: 'text', textContent: words });
