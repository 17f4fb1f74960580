import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import { useLiveAlerts } from '../api/live.tsx';
import type { RequestNews } from '../api/live-feed.ts';
import { useText } from '../i18n/language.tsx';
import { useToast } from '../parts/toasts.tsx';

/** Hears of requests as long as somebody is signed in: what is shown of them is fresh, and what somebody waits for is said. */
export function RequestsNews({ me }: { readonly me: Session }): null {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const isAgency = me.agencies !== 'all';
  const listener = useMemo(() => {
    const refresh = (): void => {
      queries.invalidateQueries({ queryKey: ['requests'] });
      queries.invalidateQueries({ queryKey: ['request'] });
    };
    return {
      alert: () => undefined,
      restart: refresh,
      request: ({ state, subject }: RequestNews) => {
        refresh();
        if (state === 'overdue') toast({ text: t('request.news.overdue', { subject }) });
        if (state === 'asked' && isAgency) toast({ text: t('request.news.asked', { subject }) });
        if (state === 'answered' && !isAgency) toast({ text: t('request.news.answered', { subject }) });
      },
    };
  }, [queries, t, toast, isAgency]);
  useLiveAlerts(listener);
  return null;
}
