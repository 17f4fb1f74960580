import { type InfiniteData, type UseInfiniteQueryResult, type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { InboundItem, InboundItems, InboundSources, SourceRow } from '../../server/inbound/schema.ts';
import { getJson, postJson } from '../api/client.ts';
import { usePages } from '../api/pages.ts';
import { useText } from '../i18n/language.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const REFRESHED_MS = 5_000;
const PAGE = 100;

export const SHOWS = ['open', 'tasks', 'advisories', 'messages', 'all'] as const;
export type Show = (typeof SHOWS)[number];

/** The collections that are polled, fetched again every five seconds. */
export function useSources(): UseQueryResult<InboundSources> {
  return useQuery({
    queryKey: ['inbound'],
    queryFn: ({ signal }) => getJson<InboundSources>('/inbound', {}, signal),
    refetchInterval: REFRESHED_MS,
  });
}

/** What came in, the last first, page by page. */
export function useItems(show: Show): UseInfiniteQueryResult<InfiniteData<InboundItems>> {
  return usePages<InboundItems>(
    ['inbound-items', show],
    '/inbound/items',
    { show, limit: PAGE },
    {
      refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : REFRESHED_MS),
      placeholderData: (previous) => previous,
    },
  );
}

/** Answering a task. */
export interface AnswerAct {
  readonly busy: boolean;
  readonly error: unknown;
  /** Gives the task as it is then; undefined where it was not done. */
  answer(text: string): Promise<InboundItem | undefined>;
}

/** Answers a task on the incident that holds it by now; lists and the incident are fetched again. */
export function useAnswer(item: string): AnswerAct {
  const t = useText();
  const toast = useToast();
  const { busy, error, run } = useAttempt(['inbound-items', 'incident', 'overview']);
  return {
    busy,
    error,
    answer: (text) =>
      run(async () => {
        const answered = await postJson<InboundItem>(`/inbound/items/${encodeURIComponent(item)}/answer`, { text });
        toast({ text: t('tasks.answeredNow') });
        return answered;
      }),
  };
}

/** Has a source asked at once. */
export interface PollAct {
  readonly busy: boolean;
  readonly error: unknown;
  /** Gives the source as it is then; undefined where it could not be asked. */
  poll(): Promise<SourceRow | undefined>;
}

/** Asks a source at once, and shows what it says then. */
export function usePoll(source: string): PollAct {
  const { busy, error, run } = useAttempt(['inbound']);
  return {
    busy,
    error,
    poll: () => run(() => postJson<SourceRow>(`/inbound/${encodeURIComponent(source)}/poll`, {})),
  };
}
