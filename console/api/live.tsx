import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { AlertList } from '../../server/alerts/schema.ts';
import { getJson } from './client.ts';
import { LiveFeed, type LiveListener, type LiveState } from './live-feed.ts';

const FeedContext = createContext<LiveFeed | undefined>(undefined);
const STARTS_AGAIN_MS = 5_000;

function browserFeed(): LiveFeed {
  return new LiveFeed({
    open: (address) => {
      const url = new URL(address, location.href);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      return new WebSocket(url) as never;
    },
    now: () => Date.now(),
    later: (run, milliseconds) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
  });
}

/** Keeps one live feed open while somebody is signed in. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const [feed] = useState(browserFeed);
  const queries = useQueryClient();
  useEffect(() => {
    const stopping = new AbortController();
    const begin = async (): Promise<void> => {
      try {
        const { change } = await getJson<AlertList>('/alerts', { limit: 1 }, stopping.signal);
        if (!stopping.signal.aborted) feed.start(change);
      } catch {
        if (!stopping.signal.aborted) setTimeout(begin, STARTS_AGAIN_MS);
      }
    };
    begin();
    const nudge = (): void => feed.nudge();
    const unwatch = feed.watch(() => {
      if (feed.state.phase === 'ended') queries.invalidateQueries({ queryKey: ['session'] });
    });
    addEventListener('online', nudge);
    document.addEventListener('visibilitychange', nudge);
    return () => {
      stopping.abort();
      unwatch();
      removeEventListener('online', nudge);
      document.removeEventListener('visibilitychange', nudge);
      feed.stop();
    };
  }, [feed, queries]);
  return <FeedContext value={feed}>{children}</FeedContext>;
}

function useFeed(): LiveFeed {
  const feed = useContext(FeedContext);
  if (!feed) throw new Error('LiveProvider is missing above this element.');
  return feed;
}

/** State of the live connection, for showing it. */
export function useLiveState(): LiveState {
  const feed = useFeed();
  return useSyncExternalStore(
    (changed) => feed.watch(changed),
    () => feed.state,
  );
}

/** Hears every changed alert while the element is shown; `listener` must be stable. */
export function useLiveAlerts(listener: LiveListener): void {
  const feed = useFeed();
  useEffect(() => feed.listen(listener), [feed, listener]);
}
