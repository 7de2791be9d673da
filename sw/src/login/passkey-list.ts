/** A signed-in person's passkeys: seen, added and removed. */
import type { OwnPasskeys } from '@postern/shared/schemas';
import { actionButton } from './action-button.ts';
import { element } from './elements.ts';
import { problemOf, type Problem } from './problems.ts';

type Passkey = OwnPasskeys['passkeys'][number];

export interface PasskeyHandlers {
  add: (name: string) => Promise<readonly Passkey[]>;
  remove: (id: string) => Promise<readonly Passkey[]>;
}

export function passkeyList(passkeys: readonly Passkey[], on: PasskeyHandlers): HTMLElement {
  const list = element('ul', { className: 'list passkeys' });
  const show = (known: readonly Passkey[]) => {
    list.replaceChildren(...known.map(item));
  };
  const change = async (work: () => Promise<readonly Passkey[]>): Promise<Problem | undefined> => {
    try {
      show(await work());
      return undefined;
    } catch (error) {
      return problemOf(error);
    }
  };
  const item = ({ id, name, createdAt }: Passkey) =>
    element(
      'li',
      {},
      element('span', {
        textContent: `${name}, added ${new Date(createdAt).toLocaleDateString()}`,
      }),
      actionButton('Remove', () => change(() => on.remove(id)), { plain: true }),
    );
  show(passkeys);
  return element(
    'section',
    {},
    element('h2', { textContent: 'Passkeys' }),
    element('p', {
      className: 'text',
      textContent: 'Sign in with your fingerprint, face or PIN instead of a password.',
    }),
    list,
    actionButton('Add a passkey', () => change(() => on.add(deviceName())), { plain: true }),
  );
}

/** What tells passkeys apart in the list: the kind of device that made it. */
function deviceName(): string {
  const known = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac', 'Linux'];
  return known.find((name) => navigator.userAgent.includes(name)) ?? 'This device';
}
