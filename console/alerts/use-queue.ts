import { useCallback, useEffect, useMemo, useReducer, useRef } from 'react';
import type { AlertList, AlertRow } from '../../server/alerts/schema.ts';
import { getJson } from '../api/client.ts';
import { useLiveAlerts } from '../api/live.tsx';
import { type QueueFilter, serverFilter, writeFilter } from './filter.ts';
import { EMPTY_QUEUE, type QueueState, queueReducer } from './queue-state.ts';

const PAGE = 200;

export interface Queue {
  readonly state: QueueState;
  loadMore(): void;
  reload(): void;
  cancel(): void;
  showWaiting(): void;
  acted(rows: readonly AlertRow[]): void;
}

/** The queue of one filter: its pages, and what the live feed says meanwhile. `isRead` tells whether somebody reads it. */
export function useQueue(filter: QueueFilter, isRead: () => boolean): Queue {
  const [state, dispatch] = useReducer(queueReducer, EMPTY_QUEUE);
  const current = useRef({ filter, isRead, next: state.next });
  current.current = { filter, isRead, next: state.next };
  const running = useRef<AbortController>(undefined);
  // The text is searched here, in what is loaded; only the server's part asks for a new list.
  const key = writeFilter({ ...filter, text: '' }).toString();

  const load = useCallback(async (first: boolean): Promise<void> => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    const asked = current.current.filter;
    dispatch({ type: first ? 'begin' : 'more' });
    const query = {
      ...serverFilter(asked),
      limit: PAGE,
      after: first ? undefined : (current.current.next ?? undefined),
    };
    try {
      const list = await getJson<AlertList>('/alerts', query, mine.signal);
      if (running.current === mine) dispatch({ type: 'page', list, first, filter: asked });
    } catch (error) {
      if (running.current !== mine) return;
      dispatch(mine.signal.aborted ? { type: 'cancelled' } : { type: 'failed', error });
    }
  }, []);

  const listener = useMemo(
    () => ({
      alert: (row: AlertRow) => {
        const now = current.current;
        dispatch({ type: 'live', row, filter: now.filter, flowing: !now.isRead() });
      },
      restart: () => {
        load(true);
      },
    }),
    [load],
  );
  useLiveAlerts(listener);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the filter.
  useEffect(() => {
    load(true);
    return () => {
      running.current?.abort();
      running.current = undefined;
    };
  }, [load, key]);

  const loadMore = useCallback(() => {
    load(false);
  }, [load]);
  return {
    state,
    loadMore,
    reload: () => load(true),
    cancel: () => running.current?.abort(),
    showWaiting: () => dispatch({ type: 'show-waiting' }),
    acted: (rows) => dispatch({ type: 'acted', rows, filter: current.current.filter }),
  };
}
