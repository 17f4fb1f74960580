import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Session, Users } from '../../server/accounts/schema.ts';
import type { Agencies } from '../../server/agencies/schema.ts';
import type { AlertDetail, AlertEvents } from '../../server/alerts/schema.ts';
import type { Ledger } from '../../server/ledger/schema.ts';
import type { RuleDetail, RuleList } from '../../server/rules/schema.ts';
import type { Overview } from '../../server/system/schema.ts';
import { getJson, isProblem } from './client.ts';

const MINUTE_MS = 60_000;

/** Who is signed in; `null` for nobody. */
export function useSession(): UseQueryResult<Session | null> {
  return useQuery({
    queryKey: ['session'],
    queryFn: async ({ signal }) => {
      try {
        return await getJson<Session>('/session', {}, signal);
      } catch (error) {
        if (isProblem(error, 'HD_NOT_SIGNED_IN')) return null;
        throw error;
      }
    },
    staleTime: 5 * MINUTE_MS,
  });
}

/** What is watched, the province's time zone and the disk. */
export function useOverview(): UseQueryResult<Overview> {
  return useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => getJson<Overview>('/overview', {}, signal),
    refetchInterval: MINUTE_MS / 2,
  });
}

/** People who can own an alert or take over a shift. */
export function useUsers(): UseQueryResult<Users> {
  return useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => getJson<Users>('/users', {}, signal),
    staleTime: 5 * MINUTE_MS,
  });
}

/** The agencies that may be seen. */
export function useAgencies(): UseQueryResult<Agencies> {
  return useQuery({
    queryKey: ['agencies'],
    queryFn: ({ signal }) => getJson<Agencies>('/agencies', {}, signal),
    staleTime: 5 * MINUTE_MS,
  });
}

/** One alert with all that explains it. */
export function useAlert(id: string): UseQueryResult<AlertDetail> {
  return useQuery({
    queryKey: ['alert', id],
    queryFn: ({ signal }) => getJson<AlertDetail>(`/alerts/${encodeURIComponent(id)}`, {}, signal),
  });
}

/** The latest events behind an alert. */
export function useAlertEvents(id: string, limit: number): UseQueryResult<AlertEvents> {
  return useQuery({
    queryKey: ['alert-events', id, limit],
    queryFn: ({ signal }) =>
      getJson<AlertEvents>(`/alerts/${encodeURIComponent(id)}/events`, { limit, offset: 0 }, signal),
    placeholderData: (previous) => previous,
  });
}

/** The loss ledger, fetched again every ten seconds. */
export function useLedger(): UseQueryResult<Ledger> {
  return useQuery({
    queryKey: ['ledger'],
    queryFn: ({ signal }) => getJson<Ledger>('/ledger', {}, signal),
    refetchInterval: 10_000,
  });
}

/** Rules that are enabled, and what was refused. */
export function useRules(): UseQueryResult<RuleList> {
  return useQuery({
    queryKey: ['rules'],
    queryFn: ({ signal }) => getJson<RuleList>('/rules', {}, signal),
    refetchInterval: MINUTE_MS,
  });
}

/** One rule, how it fares, and what people decided about it. */
export function useRule(id: string): UseQueryResult<RuleDetail> {
  return useQuery({
    queryKey: ['rules', id],
    queryFn: ({ signal }) => getJson<RuleDetail>(`/rules/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: MINUTE_MS / 4,
  });
}
