import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { NoticeAddress, NoticeLog, OwnNotices } from '../../server/notify/schema.ts';
import { getJson } from '../api/client.ts';
import { useAttempt } from '../parts/use-attempt.ts';

/** New notices come by the live connection; this is for what it missed. */
const REFRESHED_MS = 60_000;
const LOG_REFRESHED_MS = 10_000;
const MOST_SHOWN = 100;

export type ShownLog = 'all' | 'waiting' | 'dead';

/** One's own notices, the newest first. */
export function useOwnNotices(): UseQueryResult<OwnNotices> {
  return useQuery({
    queryKey: ['notices'],
    queryFn: ({ signal }) => getJson<OwnNotices>('/session/notices', { limit: MOST_SHOWN }, signal),
    refetchInterval: REFRESHED_MS,
  });
}

/** How one hears of notices besides the console. */
export function useNoticeAddress(): UseQueryResult<NoticeAddress> {
  return useQuery({
    queryKey: ['notice-address'],
    queryFn: ({ signal }) => getJson<NoticeAddress>('/session/notices/address', {}, signal),
  });
}

/** What became of notices on each way. */
export function useNoticeLog(show: ShownLog, enabled: boolean): UseQueryResult<NoticeLog> {
  return useQuery({
    queryKey: ['notice-log', show],
    queryFn: ({ signal }) => getJson<NoticeLog>('/notices', { show, limit: MOST_SHOWN }, signal),
    refetchInterval: LOG_REFRESHED_MS,
    placeholderData: (previous) => previous,
    enabled,
  });
}

/** Sending one act about notices. */
export interface NoticeActs {
  readonly busy: boolean;
  readonly error: unknown;
  /** Whether it was done. */
  run(send: () => Promise<unknown>): Promise<boolean>;
}

/** Acts; what is shown is fetched again after each. */
export function useNoticeActs(): NoticeActs {
  const { busy, error, run } = useAttempt(['notices', 'notice-log', 'notice-address']);
  return {
    busy,
    error,
    async run(send) {
      const isDone = await run(async () => {
        await send();
        return true;
      });
      return isDone ?? false;
    },
  };
}
