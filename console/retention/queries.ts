import { useQuery } from '@tanstack/react-query';
import type { Deletions, LegalHolds, RetentionDays, RetentionState } from '../../server/retention/schema.ts';
import { getJson } from '../api/client.ts';
import { usePages } from '../api/pages.ts';

const EVERY_MS = 60_000;
const PAGE = 20;

/** How long events are kept, and how the last run went; only accounts that see every agency may ask. */
export function useRetention(may: boolean) {
  return useQuery({
    queryKey: ['retention'],
    queryFn: ({ signal }) => getJson<RetentionState>('/retention', {}, signal),
    refetchInterval: EVERY_MS,
    enabled: may,
  });
}

/** Every day of the store and what is to become of it. */
export function useRetentionDays(may: boolean) {
  return useQuery({
    queryKey: ['retention-days'],
    queryFn: ({ signal }) => getJson<RetentionDays>('/retention/days', {}, signal),
    enabled: may,
  });
}

/** What was deleted, latest day first. */
export function useDeletions(may: boolean) {
  return usePages<Deletions>(['deletions'], '/retention/deletions', { limit: PAGE }, { enabled: may });
}

/** Legal holds that may be seen. */
export function useHolds() {
  return useQuery({
    queryKey: ['legal-holds'],
    queryFn: ({ signal }) => getJson<LegalHolds>('/legal-holds', {}, signal),
  });
}
