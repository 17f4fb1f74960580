import {
  type InfiniteData,
  type QueryKey,
  type UseInfiniteQueryOptions,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
} from '@tanstack/react-query';
import { getJson, type QueryParameters } from './client.ts';

type Options<T> = UseInfiniteQueryOptions<T, Error, InfiniteData<T>, QueryKey, string>;

/** A list page by page: each answer says where the next one begins, and null at the end. */
export function usePages<T extends { readonly next: string | null }>(
  queryKey: QueryKey,
  path: string,
  query: QueryParameters,
  options: Pick<Options<T>, 'enabled' | 'placeholderData' | 'refetchInterval'> = {},
): UseInfiniteQueryResult<InfiniteData<T>> {
  return useInfiniteQuery<T, Error, InfiniteData<T>, QueryKey, string>({
    queryKey,
    queryFn: ({ signal, pageParam }) => getJson<T>(path, { ...query, after: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next ?? undefined,
    ...options,
  });
}
