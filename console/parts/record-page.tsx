import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { Link } from 'wouter';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Icon } from './icons.tsx';
import { FirstFetch, ProblemNotice } from './states.tsx';

/** The way back to the page that this one belongs to. */
export function WayBack({
  to,
  label = 'incident.way',
  children,
}: {
  readonly to: string;
  readonly label?: TextKey;
  readonly children: ReactNode;
}) {
  const t = useText();
  return (
    <nav aria-label={t(label)} className="px-4 pt-3 text-small">
      <Link href={to} className="link inline-flex items-center gap-1">
        <Icon name="back" className="size-3" />
        {children}
      </Link>
    </nav>
  );
}

/** The frame of a page about one record: its name in the document's title, the way back, and how fetching it goes. */
export function RecordPage({
  queryKey,
  query,
  title,
  back,
  children,
}: {
  /** The kind of record, which also names what scrolls, and its id. */
  readonly queryKey: readonly [kind: string, id: string];
  readonly query: Pick<UseQueryResult, 'isPending' | 'fetchStatus' | 'isError' | 'error' | 'refetch'>;
  /** What the record is called; the page it belongs to where that is not known. */
  readonly title: string | undefined;
  readonly back: { readonly to: string; readonly text: TextKey; readonly label?: TextKey };
  readonly children: ReactNode;
}) {
  const t = useText();
  const { text, ...way } = back;
  useEffect(() => {
    document.title = `${title ?? t(text)} · Hải Đăng`;
  }, [title, text, t]);
  return (
    <div className="min-h-0 flex-1 overflow-auto" data-scroller={queryKey[0]}>
      <WayBack {...way}>{t(text)}</WayBack>
      <FirstFetch query={query} cancels={queryKey} />
      {query.isError && (
        <div className="p-4">
          <ProblemNotice error={query.error} retry={() => query.refetch()} />
        </div>
      )}
      {children}
    </div>
  );
}
