import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { IncidentChanges, IncidentDetail, IncidentList } from '../../server/incidents/schema.ts';
import { getJson, isProblem, postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const REFRESHED_MS = 10_000;
/** Rows of the queue; the page says how many more there are. */
const MOST_SHOWN = 200;

export type IncidentStatus = IncidentDetail['incident']['status'];
export const OPEN_STATUSES = ['open', 'investigating', 'contained', 'resolved'] as const;
export const OUTCOMES = ['confirmed', 'false_alarm', 'duplicate'] as const;
export const TLPS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const;

/** Incidents of the queue's filter, fetched again every ten seconds. */
export function useIncidents(filter: { status?: string; owner?: string }): UseQueryResult<IncidentList> {
  return useQuery({
    queryKey: ['incidents', filter],
    queryFn: ({ signal }) => getJson<IncidentList>('/incidents', { ...filter, limit: MOST_SHOWN }, signal),
    refetchInterval: REFRESHED_MS,
    placeholderData: (previous) => previous,
  });
}

/** One incident with all that belongs to it. */
export function useIncident(id: string): UseQueryResult<IncidentDetail> {
  return useQuery({
    queryKey: ['incident', id],
    queryFn: ({ signal }) => getJson<IncidentDetail>(`/incidents/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: REFRESHED_MS,
  });
}

/** What became of an act: done, not done, or how the incident is by now, as somebody was faster. */
export type Outcome = 'done' | 'failed' | IncidentDetail;

/** Sending acts on one incident. */
export interface IncidentActs {
  readonly busy: boolean;
  readonly error: unknown;
  /** Somebody was faster: what is shown is fresh, and nothing was changed. */
  readonly conflict: boolean;
  /** Whether it was done. */
  change(changes: IncidentChanges): Promise<boolean>;
  /** The same for whoever decides anew upon what others changed. */
  decide(changes: IncidentChanges): Promise<Outcome>;
  /** Takes away what was said of the last one. */
  forget(): void;
  /** The same for what is sent another way. */
  run(send: () => Promise<IncidentDetail>): Promise<boolean>;
}

/** Acts with a visible conflict: the fresh state is shown, and the person decides again. */
export function useIncidentActs(id: string): IncidentActs {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run, forget } = useAttempt();
  const [conflict, setConflict] = useState(false);
  const path = `/incidents/${encodeURIComponent(id)}`;
  const attempt = async (send: () => Promise<IncidentDetail>): Promise<Outcome> => {
    setConflict(false);
    const outcome = await run(async () => {
      try {
        queries.setQueryData(['incident', id], await send());
      } catch (problem) {
        if (!isProblem(problem, 'HD_RECORD_CONFLICT')) throw problem;
        setConflict(true);
        const now = await getJson<IncidentDetail>(path);
        queries.setQueryData(['incident', id], now);
        return now;
      }
      toast({ text: t('incident.saved') });
      queries.invalidateQueries({ queryKey: ['incidents'] });
      // Terms follow from severity, class, state and the time of detection.
      queries.invalidateQueries({ queryKey: ['incident-clocks', id] });
      return 'done' as const;
    });
    return outcome ?? 'failed';
  };
  const decide = (changes: IncidentChanges) => attempt(() => postJson<IncidentDetail>(`${path}/changes`, changes));
  return {
    busy,
    error,
    conflict,
    decide,
    forget: () => {
      forget();
      setConflict(false);
    },
    change: async (changes) => (await decide(changes)) === 'done',
    run: async (send) => (await attempt(send)) === 'done',
  };
}
