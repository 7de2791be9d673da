import { useState, type ReactNode } from 'react';
import { Button, ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import { Moment } from '../ui/moment.tsx';
import { Notice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { labelOf } from '../words/label.ts';
import { fill, words } from '../words/index.ts';
import type { FeedEvent } from './feed.ts';
import { useFeedState } from './use-feed.ts';

const KINDS = [
  'entity',
  'authentication',
  'session',
  'decision',
  'circuit',
  'router',
  'link',
  'terminator',
  'audit',
];
const SHOWN = 200;

export function EventsPage(): ReactNode {
  const { events, isConnected, problem } = useFeedState();
  const [kinds, setKinds] = useState<ReadonlySet<string | number>>(new Set(KINDS));
  const [held, setHeld] = useState<readonly FeedEvent[]>();
  const shown = (held ?? events)
    .filter(({ type }) => kinds.has(type.split('.', 1)[0] ?? type))
    .slice(-SHOWN)
    .reverse();
  return (
    <Page
      title={words.pages.events}
      text={words.events.text}
      actions={
        <Button className="plain" onPress={() => setHeld(held ? undefined : events)}>
          {held ? words.events.resume : words.events.pause}
        </Button>
      }
    >
      <ToggleButtonGroup
        className="toggles"
        aria-label={words.events.kinds}
        selectionMode="multiple"
        selectedKeys={kinds}
        onSelectionChange={setKinds}
      >
        {KINDS.map((kind) => (
          <ToggleButton key={kind} id={kind} className="plain small">
            {labelOf(kind)}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {!isConnected && problem !== undefined && (
        <Notice tone="bad">{fill(words.events.cut, { message: problem })}</Notice>
      )}
      {held && (
        <Notice tone="plain">
          {fill(words.events.paused, { count: newer(events, held.at(-1)) })}
        </Notice>
      )}
      {shown.length === 0 ? (
        <p>{words.events.waiting}</p>
      ) : (
        <ol className="events" aria-label={words.pages.events} tabIndex={0}>
          {shown.map(({ id, type, time, data }) => (
            <li key={id}>
              <Moment at={time} /> <strong>{type}</strong> <code>{brief(data)}</code>
            </li>
          ))}
        </ol>
      )}
    </Page>
  );
}

function newer(events: readonly FeedEvent[], last: FeedEvent | undefined): number {
  return events.length - 1 - events.findIndex(({ id }) => id === last?.id);
}

/** The members that say something. */
function brief(data: FeedEvent['data']): string {
  return Object.entries(data)
    .filter(([, value]) => value !== '' && value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
