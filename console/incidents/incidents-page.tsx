import { useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { ClockRow } from '../../server/clocks/schema.ts';
import type { IncidentRow } from '../../server/incidents/schema.ts';
import { NextDue } from '../clocks/clock-mark.tsx';
import { nextDue, useDueClocks } from '../clocks/queries.ts';
import { YearNotice } from '../clocks/year-notice.tsx';
import { useText } from '../i18n/language.tsx';
import { SeverityMark } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useWalk } from '../parts/use-walk.ts';
import { NewIncidentDialog } from './new-incident.tsx';
import { OPEN_STATUSES, useIncidents } from './queries.ts';

const FILTERS = {
  open: { label: 'incident.openOnes', status: OPEN_STATUSES.join(',') },
  all: { label: 'incident.all', status: [...OPEN_STATUSES, 'closed', 'merged'].join(',') },
  mine: { label: 'incident.mine', status: OPEN_STATUSES.join(',') },
} as const;
type FilterName = keyof typeof FILTERS;

/** `/incidents`: the cases, changed last first. */
export function IncidentsPage({ me }: { readonly me: Session }) {
  const t = useText();
  const [, go] = useLocation();
  const asked = new URLSearchParams(useSearch());
  const wanted = asked.get('show');
  const byDue = asked.get('sort') === 'due';
  const show: FilterName = wanted === 'all' || wanted === 'mine' ? wanted : 'open';
  const { status } = FILTERS[show];
  const incidents = useIncidents({ status, ...(show === 'mine' ? { owner: me.user } : {}) });
  const due = useDueClocks();
  const clocks = new Map(due.data?.incidents.map(({ incident, clocks: all }) => [incident.id, nextDue(all)]));
  const isShown = (row: IncidentRow) =>
    status.split(',').includes(row.status) && (show !== 'mine' || row.owner === me.user);
  const rows = byDue
    ? (due.data?.incidents ?? []).map(({ incident }) => incident).filter(isShown)
    : (incidents.data?.incidents ?? []);
  const turnTo = (name: FilterName, sorted: boolean): void => {
    const query = new URLSearchParams({
      ...(name === 'open' ? {} : { show: name }),
      ...(sorted ? { sort: 'due' } : {}),
    });
    go(query.size === 0 ? '/incidents' : `/incidents?${query}`, { replace: true });
  };
  const focused = useWalk(
    rows.map(({ id }) => id),
    (id) => `incident-${id}`,
  );
  const [making, setMaking] = useState(false);
  const mayAct = me.permissions.includes('incidents.work');
  return (
    <>
      <PageTitle title="nav.incidents">
        <select
          className="field w-auto"
          aria-label={t('incident.filter')}
          value={show}
          onChange={(event) => turnTo(event.target.value as FilterName, byDue)}
        >
          {(Object.keys(FILTERS) as FilterName[]).map((name) => (
            <option key={name} value={name}>
              {t(FILTERS[name].label)}
            </option>
          ))}
        </select>
        <select
          className="field w-auto"
          aria-label={t('clocks.sort')}
          value={byDue ? 'due' : 'changed'}
          onChange={(event) => turnTo(show, event.target.value === 'due')}
        >
          <option value="changed">{t('clocks.sortChanged')}</option>
          <option value="due">{t('clocks.sortDue')}</option>
        </select>
        {!byDue && incidents.data && (
          <span className="text-muted">{t('incident.total', { shown: rows.length, total: incidents.data.total })}</span>
        )}
        {byDue && due.data && (
          <span className="text-muted">{t('incident.total', { shown: rows.length, total: due.data.total })}</span>
        )}
        <span className="flex-1" />
        {mayAct && (
          <button type="button" className="button button-primary" onClick={() => setMaking(true)}>
            {t('incident.make')}
          </button>
        )}
      </PageTitle>
      <FirstFetch query={incidents} cancels={['incidents']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6" data-scroller="incidents">
        {incidents.isError && <ProblemNotice error={incidents.error} retry={() => incidents.refetch()} />}
        {byDue && due.isError && <ProblemNotice error={due.error} retry={() => due.refetch()} />}
        <YearNotice years={due.data?.years ?? []} me={me} />
        {byDue && due.data && rows.length === 0 && <Empty title={t('clocks.noneRun')} />}
        {!byDue && incidents.data && rows.length === 0 && (
          <Empty title={t('incident.none')}>
            <p>{t('incident.noneHint')}</p>
          </Empty>
        )}
        {rows.length > 0 && (
          <ul className="card divide-y divide-line">
            {rows.map((row) => (
              <IncidentLine key={row.id} row={row} clock={clocks.get(row.id)} focused={() => focused(row.id)} />
            ))}
          </ul>
        )}
      </div>
      {making && <NewIncidentDialog me={me} close={() => setMaking(false)} />}
    </>
  );
}

function IncidentLine({
  row,
  clock,
  focused,
}: {
  readonly row: IncidentRow;
  /** The term of the law that ends next. */
  readonly clock: ClockRow | undefined;
  readonly focused: () => void;
}) {
  const t = useText();
  return (
    <li data-incident={row.id} className="relative hover:bg-hover">
      <Link
        href={`/incidents/${encodeURIComponent(row.id)}`}
        id={`incident-${row.id}`}
        onFocus={focused}
        className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2"
      >
        <span className="w-28 text-small">
          <SeverityMark severity={row.severity} wide />
        </span>
        <span className="min-w-0 flex-1 basis-64">
          <span className="block font-medium break-words">
            <Visible text={row.title} prose />
          </span>
          <span className="block text-small text-muted">
            {row.id} · <AgencyNames row={row} />
          </span>
        </span>
        <span className="w-36 text-small">
          {t(`incident.status.${row.status}`)}
          {row.outcome && <span className="block text-muted">{t(`incident.outcome.${row.outcome}`)}</span>}
        </span>
        <span className="w-36 text-small break-words text-muted">{row.owner ?? t('alert.nobody')}</span>
        <span className="w-48 text-small">
          {clock && <NextDue clock={clock} />}
          {row.due === null ? (
            <span className="block text-muted">
              {t('incident.changed')}: <Time at={row.updatedAt} as="relative" />
            </span>
          ) : (
            <>
              {t('incident.due')}: <Time at={row.due} as="relative" />
            </>
          )}
        </span>
      </Link>
    </li>
  );
}

/** The agencies that an incident concerns. */
export function AgencyNames({ row }: { readonly row: IncidentRow }) {
  const t = useText();
  if (row.agencies.length === 0) return t('incident.province');
  const names = row.agencies.slice(0, 3).map(({ name }) => name);
  const more = row.agencies.length - names.length;
  return <Visible text={[...names, ...(more > 0 ? [`+${more}`] : [])].join(' · ')} prose />;
}
