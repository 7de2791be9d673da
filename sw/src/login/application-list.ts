/** The applications that a person may open, with a field to find one by. */
import { logoPath } from '@postern/shared/branding';
import { fill } from '@postern/shared/language';
import type { Portal } from '@postern/shared/schemas';
import type { LoginTexts } from '../words/login/index.ts';
import { element } from './elements.ts';

type Application = Portal['applications'][number];

/** Colours of the tiles of applications without a logo; `main.css` has as many. */
const HUES = 6;

export function applicationList(
  applications: readonly Application[],
  { apps: texts }: Pick<LoginTexts, 'apps'>,
): HTMLElement[] {
  if (applications.length === 0)
    return [element('p', { className: 'text', textContent: texts.none })];
  const items = applications.map((application) => ({
    text: `${application.name} ${application.origin}`.toLocaleLowerCase(),
    item: tile(application, texts),
  }));
  const found = element('p', { className: 'unseen', attributes: { role: 'status' } });
  const none = element('p', { className: 'text', textContent: texts.noMatch, hidden: true });
  const input = element('input', {
    id: 'search',
    type: 'search',
    autocomplete: 'off',
    spellcheck: false,
    maxLength: 256,
    placeholder: texts.search,
    attributes: { 'aria-label': texts.search },
    oninput: () => {
      const wanted = input.value.trim().toLocaleLowerCase();
      let count = 0;
      for (const { text, item } of items) {
        item.hidden = !text.includes(wanted);
        if (!item.hidden) count += 1;
      }
      none.hidden = count > 0;
      found.textContent = wanted === '' ? '' : fill(texts.found, { count: String(count) });
    },
  });
  return [
    ...(applications.length > 1 ? [input] : []),
    found,
    element('ul', { className: 'apps' }, ...items.map(({ item }) => item)),
    none,
  ];
}

function tile({ name, origin, logo, isHosted }: Application, texts: LoginTexts['apps']) {
  const icon = logo
    ? // The name stands beside it.
      element('img', { className: 'icon', alt: '', src: logoPath(logo) })
    : element('span', {
        className: `icon hue-${hueOf(name)}`,
        textContent: initialOf(name),
        attributes: { 'aria-hidden': 'true' },
      });
  return element(
    'li',
    {},
    element(
      'a',
      { className: 'app', href: origin },
      icon,
      element(
        'span',
        {},
        element('strong', { textContent: name }),
        element('small', { textContent: new URL(origin).host }),
        ...(isHosted
          ? []
          : [element('small', { className: 'away', textContent: texts.notHosted })]),
      ),
    ),
  );
}

/** First code point; a name is never empty. */
function initialOf(name: string): string {
  return String.fromCodePoint(name.trim().codePointAt(0) ?? 0x20).toLocaleUpperCase();
}

/** The same for the same name, on every device. */
function hueOf(name: string): number {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return sum % HUES;
}
