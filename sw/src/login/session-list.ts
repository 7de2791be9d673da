/** Where a person is signed in: seen, and ended by a button each. */
import { fill, type Language } from '@postern/shared/language';
import type { OwnSessions } from '@postern/shared/schemas';
import { loginTexts } from '../words/login/index.ts';
import { actionButton } from './action-button.ts';
import { confirmDialog } from './confirm-dialog.ts';
import { describeAgent } from './describe-agent.ts';
import { element } from './elements.ts';
import { problemOf, type Problem } from './problems.ts';

type Session = OwnSessions['sessions'][number];

export interface SessionHandlers {
  /** Ends another session; what is left. */
  end: (id: string) => Promise<readonly Session[]>;
  /** Ends the one in use, here. */
  signOut: () => void;
}

export function sessionList(
  sessions: readonly Session[],
  on: SessionHandlers,
  language: Language,
): HTMLElement {
  const texts = loginTexts[language].sessions;
  const list = element('ul', { className: 'list sessions' });
  const heading = element('h2', { id: 'sessions', textContent: texts.title, tabIndex: -1 });
  const said = element('p', { className: 'unseen', attributes: { role: 'status' } });
  const show = (known: readonly Session[]): void => {
    // The session in use first: it is what the others are compared with.
    const sorted = [...known].sort((a, b) => Number(b.current) - Number(a.current));
    list.replaceChildren(...sorted.map(item));
  };

  async function end(session: Session, name: string): Promise<Problem | undefined> {
    if (session.current) {
      const { confirmTitle: title, confirmText: text, confirm: action, cancel } = texts;
      if (await confirmDialog({ title, text, action, cancel })) on.signOut();
      return undefined;
    }
    try {
      show(await on.end(session.id));
      said.textContent = fill(texts.ended, { name });
      // The button that had the focus is gone.
      heading.focus();
      return undefined;
    } catch (error) {
      return problemOf(error, language);
    }
  }

  const item = (session: Session): HTMLElement => {
    const agent = describeAgent(session.userAgent ?? '');
    const name =
      session.kind === 'program'
        ? texts.program
        : agent === undefined
          ? texts.unknown
          : fill(texts.browserOn, agent);
    const time = (iso: string): string =>
      new Date(iso).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' });
    const lastUsed = fill(texts.lastUsed, {
      time: time(session.lastUsedAt),
      address: session.address ?? texts.unknownAddress,
    });
    return element(
      'li',
      { className: 'session' },
      element(
        'div',
        {},
        element('span', { textContent: name }),
        ...(session.current
          ? [' ', element('span', { className: 'here', textContent: texts.here })]
          : []),
        element('small', { textContent: lastUsed }),
        element('small', { textContent: fill(texts.since, { time: time(session.createdAt) }) }),
      ),
      actionButton(texts.end, () => end(session, name), {
        plain: true,
        label: fill(texts.endNamed, { name: session.current ? texts.here : name }),
      }),
    );
  };
  show(sessions);
  return element(
    'section',
    { attributes: { 'aria-labelledby': heading.id } },
    heading,
    element('p', { className: 'text', textContent: texts.text }),
    said,
    list,
  );
}
