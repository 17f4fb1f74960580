// biome-ignore-all lint/correctness/noComponentHookFactories: the lint takes key handlers named in a map for components.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { MakeIncident } from '../incidents/make-incident.tsx';
import { PageTitle, Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { ActBar } from './act-bar.tsx';
import { ActDialog } from './close-dialog.tsx';
import { ConflictDialog } from './conflict-dialog.tsx';
import { passesText, type QueueFilter, readFilter, writeFilter } from './filter.ts';
import { FilterBar } from './filter-bar.tsx';
import { QueueList } from './queue-list.tsx';
import { MOST_ROWS, useActs } from './use-acts.ts';
import { useQueue } from './use-queue.ts';
import { useSelection } from './use-selection.ts';
import { Watched } from './watched.tsx';

/** Words are looked for in at most this many rows; the page says so where there are more. */
const TEXT_SEARCHED = 2_000;

/** `/alerts`: the queue, where an analyst lands. */
export function AlertsPage({ me }: { readonly me: Session }) {
  const t = useText();
  const format = useFormat();
  const [, go] = useLocation();
  const search = useSearch();
  const filter = useMemo(() => readFilter(new URLSearchParams(search)), [search]);
  const change = useCallback(
    (wanted: QueueFilter) => {
      const query = writeFilter(wanted).toString();
      go(query === '' ? '/alerts' : `/alerts?${query}`, { replace: true });
    },
    [go],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const [dialog, setDialog] = useState<{ readonly rows: readonly AlertRow[]; readonly closing: boolean }>();
  const [raised, setRaised] = useState<readonly AlertRow[]>();
  const reading = useRef(false);
  const isRead = useCallback(() => {
    const list = scroller.current;
    if (reading.current || document.querySelector('dialog[open]')) return true;
    return list !== null && (list.scrollTop > 0 || list.matches(':hover') || list.contains(document.activeElement));
  }, []);
  const queue = useQueue(filter, isRead);
  const { state } = queue;
  const rows = useMemo(() => state.rows.filter((row) => passesText(filter.text, row)), [state.rows, filter.text]);
  const selection = useSelection(rows);
  const chosenRows = state.rows.filter(({ id }) => selection.chosen.has(id));
  reading.current = chosenRows.length > 0;

  const acts = useActs(queue.acted);
  const targets = (): readonly AlertRow[] =>
    chosenRows.length > 0 ? chosenRows : rows.filter(({ id }) => id === selection.cursor);
  const mayAct = me.permissions.includes('alerts.triage');
  const finished = (): void => {
    setDialog(undefined);
    selection.clear();
  };
  /** After an act the cursor goes to the nearest row that stays. */
  const stepOn = (acted: readonly AlertRow[]): string | null => {
    const gone = new Set(acted.map(({ id }) => id));
    const at = rows.findIndex(({ id }) => id === selection.cursor);
    const after = [...rows.slice(Math.max(at, 0)), ...rows.slice(0, Math.max(at, 0)).reverse()];
    return after.find(({ id }) => !gone.has(id))?.id ?? null;
  };
  const assign = async (): Promise<void> => {
    const wanted = targets();
    if (wanted.length === 0 || wanted.length > MOST_ROWS) return;
    if ((await acts.assign(wanted, me.user)) === 'done') selection.clear();
  };
  const open = (closing: boolean): boolean => {
    const wanted = targets();
    if (!mayAct || wanted.length === 0 || wanted.length > MOST_ROWS) return false;
    setDialog({ rows: wanted, closing });
    return true;
  };
  const openIncident = (): boolean => {
    const wanted = targets();
    if (!mayAct || wanted.length === 0 || wanted.length > MOST_ROWS) return false;
    setRaised(wanted);
    return true;
  };
  const showWaiting = (): void => {
    queue.showWaiting();
    scroller.current?.scrollTo({ top: 0 });
  };

  useKeys({
    j: (event) => selection.move(1, event.shiftKey),
    k: (event) => selection.move(-1, event.shiftKey),
    ArrowDown: (event) => selection.move(1, event.shiftKey),
    ArrowUp: (event) => selection.move(-1, event.shiftKey),
    x: () => selection.cursor !== null && selection.toggle(selection.cursor, false),
    ' ': (event) => {
      const inList = scroller.current?.contains(event.target as Node) && !(event.target instanceof HTMLInputElement);
      if (!inList || selection.cursor === null) return false;
      selection.toggle(selection.cursor, false);
      return true;
    },
    Enter: (event) => {
      const free = event.target === document.body || (event.target as Element).matches('[role="row"], main');
      if (!free || selection.cursor === null) return false;
      go(`/alerts/${encodeURIComponent(selection.cursor)}`);
      return true;
    },
    a: () => (mayAct ? assign() : false),
    e: () => open(true),
    i: openIncident,
    n: showWaiting,
    Escape: selection.clear,
  });

  const { loadMore } = queue;
  const more = state.phase === 'ready' && state.next !== null && !state.loadingMore && state.error === null;
  const wantsMore = more && (filter.text === '' || state.rows.length < TEXT_SEARCHED);
  const nearEnd = useCallback(() => {
    if (wantsMore) loadMore();
  }, [wantsMore, loadMore]);
  const busy = state.phase === 'loading' || state.loadingMore || acts.busy;
  const plain = writeFilter(filter).toString() === '';
  const searchedAll = filter.text === '' || state.next === null;
  useEffect(() => {
    if (!searchedAll && rows.length < 40 && wantsMore) loadMore();
  }, [searchedAll, rows.length, wantsMore, loadMore]);

  return (
    <>
      <PageTitle title="nav.alerts">
        <span className="text-muted">
          {state.phase === 'ready' && t('queue.total', { count: filter.text === '' ? state.total : rows.length })}
        </span>
      </PageTitle>
      <FilterBar filter={filter} change={change} me={me} />
      <Progress busy={busy} cancel={queue.cancel} />
      <div aria-live="polite" role="status">
        {state.waiting.length > 0 && (
          <button
            type="button"
            className="block w-full border-b border-line bg-selected px-4 py-1 text-center text-accent hover:underline"
            onClick={showWaiting}
            aria-keyshortcuts="n"
          >
            {t('queue.waiting', { count: state.waiting.length })}
          </button>
        )}
      </div>
      {state.error !== null && (
        <div className="p-4">
          <ProblemNotice error={state.error} retry={state.rows.length === 0 ? queue.reload : queue.loadMore} />
        </div>
      )}
      {state.phase === 'cancelled' && (
        <div className="p-4">
          <Partial>
            {t('common.cancelled')}{' '}
            <button type="button" className="link" onClick={queue.reload}>
              {t('common.retry')}
            </button>
          </Partial>
        </div>
      )}
      {!searchedAll && !wantsMore && state.phase === 'ready' && (
        <div className="px-4 py-2">
          <Partial>{t('queue.textPartial', { loaded: state.rows.length, total: format.number(state.total) })}</Partial>
        </div>
      )}
      {state.phase === 'ready' && rows.length === 0 && (
        <div className="min-h-0 flex-1 overflow-auto">
          <Watched filtered={!plain} clear={() => go('/alerts', { replace: true })} />
        </div>
      )}
      {rows.length > 0 && (
        <QueueList
          rows={rows}
          total={state.total}
          filter={filter}
          selection={selection}
          scroller={scroller}
          nearEnd={nearEnd}
        />
      )}
      {mayAct && chosenRows.length > 0 && (
        <div className="border-t border-line bg-surface">
          <ActBar
            count={chosenRows.length}
            most={MOST_ROWS}
            busy={acts.busy}
            assign={assign}
            edit={() => open(false)}
            finish={() => open(true)}
            incident={openIncident}
            clear={selection.clear}
          />
        </div>
      )}
      {dialog && (
        <ActDialog
          rows={dialog.rows}
          closing={dialog.closing}
          busy={acts.busy}
          error={acts.error}
          close={() => setDialog(undefined)}
          send={async (act) => {
            const next = stepOn(dialog.rows);
            const outcome = await acts.act(dialog.rows, act);
            if (outcome !== 'failed') finished();
            if (outcome === 'done' && act.status === 'closed') selection.place(next);
          }}
        />
      )}
      {raised && (
        <MakeIncident
          rows={raised}
          close={() => setRaised(undefined)}
          made={() => {
            setRaised(undefined);
            selection.clear();
          }}
        />
      )}
      {acts.conflict && <ConflictDialog conflict={acts.conflict} acts={acts} />}
    </>
  );
}
