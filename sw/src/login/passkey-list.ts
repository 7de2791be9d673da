/** A signed-in person's passkeys: seen, added, named and removed. */
import type { OwnPasskeys } from '@postern/shared/schemas';
import { fill, type Language } from '@postern/shared/language';
import { loginTexts, type LoginTexts } from '../words/login/index.ts';
import { actionButton } from './action-button.ts';
import { element } from './elements.ts';
import { problemOf, type Problem } from './problems.ts';

type Passkey = OwnPasskeys['passkeys'][number];

export interface PasskeyHandlers {
  /** Absent in a browser that has no WebAuthn. */
  add?: (name: string) => Promise<readonly Passkey[]>;
  remove: (id: string) => Promise<readonly Passkey[]>;
  rename: (id: string, name: string) => Promise<readonly Passkey[]>;
}

export function passkeyList(
  passkeys: readonly Passkey[],
  on: PasskeyHandlers,
  language: Language,
): HTMLElement {
  const texts = loginTexts[language].passkeys;
  const { add } = on;
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
  const item = (passkey: Passkey): HTMLElement => {
    const { id, name, createdAt } = passkey;
    const date = new Date(createdAt).toLocaleDateString(language);
    const made: HTMLElement = element(
      'li',
      {},
      element('strong', { textContent: name }),
      element('small', { textContent: fill(texts.added, { date }) }),
      actionButton(
        texts.rename,
        () => {
          edit(made, passkey);
          return Promise.resolve(undefined);
        },
        { plain: true, label: fill(texts.renameNamed, { name }) },
      ),
      actionButton(texts.remove, () => change(() => on.remove(id)), {
        plain: true,
        label: fill(texts.removeNamed, { name }),
      }),
    );
    return made;
  };
  /** Puts a field in the place of what is shown of a passkey. */
  const edit = (shown: HTMLElement, passkey: Passkey): void => {
    const field = nameField(passkey, texts, (name) => {
      if (name !== undefined) return change(() => on.rename(passkey.id, name));
      shown.replaceWith(item(passkey));
      return Promise.resolve(undefined);
    });
    shown.replaceChildren(field);
    field.querySelector('input')?.select();
  };
  show(passkeys);
  return element(
    'section',
    { attributes: { 'aria-labelledby': 'passkeys' } },
    element('h2', { id: 'passkeys', textContent: texts.title }),
    element('p', {
      className: 'text',
      textContent: texts.text,
    }),
    list,
    ...(add
      ? [
          actionButton(texts.add, () => change(() => add(deviceName(texts.thisDevice))), {
            plain: true,
          }),
        ]
      : []),
  );
}

/** `done` gets the new name, or `undefined` when it is to stay. */
function nameField(
  { id, name }: Passkey,
  texts: LoginTexts['passkeys'],
  done: (name: string | undefined) => Promise<Problem | undefined>,
): HTMLFormElement {
  const input = element('input', {
    id: `name-${id}`,
    value: name,
    required: true,
    maxLength: 64,
    autocomplete: 'off',
  });
  const message = element('p', { className: 'message', attributes: { role: 'alert' } });
  return element(
    'form',
    {
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        void done(input.value.trim() || name).then((problem) => {
          if (problem) message.textContent = `${problem.title}. ${problem.next}`;
        });
      },
    },
    element('label', { htmlFor: input.id, textContent: texts.nameLabel }),
    input,
    message,
    element(
      'div',
      { className: 'pair' },
      element('button', { textContent: texts.save }),
      element('button', {
        type: 'button',
        className: 'plain',
        textContent: texts.cancel,
        onclick: () => void done(undefined),
      }),
    ),
  );
}

/** What tells passkeys apart in the list: the kind of device that made it. */
function deviceName(fallback: string): string {
  const known = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac', 'Linux'];
  return known.find((name) => navigator.userAgent.includes(name)) ?? fallback;
}
