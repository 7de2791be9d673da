import { Outlet } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { FeedContext, useFeedState, useLiveFeed } from '../live/use-feed.ts';
import { useMay, useSignedIn } from '../session/use-session.ts';
import { Choice } from '../ui/choice.tsx';
import { fill, words } from '../words/index.ts';
import { Navigation } from './navigation.tsx';
import { applyTheme, storedTheme, THEMES, type Theme } from './theme.ts';

/** What is around every page. */
export function Shell(): ReactNode {
  const feed = useLiveFeed();
  const [isOpen, setOpen] = useState(false);
  return (
    <FeedContext value={feed}>
      <a className="skip" href="#content" onClick={focusContent}>
        {words.skip}
      </a>
      <header className="top">
        <Button className="plain menu" aria-expanded={isOpen} onPress={() => setOpen(!isOpen)}>
          {words.menu}
        </Button>
        <strong>{words.title}</strong>
        <FeedLight />
        <Person />
      </header>
      <div className={isOpen ? 'body open' : 'body'}>
        <Navigation />
        <main id="content" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </FeedContext>
  );
}

/** The address is the router's: the browser must not follow the fragment. */
function focusContent(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function FeedLight() {
  const { isConnected } = useFeedState();
  const mayRead = useMay()('get /events');
  return mayRead && !isConnected ? <span className="state">{words.shell.feedOff}</span> : null;
}

function Person() {
  const { session, me } = useSignedIn();
  const [theme, setTheme] = useState<Theme>(() => storedTheme(localStorage));
  return (
    <div className="person">
      <Choice
        label={words.shell.theme}
        value={theme}
        options={THEMES.map((id) => ({ id, text: words.shell.themes[id] }))}
        onChange={(next) => {
          setTheme(next as Theme);
          applyTheme(next as Theme, localStorage, document.documentElement);
        }}
      />
      <span>{fill(words.shell.signedInAs, { name: me.name })}</span>
      <Button className="plain" onPress={() => void session.signOut()}>
        {words.shell.signOut}
      </Button>
    </div>
  );
}
