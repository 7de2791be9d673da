import { useQueryClient } from '@tanstack/react-query';
import { createContext, use, useEffect, useMemo, useSyncExternalStore } from 'react';
import { useClient, useMay } from '../session/use-session.ts';
import { Feed, type FeedState } from './feed.ts';
import { concernedBy } from './stale-lists.ts';

export const FeedContext = createContext<Feed | undefined>(undefined);

/** Events come in bursts: lists are asked for again once a burst. */
const BURST_MS = 500;

/** Reads events as long as the console is open, and renews the lists that they make out of date. */
export function useLiveFeed(): Feed {
  const client = useClient();
  const queries = useQueryClient();
  const mayRead = useMay()('get /events');
  const feed = useMemo(() => new Feed(), []);
  useEffect(() => {
    if (!mayRead) return;
    const stop = new AbortController();
    const concerned = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = feed.subscribe((event) => {
      const word = event && concernedBy(event);
      if (word === undefined) return;
      concerned.add(word);
      timer ??= setTimeout(() => {
        timer = undefined;
        const words = [...concerned];
        concerned.clear();
        void queries.invalidateQueries({
          predicate: ({ queryKey: [scope, path] }) =>
            scope === 'list' && words.some((one) => String(path).includes(one)),
        });
      }, BURST_MS);
    });
    void feed.run(client, stop.signal, wait);
    return () => {
      stop.abort();
      clearTimeout(timer);
      leave();
    };
  }, [feed, client, queries, mayRead]);
  return feed;
}

export function useFeedState(): FeedState {
  const feed = use(FeedContext);
  if (!feed) throw new Error('used outside of the console');
  return useSyncExternalStore(feed.subscribe, feed.state);
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
