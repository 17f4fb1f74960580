import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query';
import type { EventSearchPage, HistogramAnswer } from '../../server/search/schema.ts';
import { getJson } from '../api/client.ts';
import type { SearchRange } from './range.ts';

const PAGE = 100;
const BUCKETS = 60;

/** Events page by page, newest first; `run` grows with each press on the button, so that `now` is asked anew. */
export function useEventPages(
  kql: string,
  range: SearchRange,
  run: number,
): UseInfiniteQueryResult<InfiniteData<EventSearchPage>> {
  return useInfiniteQuery({
    queryKey: ['events', kql, range.from, range.to, run],
    queryFn: ({ signal, pageParam }) =>
      getJson<EventSearchPage>(
        '/events',
        { kql, from: range.from, to: range.to, limit: PAGE, after: pageParam ?? undefined },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** How many events there were, by time. */
export function useHistogram(kql: string, range: SearchRange, run: number): UseQueryResult<HistogramAnswer> {
  return useQuery({
    queryKey: ['histogram', kql, range.from, range.to, run],
    queryFn: ({ signal }) =>
      getJson<HistogramAnswer>('/events/histogram', { kql, from: range.from, to: range.to, buckets: BUCKETS }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}
