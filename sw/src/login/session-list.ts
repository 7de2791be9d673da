/** Where a person is signed in: each browser and program, and a button that ends it. */
import type { OwnSessions } from '@postern/shared/schemas';
import { actionButton } from './action-button.ts';
import { element } from './elements.ts';
import { problemOf, type Problem } from './problems.ts';
import { describeUserAgent } from './user-agent.ts';

type OwnSession = OwnSessions['sessions'][number];

/** @param end ends one, and tells which are left */
export function sessionList(
  sessions: readonly OwnSession[],
  end: (id: string) => Promise<readonly OwnSession[]>,
): HTMLElement {
  const list = element('ul', { className: 'list sessions' });
  const show = (known: readonly OwnSession[]) => list.replaceChildren(...known.map(item));
  const endOne = async (id: string): Promise<Problem | undefined> => {
    try {
      show(await end(id));
      return undefined;
    } catch (error) {
      return problemOf(error);
    }
  };
  const item = (session: OwnSession) =>
    element(
      'li',
      {},
      element('span', { textContent: nameOf(session) }),
      element('p', { className: 'text', textContent: lastUsed(session) }),
      ...(session.current
        ? []
        : [actionButton(`End ${nameOf(session)}`, () => endOne(session.id), { plain: true })]),
    );
  show(sessions);
  return element(
    'section',
    {},
    element('h2', { textContent: 'Where you are signed in' }),
    element('p', {
      className: 'text',
      textContent: 'End what you do not know, then change your password.',
    }),
    list,
  );
}

function nameOf({ kind, current, userAgent }: OwnSession): string {
  if (current) return 'This browser';
  return kind === 'program' ? 'Program or command line' : describeUserAgent(userAgent);
}

function lastUsed({ lastUsedAt, address }: OwnSession): string {
  const when = `Last used ${new Date(lastUsedAt).toLocaleString()}`;
  return address === null ? when : `${when}, from ${address}`;
}
