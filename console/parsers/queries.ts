import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { NotUnderstood, ParserDetail, ParserList } from '../../server/parsers/schema.ts';
import { getJson } from '../api/client.ts';

/** Every parser that was written here, and the groups of collectors. */
export function useParsers(): UseQueryResult<ParserList> {
  return useQuery({
    queryKey: ['parsers'],
    queryFn: ({ signal }) => getJson<ParserList>('/parsers', {}, signal),
  });
}

/** One parser with its wordings. */
export function useParser(name: string): UseQueryResult<ParserDetail> {
  return useQuery({
    queryKey: ['parsers', name],
    queryFn: ({ signal }) => getJson<ParserDetail>(`/parsers/${encodeURIComponent(name)}`, {}, signal),
  });
}

/** Lines of the last day that no parser understood, by source. */
export function useNotUnderstood(): UseQueryResult<NotUnderstood> {
  return useQuery({
    queryKey: ['not-understood'],
    queryFn: ({ signal }) => getJson<NotUnderstood>('/parsers/not-understood', {}, signal),
  });
}
