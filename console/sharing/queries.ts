import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type {
  IncidentSharing,
  SharePreview,
  SharingList,
  SharingRow,
  SharingSetup,
  VersionDetail,
} from '../../server/sharing/schema.ts';
import { getJson, postJson } from '../api/client.ts';
import { useAttempt } from '../parts/use-attempt.ts';

const REFRESHED_MS = 5_000;

export type Show = 'all' | 'asked' | 'due' | 'dead' | 'review';
export type SharedVersion = SharingRow['versions'][number];

/** Path of an incident's sharing within the API. */
export function sharingPath(incident: string, ...more: readonly string[]): string {
  return ['/incidents', incident, 'sharing', ...more]
    .map((part, at) => (at === 0 ? part : encodeURIComponent(part)))
    .join('/');
}

/** The outbox and its neighbours, fetched again every five seconds. */
export function useSharingList(show: Show): UseQueryResult<SharingList> {
  return useQuery({
    queryKey: ['sharing', show],
    queryFn: ({ signal }) => getJson<SharingList>('/sharing', { show, limit: 200 }, signal),
    refetchInterval: REFRESHED_MS,
    placeholderData: (previous) => previous,
  });
}

/** Recipients, terms and the key. */
export function useSharingSetup(): UseQueryResult<SharingSetup> {
  return useQuery({
    queryKey: ['sharing-setup'],
    queryFn: ({ signal }) => getJson<SharingSetup>('/sharing/recipients', {}, signal),
  });
}

/** What left of one incident, and to whom it may go. */
export function useIncidentSharing(id: string, enabled: boolean): UseQueryResult<IncidentSharing> {
  return useQuery({
    queryKey: ['incident-sharing', id],
    queryFn: ({ signal }) => getJson<IncidentSharing>(sharingPath(id), {}, signal),
    refetchInterval: REFRESHED_MS,
    enabled,
  });
}

/** What would leave now: not fetched again by itself, as somebody is reading it. */
export function usePreview(id: string, recipient: string, minimal: boolean): UseQueryResult<SharePreview> {
  return useQuery({
    queryKey: ['share-preview', id, recipient, minimal],
    queryFn: ({ signal }) =>
      getJson<SharePreview>(sharingPath(id, recipient, 'preview'), { minimal: String(minimal) }, signal),
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

/** One frozen version with its bytes and receipts. */
export function useVersion(id: string, recipient: string, number: number): UseQueryResult<VersionDetail> {
  return useQuery({
    queryKey: ['share-version', id, recipient, number],
    queryFn: ({ signal }) => getJson<VersionDetail>(sharingPath(id, recipient, 'versions', String(number)), {}, signal),
    refetchInterval: REFRESHED_MS,
  });
}

/** Sending one act. */
export interface SharingActs {
  readonly busy: boolean;
  readonly error: unknown;
  /** The answer; undefined where it was not done. */
  send(path: string, body: object): Promise<SharingRow | undefined>;
}

/** Acts on what leaves; what is shown is fetched again after each. */
export function useSharingActs(): SharingActs {
  const { busy, error, run } = useAttempt(['sharing', 'incident-sharing', 'share-version']);
  return { busy, error, send: (path, body) => run(() => postJson<SharingRow>(path, body)) };
}
