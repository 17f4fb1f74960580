import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { isProblem, problemOf } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { fieldText } from '../parts/fields.ts';
import { Icon } from '../parts/icons.tsx';
import { Empty, PageTitle, Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { toCsv } from './csv.ts';
import { EventList } from './event-list.tsx';
import { Histogram } from './histogram.tsx';
import { appendKql, kqlClause, kqlErrorColumn, searchAddress } from './kql.ts';
import type { SearchRange } from './range.ts';
import { RangeSelect } from './range-select.tsx';
import { useEventPages, useHistogram } from './use-search.ts';

const CSV_COLUMNS = [
  '@timestamp',
  'event.id',
  'organization.id',
  'host.name',
  'event.dataset',
  'event.action',
  'event.outcome',
  'source.ip',
  'user.name',
  'message',
  'event.original',
];

/** Shows where in the query the server stopped understanding. */
function WrongQuery({ kql, detail }: { readonly kql: string; readonly detail: string }) {
  const t = useText();
  const column = kqlErrorColumn(detail);
  if (column === undefined) return null;
  return (
    <p className="mt-2" lang="und">
      <span className="sr-only">{t('search.wrongAt', { column })}</span>
      <code className="log">
        {kql.slice(0, column - 1)}
        <mark className="rounded-sm bg-critical-ground px-0.5 text-critical underline decoration-wavy">
          {kql.slice(column - 1) || '␣'}
        </mark>
      </code>
    </p>
  );
}

/** `/search`: events by KQL and time, with a histogram; all of it in the address. */
export function SearchPage() {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const parameters = new URLSearchParams(useSearch());
  const kql = parameters.get('kql') ?? '';
  const from = parameters.get('from') ?? 'now-24h';
  const to = parameters.get('to') ?? 'now';
  const range = useMemo<SearchRange>(() => ({ from, to }), [from, to]);
  const [run, setRun] = useState(0);
  const pages = useEventPages(kql, range, run);
  const histogram = useHistogram(kql, range, run);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.value = kql;
  }, [kql]);

  const ask = (query: string, wanted: SearchRange): void => {
    if (query === kql && wanted.from === from && wanted.to === to) setRun((count) => count + 1);
    else go(searchAddress(query, wanted.from, wanted.to));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ask(box.current?.value.trim() ?? '', range);
  };
  const cancel = (): void => {
    queries.cancelQueries({ queryKey: ['events'] });
    queries.cancelQueries({ queryKey: ['histogram'] });
  };
  const events = useMemo(() => pages.data?.pages.flatMap((page) => page.events) ?? [], [pages.data]);
  const complete = pages.data?.pages.at(-1)?.complete ?? true;
  const copyCsv = async (): Promise<void> => {
    const rows = events.map(({ event }) => CSV_COLUMNS.map((name) => fieldText(event, name)));
    try {
      await navigator.clipboard.writeText(toCsv(CSV_COLUMNS, rows));
      toast({ text: t('search.copied', { count: rows.length }) });
    } catch (error) {
      toast({ text: '', error });
    }
  };
  const cancelled = pages.isPending && pages.fetchStatus === 'idle';
  return (
    <>
      <PageTitle title="nav.search" />
      <search>
        <form onSubmit={submit} className="flex flex-wrap items-center gap-2 px-4 pb-3">
          <input
            ref={box}
            type="search"
            aria-label={t('search.box')}
            placeholder={t('search.placeholder')}
            className="field w-auto min-w-56 flex-1 font-mono"
            defaultValue={kql}
            maxLength={4000}
            spellCheck={false}
            autoComplete="off"
          />
          <RangeSelect range={range} change={(wanted) => ask(box.current?.value.trim() ?? kql, wanted)} />
          <button type="submit" className="button button-primary">
            <Icon name="search" />
            {t('search.submit')}
          </button>
        </form>
      </search>
      <Progress busy={pages.isFetching || histogram.isFetching} cancel={cancel} />
      {pages.isError && (
        <div className="px-4 pb-3">
          <ProblemNotice error={pages.error} retry={() => pages.refetch()} />
          {isProblem(pages.error, 'HD_KQL_SYNTAX') && <WrongQuery kql={kql} detail={problemOf(pages.error).detail} />}
        </div>
      )}
      {cancelled && (
        <div className="px-4 pb-3">
          <Partial>
            {t('common.cancelled')}{' '}
            <button type="button" className="link" onClick={() => setRun((count) => count + 1)}>
              {t('common.retry')}
            </button>
          </Partial>
        </div>
      )}
      {histogram.data && !pages.isError && (
        <div className="px-4">
          <Histogram
            answer={histogram.data}
            zoom={(begin, end) => ask(kql, { from: new Date(begin).toISOString(), to: new Date(end).toISOString() })}
          />
          <div className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1 py-1 text-muted">
            <span>
              {t(histogram.data.complete ? 'search.found' : 'search.foundAtLeast', { count: histogram.data.total })}
              {events.length > 0 && ` · ${t('search.loaded', { count: events.length })}`}
            </span>
            {events.length > 0 && (
              <button type="button" className="button button-quiet text-small" onClick={copyCsv}>
                <Icon name="copy" />
                {t('search.copyCsv')}
              </button>
            )}
          </div>
        </div>
      )}
      {histogram.isError && !pages.isError && (
        <div className="px-4 pb-3">
          <ProblemNotice error={histogram.error} retry={() => histogram.refetch()} />
        </div>
      )}
      {!complete && (
        <div className="px-4 pb-3">
          <Partial>{t('search.incomplete')}</Partial>
        </div>
      )}
      {pages.isSuccess && events.length === 0 && complete && (
        <Empty title={t('search.none')}>{t('search.noneAdvice')}</Empty>
      )}
      {events.length > 0 && (
        <EventList
          events={events}
          filter={(name, value, negate) => ask(appendKql(kql, kqlClause(name, value, negate)), range)}
        />
      )}
      {pages.hasNextPage && (
        <div className="border-t border-line bg-surface px-4 py-2">
          <button
            type="button"
            className="button"
            disabled={pages.isFetchingNextPage}
            onClick={() => pages.fetchNextPage()}
          >
            {t(complete ? 'search.more' : 'search.goOn')}
          </button>
        </div>
      )}
    </>
  );
}
