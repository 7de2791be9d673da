/** A signed-in person's passkeys: seen, added and removed. */
import type { OwnPasskeys } from '@postern/shared/schemas';
import { fill, type Language } from '@postern/shared/language';
import { loginTexts } from '../words/login/index.ts';
import { actionButton } from './action-button.ts';
import { element } from './elements.ts';
import { problemOf, type Problem } from './problems.ts';

type Passkey = OwnPasskeys['passkeys'][number];

export interface PasskeyHandlers {
  add: (name: string) => Promise<readonly Passkey[]>;
  remove: (id: string) => Promise<readonly Passkey[]>;
}

export function passkeyList(
  passkeys: readonly Passkey[],
  on: PasskeyHandlers,
  language: Language,
): HTMLElement {
  const texts = loginTexts[language].passkeys;
  const list = element('ul', { className: 'list passkeys' });
  const show = (known: readonly Passkey[]) => {
    list.replaceChildren(...known.map(item));
  };
  const change = async (work: () => Promise<readonly Passkey[]>): Promise<Problem | undefined> => {
    try {
      show(await work());
      return undefined;
    } catch (error) {
      return problemOf(error, language);
    }
  };
  const item = ({ id, name, createdAt }: Passkey) =>
    element(
      'li',
      {},
      element('span', {
        textContent: fill(texts.added, {
          name,
          date: new Date(createdAt).toLocaleDateString(language),
        }),
      }),
      actionButton(texts.remove, () => change(() => on.remove(id)), {
        plain: true,
        label: fill(texts.removeNamed, { name }),
      }),
    );
  show(passkeys);
  return element(
    'section',
    {},
    element('h2', { textContent: texts.title }),
    element('p', {
      className: 'text',
      textContent: texts.text,
    }),
    list,
    actionButton(texts.add, () => change(() => on.add(deviceName(texts.thisDevice))), {
      plain: true,
    }),
  );
}

/** What tells passkeys apart in the list: the kind of device that made it. */
function deviceName(fallback: string): string {
  const known = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac', 'Linux'];
  return known.find((name) => navigator.userAgent.includes(name)) ?? fallback;
}
