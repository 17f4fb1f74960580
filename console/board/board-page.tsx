import { Link, useLocation, useSearch } from 'wouter';
import type { Board, BoardRow } from '../../server/national/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { SEVERITIES, SEVERITY_LOOKS } from '../parts/severity.ts';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useWalk } from '../parts/use-walk.ts';
import { DueMark, ReportedSeverity, SeenMark } from './marks.tsx';
import { NationalOnly } from './national-only.tsx';
import { type BoardFilter, SHOWS, STATES, useBoard } from './queries.ts';

const NAMES = ['show', 'province', 'severity', 'state'] as const;

/** `/board`: what provinces reported to the center, changed last first. */
export function BoardPage() {
  return (
    <NationalOnly>
      <BoardList />
    </NationalOnly>
  );
}

function BoardList() {
  const t = useText();
  const filter = useFilter();
  const board = useBoard(filter);
  const [first] = board.data?.pages ?? [];
  // A row that changed between two pages would stand in both.
  const rows = [
    ...new Map(board.data?.pages.flatMap(({ incidents }) => incidents.map((row) => [row.id, row]))).values(),
  ];
  const focused = useWalk(
    rows.map(({ id }) => id),
    (id) => `board-${id}`,
  );
  const isNarrowed = Object.keys(filter).length > 0;
  return (
    <>
      <PageTitle title="nav.board">
        <FilterBar filter={filter} board={first} />
        {first && <span className="text-muted">{t('incident.total', { shown: rows.length, total: first.total })}</span>}
        <span className="flex-1" />
        <Link href="/board/indicators" className="button">
          {t('board.indicators')}
        </Link>
      </PageTitle>
      <FirstFetch query={board} cancels={['board']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6" data-scroller="board">
        {board.isError && <ProblemNotice error={board.error} retry={() => board.refetch()} />}
        {first && rows.length === 0 && (
          <Empty title={t(isNarrowed ? 'board.noneFits' : 'board.none')}>
            {isNarrowed ? (
              <Link href="/board" className="link">
                {t('board.showAll')}
              </Link>
            ) : (
              <p>{t('board.noneHint')}</p>
            )}
          </Empty>
        )}
        {rows.length > 0 && (
          <ul className="card divide-y divide-line">
            {rows.map((row) => (
              <BoardLine key={row.id} row={row} focused={() => focused(row.id)} />
            ))}
          </ul>
        )}
        <MoreButton list={board} />
      </div>
    </>
  );
}

/** What the address asks for; what it may not ask for is left out. */
function useFilter(): BoardFilter {
  const asked = new URLSearchParams(useSearch());
  const known: Readonly<Record<(typeof NAMES)[number], readonly string[] | undefined>> = {
    show: SHOWS.filter((one) => one !== 'all'),
    province: undefined,
    severity: SEVERITIES,
    state: STATES,
  };
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = asked.get(name)?.slice(0, 64);
      return value && (known[name]?.includes(value) ?? true) ? [[name, value]] : [];
    }),
  );
}

function FilterBar({ filter, board }: { readonly filter: BoardFilter; readonly board: Board | undefined }) {
  const t = useText();
  const [, go] = useLocation();
  const set = (name: (typeof NAMES)[number], value: string): void => {
    const { [name]: _, ...others } = filter;
    const query = new URLSearchParams({ ...others, ...(value === '' ? {} : { [name]: value }) });
    go(query.size === 0 ? '/board' : `/board?${query}`, { replace: true });
  };
  const select = (name: (typeof NAMES)[number], label: string, options: readonly (readonly [string, string])[]) => (
    <select
      className="field w-auto max-w-full"
      aria-label={label}
      name={name}
      value={filter[name] ?? ''}
      onChange={(event) => set(name, event.target.value)}
    >
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
  const { provinces = [], counts } = board ?? {};
  const known = provinces.some(({ account }) => account === filter.province);
  return (
    <>
      {select(
        'show',
        t('board.filter.show'),
        SHOWS.map((show) => [
          show === 'all' ? '' : show,
          `${t(`board.show.${show}`)}${counts ? ` (${counts[show]})` : ''}`,
        ]),
      )}
      {select('province', t('board.province'), [
        ['', t('board.allProvinces')],
        ...(filter.province === undefined || known ? [] : [[filter.province, filter.province] as const]),
        ...provinces.map(({ account, name }) => [account, name] as const),
      ])}
      {select('severity', t('alert.severity'), [
        ['', t('board.anySeverity')],
        ...SEVERITIES.map((one) => [one, t(SEVERITY_LOOKS[one].word)] as const),
      ])}
      {select('state', t('alert.status'), [
        ['', t('board.anyState')],
        ...STATES.map((one) => [one, t(`board.state.${one}`)] as const),
      ])}
    </>
  );
}

function BoardLine({ row, focused }: { readonly row: BoardRow; readonly focused: () => void }) {
  const t = useText();
  return (
    <li data-board={row.id} className="hover:bg-hover">
      <Link
        href={`/board/${encodeURIComponent(row.id)}`}
        id={`board-${row.id}`}
        onFocus={focused}
        className="flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-2"
      >
        <span className="w-28 text-small">
          <ReportedSeverity severity={row.severity} />
        </span>
        <span className="min-w-0 flex-1 basis-64">
          <span className="block font-medium break-words">
            {row.title === '' ? t('board.noTitle') : <Visible text={row.title} prose />}
          </span>
          <span className="block text-small break-words text-muted">
            <Visible text={[row.provinceName, row.reference ?? ''].filter((one) => one !== '').join(' · ')} prose />
          </span>
        </span>
        <span className="w-36 text-small">{t(`board.state.${row.state}`)}</span>
        <span className="w-48 text-small">
          <SeenMark row={row} />
        </span>
        <span className="w-48 text-small">
          {row.openTasks > 0 && <span className="block">{t('board.openTasks', { count: row.openTasks })}</span>}
          {row.due !== null && <DueMark due={row.due} />}
          {row.openTasks === 0 && (
            <>
              {t('incident.changed')}: <Time at={row.updatedAt} as="relative" />
            </>
          )}
        </span>
      </Link>
    </li>
  );
}
