/** What sets up an authenticator app: a QR code, the key as text, and recovery codes to keep. */
import type { SecondFactor } from '@postern/shared/schemas';
import type { LoginTexts } from '../words/login/index.ts';
import { element } from './elements.ts';

type Setup = NonNullable<Extract<SecondFactor['factor'], { type: 'totp' }>['setup']>;

const SVG = 'http://www.w3.org/2000/svg';

export function setupSteps(setup: Setup, scan: string, { setUp: words }: LoginTexts): Node[] {
  return [
    text(scan),
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
      recoveryCodes(setup.recoveryCodes),
    ),
  ];
}

export function recoveryCodes(codes: readonly string[]): HTMLElement {
  return element(
    'ul',
    { className: 'codes' },
    ...codes.map((code) => element('li', {}, element('code', { textContent: code }))),
  );
}

/** Drawn as SVG: no image is loaded. Dark on light in any colour scheme, as scanners want it. */
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
