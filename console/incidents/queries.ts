import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { IncidentChanges, IncidentDetail, IncidentList } from '../../server/incidents/schema.ts';
import { getJson, isProblem, postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { useToast } from '../parts/toasts.tsx';

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

/** Sending acts on one incident. */
export interface IncidentActs {
  readonly busy: boolean;
  readonly error: unknown;
  /** Somebody was faster: what is shown is fresh, and nothing was changed. */
  readonly conflict: boolean;
  /** Whether it was done. */
  change(changes: IncidentChanges): Promise<boolean>;
  /** The same for what is sent another way. */
  run(send: () => Promise<IncidentDetail>): Promise<boolean>;
}

/** Acts with a visible conflict: the fresh state is shown, and the person decides again. */
export function useIncidentActs(id: string): IncidentActs {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [conflict, setConflict] = useState(false);
  const run = async (send: () => Promise<IncidentDetail>): Promise<boolean> => {
    setBusy(true);
    setError(undefined);
    setConflict(false);
    try {
      queries.setQueryData(['incident', id], await send());
      toast({ text: t('incident.saved') });
      queries.invalidateQueries({ queryKey: ['incidents'] });
      return true;
    } catch (problem) {
      if (isProblem(problem, 'HD_RECORD_CONFLICT')) {
        setConflict(true);
        await queries.invalidateQueries({ queryKey: ['incident', id] });
      } else setError(problem);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const change = (changes: IncidentChanges) =>
    run(() => postJson<IncidentDetail>(`/incidents/${encodeURIComponent(id)}/changes`, changes));
  return { busy, error, conflict, change, run };
}
