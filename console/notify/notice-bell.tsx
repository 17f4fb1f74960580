import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import type { NoticeRow } from '../../server/notify/schema.ts';
import { useLiveAlerts } from '../api/live.tsx';
import { useLanguage } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { Icon } from '../parts/icons.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useOwnNotices } from './queries.ts';

/** In the head of every page: how many notices nobody has read yet; a new one is said at once. */
export function NoticeBell() {
  const { t, language } = useLanguage();
  const toast = useToast();
  const queries = useQueryClient();
  const unread = useOwnNotices().data?.unread ?? 0;
  const listener = useMemo(
    () => ({
      alert: () => {},
      restart: () => void queries.invalidateQueries({ queryKey: ['notices'] }),
      notice: ({ texts }: NoticeRow) => {
        toast({ text: pickText(texts, language)?.text.title ?? '' });
        for (const key of ['notices', 'clocks', 'incident-clocks']) void queries.invalidateQueries({ queryKey: [key] });
      },
    }),
    [toast, queries, language],
  );
  useLiveAlerts(listener);
  const words = unread === 0 ? t('notices.noneUnread') : t('notices.unread', { count: unread });
  return (
    <Link href="/notices" className="button button-quiet" title={words} aria-label={words} data-unread={unread}>
      <Icon name="mail" className={unread > 0 ? 'text-accent' : 'text-muted'} />
      {unread > 0 && <span className="text-small font-semibold">{unread > 99 ? '99+' : unread}</span>}
    </Link>
  );
}
