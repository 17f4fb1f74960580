import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { ClockList, ClockRow, IncidentClocks, MarkClock, YearRow } from '../../server/clocks/schema.ts';
import { getJson, postJson } from '../api/client.ts';
import { useAttempt } from '../parts/use-attempt.ts';

const REFRESHED_MS = 10_000;
/** Incidents with a running term that the queue looks at. */
const MOST_DUE = 500;

/** Incidents of which a term runs, what is due first at first, and the year's report; fetched again every ten seconds. */
export function useDueClocks(): UseQueryResult<ClockList> {
  return useQuery({
    queryKey: ['clocks'],
    queryFn: ({ signal }) => getJson<ClockList>('/clocks', { limit: MOST_DUE }, signal),
    refetchInterval: REFRESHED_MS,
    placeholderData: (previous) => previous,
  });
}

/** The terms of one incident. */
export function useIncidentClocks(id: string): UseQueryResult<IncidentClocks> {
  return useQuery({
    queryKey: ['incident-clocks', id],
    queryFn: ({ signal }) => getJson<IncidentClocks>(clockPath(id), {}, signal),
    refetchInterval: REFRESHED_MS,
  });
}

/** Path of an incident's terms, or of one of them, within the API. */
export function clockPath(incident: string, clock?: string): string {
  const all = `/incidents/${encodeURIComponent(incident)}/clocks`;
  return clock === undefined ? all : `${all}/${encodeURIComponent(clock)}`;
}

/** Saying something about a term. */
export interface ClockActs {
  readonly busy: boolean;
  readonly error: unknown;
  /** Whether it was kept. */
  mark(path: string, body: MarkClock): Promise<boolean>;
}

/** Sends what is said; what is shown is fetched again. */
export function useClockActs(): ClockActs {
  const { busy, error, run } = useAttempt(['clocks', 'incident-clocks']);
  return {
    busy,
    error,
    async mark(path, body) {
      const isKept = await run(async () => {
        await postJson(path, body);
        return true;
      });
      return isKept ?? false;
    },
  };
}

export type AnyClock = ClockRow | YearRow;

/** Whether something is still to be done about a term. */
export function isOpen({ state }: Pick<ClockRow, 'state'>): boolean {
  return state === 'running' || state === 'half' || state === 'urgent' || state === 'overdue';
}

/** The term of an incident that ends next; undefined where none runs. */
export function nextDue<C extends Pick<ClockRow, 'state'>>(clocks: readonly C[]): C | undefined {
  return clocks.find(isOpen);
}
