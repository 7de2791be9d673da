/** What asks for the second factor: a code, a passkey, or setting up an authenticator app. */
import type { SecondFactor } from '@postern/shared/schemas';
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
): { title: string; content: Node[] } {
  if (factor.setup) return setupScreen(factor.setup, on.code);
  const content: Node[] = [];
  if (factor.passkey) content.push(actionButton('Use a passkey', on.passkey));
  if (factor.passkey && factor.code)
    content.push(element('p', { className: 'or', textContent: 'or with a code' }));
  if (factor.code) {
    const label = 'Code of your authenticator app, or a recovery code';
    content.push(codeForm(on.code, { label, action: 'Continue' }));
  }
  return { title: 'One more step', content };
}

function setupScreen(setup: Setup, submit: SecondFactorHandlers['code']) {
  return {
    title: 'Set up an authenticator app',
    content: [
      text('Your account needs a second step. Scan this with an authenticator app:'),
      qrCode(setup.qr),
      element(
        'p',
        { className: 'text' },
        'Or type this key into it: ',
        element('code', { className: 'key', textContent: spaced(setup.secret) }),
      ),
      element(
        'details',
        { className: 'text' },
        element('summary', { textContent: 'Recovery codes: keep them for when you lose the app' }),
        element(
          'ul',
          { className: 'codes' },
          ...setup.recoveryCodes.map((code) =>
            element('li', {}, element('code', { textContent: code })),
          ),
        ),
      ),
      codeForm(submit, { label: 'The code that the app shows', action: 'Finish' }),
    ],
  };
}

/** Drawn as SVG: this page loads no images. Dark on light in any colour scheme, as scanners want it. */
function qrCode({ size, path }: Setup['qr']): Node {
  const quiet = 4;
  const svg = document.createElementNS(SVG, 'svg');
  const side = size + 2 * quiet;
  svg.setAttribute('viewBox', `${-quiet} ${-quiet} ${side} ${side}`);
  svg.setAttribute('class', 'qr');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'QR code for your authenticator app');
  const dark = document.createElementNS(SVG, 'path');
  dark.setAttribute('d', path);
  svg.append(dark);
  return svg;
}

/** In groups of four, which are easier to copy. */
const spaced = (secret: string): string => secret.replaceAll(/(.{4})(?=.)/g, '$1 ');

const text = (words: string) => element('p', { className: 'text', textContent: words });
