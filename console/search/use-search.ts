import {
  type InfiniteData,
  keepPreviousData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query';
import { useMemo } from 'react';
import type {
  EventSearchPage,
  FieldsAnswer,
  HistogramAnswer,
  ProgressAnswer,
  ValuesAnswer,
} from '../../server/search/schema.ts';
import { getJson } from '../api/client.ts';
import type { SearchRange } from './range.ts';

const PAGE = 100;
const BUCKETS = 60;
const STACKED = 6;
const VALUES = 10;
const PROGRESS_MS = 700;

/** A search as the page asks it. `run` grows with each press on the button, so that `now` is asked anew. */
export interface Asked {
  readonly kql: string;
  readonly range: SearchRange;
  readonly run: number;
  /** Under which the server tells how far it has come. */
  readonly name: string;
}

/** Gives each run of a search a name of its own. */
export function useAsked(kql: string, from: string, to: string, run: number): Asked {
  return useMemo(() => {
    const name = `c${Math.random().toString(36).slice(2, 12)}-${Date.now().toString(36)}`;
    return { kql, range: { from, to }, run, name };
  }, [kql, from, to, run]);
}

const ONCE = { staleTime: Number.POSITIVE_INFINITY, retry: false } as const;

function keyOf({ kql, range, run }: Asked): readonly unknown[] {
  return [kql, range.from, range.to, run];
}

function parametersOf({ kql, range }: Asked) {
  return { kql, from: range.from, to: range.to };
}

/** Events page by page, newest first. */
export function useEventPages(asked: Asked): UseInfiniteQueryResult<InfiniteData<EventSearchPage>> {
  return useInfiniteQuery({
    queryKey: ['events', ...keyOf(asked)],
    queryFn: ({ signal, pageParam }) =>
      getJson<EventSearchPage>(
        '/events',
        { ...parametersOf(asked), limit: PAGE, after: pageParam ?? undefined, search: asked.name },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...ONCE,
  });
}

/** How many events there were, by time, and by the values of a field where one is chosen. */
export function useHistogram(asked: Asked, by: string | undefined): UseQueryResult<HistogramAnswer> {
  return useQuery({
    queryKey: ['histogram', ...keyOf(asked), by],
    queryFn: ({ signal }) => {
      const stack = by === undefined ? {} : { by, values: STACKED };
      const query = { ...parametersOf(asked), buckets: BUCKETS, search: asked.name, ...stack };
      return getJson<HistogramAnswer>('/events/histogram', query, signal);
    },
    ...ONCE,
  });
}

/** Which fields the newest of the events have. */
export function useFields(asked: Asked): UseQueryResult<FieldsAnswer> {
  return useQuery({
    queryKey: ['fields', ...keyOf(asked)],
    queryFn: ({ signal }) => getJson<FieldsAnswer>('/events/fields', parametersOf(asked), signal),
    placeholderData: keepPreviousData,
    ...ONCE,
  });
}

/** The most frequent values of a field among the events. */
export function useValues(asked: Asked, field: string): UseQueryResult<ValuesAnswer> {
  return useQuery({
    queryKey: ['values', field, ...keyOf(asked)],
    queryFn: ({ signal }) =>
      getJson<ValuesAnswer>('/events/values', { ...parametersOf(asked), field, limit: VALUES }, signal),
    ...ONCE,
  });
}

/** How far a search has come, asked again and again while `watched`. */
export function useSearchProgress(asked: Asked, watched: boolean): ProgressAnswer | undefined {
  const { data } = useQuery({
    queryKey: ['search-progress', asked.name],
    queryFn: ({ signal }) => getJson<ProgressAnswer>('/events/progress', { search: asked.name }, signal),
    enabled: watched,
    refetchInterval: PROGRESS_MS,
    retry: false,
    gcTime: 0,
  });
  return watched && data?.running ? data : undefined;
}
