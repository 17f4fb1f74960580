import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useState } from 'react';
import type { Board, BoardDetail, NationalIndicators } from '../../server/national/schema.ts';
import { getJson, isProblem, postJson } from '../api/client.ts';
import { usePages } from '../api/pages.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

/** The board reads what came in every second; this is what people wait for at most. */
const REFRESHED_MS = 5_000;
const PAGE = 100;
/** Pages that are fetched again by themselves; who reads on further has the older ones as they were. */
const FRESH_PAGES = 3;

export const SHOWS = ['all', 'new', 'seen', 'asked'] as const;
export const STATES = ['new', 'open', 'closed', 'revoked'] as const;

/** What of the board is shown, as the address names it. */
export interface BoardFilter {
  readonly province?: string;
  readonly severity?: string;
  readonly state?: string;
  readonly show?: string;
}

/** Path of one incident of the board within the API. */
export function boardPath(id: string, ...more: readonly string[]): string {
  return ['/national/board', id, ...more].map((part, at) => (at === 0 ? part : encodeURIComponent(part))).join('/');
}

/** Incidents of provinces, changed last first, page by page. */
export function useBoard(filter: BoardFilter): UseInfiniteQueryResult<InfiniteData<Board>> {
  const query = { ...filter, limit: PAGE };
  return usePages<Board>(['board', filter], '/national/board', query, {
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > FRESH_PAGES ? false : REFRESHED_MS),
    placeholderData: (previous) => previous,
  });
}

/** One incident with what came with it. */
export function useBoardItem(id: string): UseQueryResult<BoardDetail> {
  return useQuery({
    queryKey: ['board-item', id],
    queryFn: ({ signal }) => getJson<BoardDetail>(boardPath(id), {}, signal),
    refetchInterval: REFRESHED_MS,
  });
}

/** What provinces met, met last first; `shared` ones alone were met by several. */
export function useBoardIndicators(shared: boolean): UseInfiniteQueryResult<InfiniteData<NationalIndicators>> {
  const query = { shared: String(shared), limit: PAGE };
  return usePages<NationalIndicators>(['board-indicators', shared], '/national/indicators', query, {
    placeholderData: (previous) => previous,
  });
}

/** Sending acts on one incident of the board. */
export interface BoardActs {
  readonly busy: boolean;
  readonly error: unknown;
  /** Somebody was faster, or a later version came: what is shown is fresh, and nothing was sent. */
  readonly conflict: boolean;
  /** Sends one, and shows the incident as it is then; gives whether it was done. */
  send(path: string, body: object, done: TextKey): Promise<boolean>;
}

/** Acts with a visible conflict: the fresh state is shown, and the person decides again. */
export function useBoardActs(id: string): BoardActs {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt(['board', 'overview']);
  const [conflict, setConflict] = useState(false);
  return {
    busy,
    error,
    conflict,
    async send(path, body, done) {
      setConflict(false);
      const isDone = await run(async () => {
        try {
          queries.setQueryData(['board-item', id], await postJson<BoardDetail>(path, body));
          toast({ text: t(done) });
          return true;
        } catch (problem) {
          if (!isProblem(problem, 'HD_RECORD_CONFLICT')) throw problem;
          setConflict(true);
          await queries.invalidateQueries({ queryKey: ['board-item', id] });
          return false;
        }
      });
      return isDone ?? false;
    },
  };
}
