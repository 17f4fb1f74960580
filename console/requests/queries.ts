import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import type { RequestDetail, RequestList } from '../../server/requests/schema.ts';
import { getJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

/** The live feed tells of changes; this is for what it missed. */
const REFRESHED_MS = 30_000;

export const OPEN_STATES = ['asked', 'read', 'overdue', 'answered'] as const;

/** Path of one request within the API. */
export function requestPath(id: string, ...more: readonly string[]): string {
  return ['/requests', id, ...more].map((part, at) => (at === 0 ? part : encodeURIComponent(part))).join('/');
}

/** Requests of a filter; what is due first comes first. */
export function useRequests(filter: {
  state?: string;
  incident?: string;
  alert?: string;
}): UseQueryResult<RequestList> {
  return useQuery({
    queryKey: ['requests', filter],
    queryFn: ({ signal }) => getJson<RequestList>('/requests', { ...filter, limit: 200 }, signal),
    refetchInterval: REFRESHED_MS,
    placeholderData: (previous) => previous,
  });
}

/** One request with all that was written and sent. */
export function useRequest(id: string): UseQueryResult<RequestDetail> {
  return useQuery({
    queryKey: ['request', id],
    queryFn: ({ signal }) => getJson<RequestDetail>(requestPath(id), {}, signal),
    refetchInterval: REFRESHED_MS,
  });
}

/** Sending acts on requests. */
export interface RequestActs {
  readonly busy: boolean;
  readonly error: unknown;
  /** Sends, and shows the request as it is then; gives whether it was done. */
  run(send: () => Promise<RequestDetail>, done: TextKey): Promise<boolean>;
}

/** Acts whose answer is the request as it is then. */
export function useRequestActs(): RequestActs {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  return {
    busy,
    error,
    async run(send, done) {
      const isDone = await run(async () => {
        const detail = await send();
        queries.setQueryData(['request', detail.request.id], detail);
        queries.invalidateQueries({ queryKey: ['requests'] });
        queries.invalidateQueries({ queryKey: ['incident'] });
        toast({ text: t(done) });
        return true;
      });
      return isDone ?? false;
    },
  };
}
