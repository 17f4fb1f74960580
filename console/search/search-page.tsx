import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { isProblem, problemOf } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { Empty, PageTitle, Partial, ProblemNotice } from '../parts/states.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { EventList } from './event-list.tsx';
import { FieldPanel } from './field-panel.tsx';
import { kqlClause, withClause } from './kql.ts';
import { QueryBox } from './query-box.tsx';
import { RangeSelect } from './range-select.tsx';
import { SavedSearchesDialog } from './saved-searches.tsx';
import { SearchProgress } from './search-progress.tsx';
import { SearchSummary } from './search-summary.tsx';
import { StoppedNotice } from './stopped.tsx';
import { useAsked, useEventPages, useHistogram } from './use-search.ts';
import { WrongQuery } from './wrong-query.tsx';

/** What the address says is looked for. */
interface View {
  readonly kql: string;
  readonly from: string;
  readonly to: string;
  readonly by: string | undefined;
}

function useView(): readonly [View, (view: View) => void] {
  const [, go] = useLocation();
  const parameters = new URLSearchParams(useSearch());
  const view: View = {
    kql: parameters.get('kql') ?? '',
    from: parameters.get('from') ?? 'now-24h',
    to: parameters.get('to') ?? 'now',
    by: parameters.get('by') ?? undefined,
  };
  const show = ({ kql, from, to, by }: View): void => {
    go(`/search?${new URLSearchParams({ kql, from, to, ...(by === undefined ? {} : { by }) })}`);
  };
  return [view, show];
}

/** `/search`: events by KQL and time, with fields, values and a histogram; all of it in the address. */
export function SearchPage() {
  const t = useText();
  const queries = useQueryClient();
  const [view, show] = useView();
  const { kql, from, to, by } = view;
  const [run, setRun] = useState(0);
  const [showFields, setShowFields] = useState(false);
  const [showSaved, setShowSaved] = useState(false);
  const asked = useAsked(kql, from, to, run);
  const pages = useEventPages(asked);
  const histogram = useHistogram(asked, by);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.value = kql;
  }, [kql]);
  useKeys({ o: () => setShowSaved(true) });

  const ask = (change: Partial<View>): void => {
    const wanted = { ...view, ...change };
    if (wanted.kql === kql && wanted.from === from && wanted.to === to && wanted.by === by)
      setRun((count) => count + 1);
    else show(wanted);
  };
  const written = (): string => box.current?.value.trim() ?? kql;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ask({ kql: written() });
  };
  const cancel = (): void => {
    queries.cancelQueries({ queryKey: ['events'] });
    queries.cancelQueries({ queryKey: ['histogram'] });
  };
  const add = (field: string, value: unknown, negate: boolean): void => {
    const next = withClause(kql, kqlClause(field, value, negate), kqlClause(field, value, !negate));
    if (next !== kql) ask({ kql: next });
  };
  const events = useMemo(() => pages.data?.pages.flatMap((page) => page.events) ?? [], [pages.data]);
  const lastPage = pages.data?.pages.at(-1);
  const complete = lastPage?.complete ?? true;
  const cancelled = pages.isPending && pages.fetchStatus === 'idle';
  return (
    <>
      <PageTitle title="nav.search">
        <button type="button" className="button" aria-keyshortcuts="o" onClick={() => setShowSaved(true)}>
          {t('saved.title')}
        </button>
        <button
          type="button"
          className="button lg:hidden"
          aria-expanded={showFields}
          onClick={() => setShowFields((shown) => !shown)}
        >
          {t('search.fields')}
        </button>
      </PageTitle>
      <search>
        <form onSubmit={submit} className="flex flex-wrap items-center gap-2 px-4 pb-3">
          <QueryBox box={box} kql={kql} range={asked.range} />
          <RangeSelect range={asked.range} change={(wanted) => ask({ kql: written(), ...wanted })} />
          <button type="submit" className="button button-primary">
            <Icon name="search" />
            {t('search.submit')}
          </button>
        </form>
      </search>
      <SearchProgress asked={asked} busy={pages.isFetching || histogram.isFetching} cancel={cancel} />
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
      {!pages.isError && (
        <div className="flex min-h-0 flex-1 flex-col overflow-y-auto border-t border-line lg:flex-row lg:overflow-visible">
          <div
            className={`${showFields ? 'flex' : 'hidden'} max-h-80 min-h-0 shrink-0 flex-col border-b border-line pt-2 lg:flex lg:max-h-none lg:w-72 lg:border-r lg:border-b-0`}
          >
            <FieldPanel
              asked={asked}
              acts={{
                by,
                divide: (field) => ask({ by: field }),
                add: (field, value, negate) => add(field, value, negate),
              }}
            />
          </div>
          <div className="flex min-h-160 min-w-0 flex-1 flex-col lg:min-h-0">
            <SearchSummary
              view={view}
              histogram={histogram}
              events={events}
              zoom={(begin, end) => ask({ from: new Date(begin).toISOString(), to: new Date(end).toISOString() })}
              add={add}
              undivided={() => ask({ by: undefined })}
            />
            {lastPage && <StoppedNotice page={lastPage} />}
            {pages.isSuccess && events.length === 0 && complete && (
              <Empty title={t('search.none')}>{t('search.noneAdvice')}</Empty>
            )}
            {events.length > 0 && <EventList events={events} filter={add} />}
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
          </div>
        </div>
      )}
      {showSaved && (
        <SavedSearchesDialog
          now={{ kql, from, to, by: by ?? null }}
          open={(search) => {
            setShowSaved(false);
            ask({ kql: search.kql, from: search.from, to: search.to, by: search.by ?? undefined });
          }}
          close={() => setShowSaved(false)}
        />
      )}
    </>
  );
}
