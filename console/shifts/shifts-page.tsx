import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { AlertList } from '../../server/alerts/schema.ts';
import type { ShiftEntry, ShiftLog } from '../../server/shifts/schema.ts';
import { getJson, postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Empty, PageTitle, ProblemNotice, Progress } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { EntryForm } from './entry-form.tsx';

const PAGE = 50;

/** `/shifts`: notes of the shift, and open alerts handed to the next one. */
export function ShiftsPage({ me }: { readonly me: Session }) {
  const t = useText();
  const queries = useQueryClient();
  const log = useInfiniteQuery({
    queryKey: ['shifts'],
    queryFn: ({ signal, pageParam }) =>
      getJson<ShiftLog>('/shifts', { limit: PAGE, after: pageParam ?? undefined }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 30_000,
  });
  const open = useQuery({
    queryKey: ['open-alerts'],
    queryFn: ({ signal }) => getJson<AlertList>('/alerts', { status: 'new,in_progress', limit: 500 }, signal),
  });
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
      <PageTitle title="nav.shifts" />
      <Progress
        busy={log.isPending && log.fetchStatus === 'fetching'}
        cancel={() => queries.cancelQueries({ queryKey: ['shifts'] })}
      />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <div className="grid max-w-6xl gap-4 lg:grid-cols-[24rem_minmax(0,1fr)]">
          {me.role !== 'viewer' && (
            <section className="card h-fit p-4" aria-labelledby="entry">
              <h2 id="entry" className="mb-3 font-semibold">
                {t('shift.add')}
              </h2>
              {open.isError && <ProblemNotice error={open.error} retry={() => open.refetch()} />}
              <EntryForm me={me} open={open.data} />
            </section>
          )}
          <section aria-labelledby="log" className="min-w-0">
            <h2 id="log" className="sr-only">
              {t('shift.log')}
            </h2>
            {log.isError && <ProblemNotice error={log.error} retry={() => log.refetch()} />}
            {log.isSuccess && entries.length === 0 && <Empty title={t('shift.none')}>{t('shift.noneAdvice')}</Empty>}
            <ol className="space-y-3">
              {entries.map((entry) => (
                <Entry key={entry.id} entry={entry} me={me} />
              ))}
            </ol>
            {log.hasNextPage && (
              <button
                type="button"
                className="button mt-3"
                disabled={log.isFetchingNextPage}
                onClick={() => log.fetchNextPage()}
              >
                {t('common.loadMore')}
              </button>
            )}
          </section>
        </div>
      </div>
    </>
  );
}

function Entry({ entry, me }: { readonly entry: ShiftEntry; readonly me: Session }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const forMe = entry.to === null || entry.to === me.user;
  const mayAccept =
    entry.kind === 'handover' && entry.acceptedAt === null && forMe && entry.by !== me.user && me.role !== 'viewer';
  const accept = async (): Promise<void> => {
    setBusy(true);
    try {
      await postJson<ShiftEntry>(`/shifts/${encodeURIComponent(entry.id)}/accept`, {});
      toast({ text: t('shift.accepted', { count: entry.alerts.length }) });
    } catch (error) {
      toast({ text: '', error });
    }
    setBusy(false);
    queries.invalidateQueries({ queryKey: ['shifts'] });
    queries.invalidateQueries({ queryKey: ['open-alerts'] });
  };
  return (
    <li className={`card p-4 ${mayAccept ? 'border-accent' : ''}`}>
      <p className="flex flex-wrap gap-x-3 text-muted">
        <span className="font-semibold text-text">{t(`shift.kind.${entry.kind}`)}</span>
        <span>{entry.by}</span>
        {entry.kind === 'handover' && <span>→ {entry.to ?? t('shift.next')}</span>}
        <Time at={entry.at} />
      </p>
      <p className="mt-1 break-words whitespace-pre-wrap">
        <Visible text={entry.text} prose />
      </p>
      {entry.alerts.length > 0 && (
        <details className="mt-2">
          <summary className="link">{t('shift.alerts', { count: entry.alerts.length })}</summary>
          <ul className="mt-1 columns-1 gap-4 text-small sm:columns-2">
            {entry.alerts.map((id) => (
              <li key={id} className="break-all">
                <Link href={`/alerts/${encodeURIComponent(id)}`} className="link">
                  {id}
                </Link>
              </li>
            ))}
          </ul>
        </details>
      )}
      {entry.acceptedAt !== null && (
        <p className="mt-2 text-small text-good">
          {t('shift.acceptedBy', { by: entry.acceptedBy ?? '' })} <Time at={entry.acceptedAt} />
        </p>
      )}
      {entry.kind === 'handover' && entry.acceptedAt === null && !mayAccept && (
        <p className="mt-2 text-small text-medium">{t('shift.waiting')}</p>
      )}
      {mayAccept && (
        <button type="button" className="button button-primary mt-3" disabled={busy} onClick={accept}>
          {t('shift.accept', { count: entry.alerts.length })}
        </button>
      )}
    </li>
  );
}
