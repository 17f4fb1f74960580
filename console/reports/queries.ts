import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { ReportDraft, ReportForm, ReportVersions } from '../../server/reports/schema.ts';
import { apiAddress, getJson } from '../api/client.ts';

export type ReportKind = ReportDraft['kind'];
export const REPORT_KINDS = ['initial', 'follow-up', 'closing'] as const satisfies readonly ReportKind[];

/** Path of an incident's reports within the API. */
export function reportsPath(incident: string, ...more: readonly (string | number)[]): string {
  return `/incidents/${[incident, 'reports', ...more].map((part) => encodeURIComponent(part)).join('/')}`;
}

/** Where a report lies as it was exported. */
export function reportAddress(incident: string, number: number, form: 'html' | 'docx'): string {
  return apiAddress(reportsPath(incident, number, form));
}

/** Reports that were exported, newest first. */
export function useReports(incident: string): UseQueryResult<ReportVersions> {
  return useQuery({
    queryKey: ['reports', incident],
    queryFn: ({ signal }) => getJson<ReportVersions>(reportsPath(incident), {}, signal),
  });
}

/** What the incident says of itself: not fetched again by itself, as somebody is writing on it. */
export function useReportDraft(incident: string, kind: ReportKind): UseQueryResult<ReportDraft> {
  return useQuery({
    queryKey: ['report-draft', incident, kind],
    queryFn: ({ signal }) => getJson<ReportDraft>(reportsPath(incident, 'draft'), { kind }, signal),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

/** What every report of the province begins and ends with. */
export function useReportForm(): UseQueryResult<ReportForm> {
  return useQuery({
    queryKey: ['report-form'],
    queryFn: ({ signal }) => getJson<ReportForm>('/reports/form', {}, signal),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
}
