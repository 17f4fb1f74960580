import { Link } from 'wouter';
import type { Backtest } from '../../server/rules/schema.ts';
import { useAgencies } from '../api/queries.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { Partial } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';

type Result = NonNullable<Backtest['result']>;
const MOST_ROWS = 200;

/** What a rule would have given: how loud, at which agencies, on which days, and some of the events. */
export function BacktestResult({ result, days }: { readonly result: Result; readonly days: number }) {
  const t = useText();
  const { approximate, failed, evaluated, events, alerts, hidden, samples } = result;
  const aDay = Math.ceil(alerts / days);
  return (
    <div className="space-y-3 px-4 pb-4">
      {(approximate || failed > 0) && <Partial>{t('backtest.partial', { failed })}</Partial>}
      <p>
        {t('backtest.evaluated', { count: evaluated })} {alerts > 0 && t('backtest.aDay', { count: aDay })}
        {evaluated > 0 && events === 0 && t('backtest.silent')}
      </p>
      {result.days.length > 0 && <Agencies days={result.days} />}
      {result.days.length > 0 && <Days days={result.days} />}
      {hidden.map(({ exception, kql, events: count }) => (
        <p key={exception}>
          {t('backtest.hidden', { count })}{' '}
          <code className="break-words">
            <Visible text={kql} />
          </code>
        </p>
      ))}
      {samples.length > 0 && <Samples samples={samples} />}
    </div>
  );
}

function useAgencyName(): (id: string) => string {
  const agencies = useAgencies().data?.agencies ?? [];
  return (id) => agencies.find((one) => one.id === id)?.name ?? id;
}

/** The loudest agency first. */
function Agencies({ days }: { readonly days: Result['days'] }) {
  const t = useText();
  const nameOf = useAgencyName();
  const sums = new Map<string, { events: number; alerts: number }>();
  for (const { agency, events, alerts } of days) {
    const sum = sums.get(agency) ?? { events: 0, alerts: 0 };
    sums.set(agency, { events: sum.events + events, alerts: sum.alerts + alerts });
  }
  const rows = [...sums].sort(([, a], [, b]) => b.alerts - a.alerts || b.events - a.events);
  return (
    <Counts
      caption={t('backtest.byAgency')}
      head={t('alert.agency')}
      rows={rows.slice(0, MOST_ROWS).map(([agency, sum]) => ({ key: agency, name: nameOf(agency), ...sum }))}
    />
  );
}

function Days({ days }: { readonly days: Result['days'] }) {
  const t = useText();
  const nameOf = useAgencyName();
  const several = new Set(days.map(({ agency }) => agency)).size > 1;
  const rows = days.slice(0, MOST_ROWS).map(({ day, agency, events, alerts }) => ({
    key: `${day} ${agency}`,
    name: several ? `${dateOf(day)} · ${nameOf(agency)}` : dateOf(day),
    events,
    alerts,
  }));
  return (
    <details>
      <summary className="font-medium">{t('backtest.byDay')}</summary>
      <Counts head={t('backtest.day')} rows={rows} />
    </details>
  );
}

/** A day (`yyyy-MM-dd`) as everywhere in the console. */
function dateOf(day: string): string {
  return day.split('-').reverse().join('/');
}

function Counts({
  caption,
  head,
  rows,
}: {
  readonly caption?: string;
  readonly head: string;
  readonly rows: readonly {
    readonly key: string;
    readonly name: string;
    readonly events: number;
    readonly alerts: number;
  }[];
}) {
  const t = useText();
  const format = useFormat();
  return (
    <table className="data-table w-full max-w-2xl">
      {caption !== undefined && <caption className="pb-1 text-left font-medium">{caption}</caption>}
      <thead>
        <tr>
          <th scope="col">{head}</th>
          <th scope="col" className="number">
            {t('backtest.events')}
          </th>
          <th scope="col" className="number">
            {t('backtest.alerts')}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, name, events, alerts }) => (
          <tr key={key}>
            <td className="break-words">
              <Visible text={name} prose />
            </td>
            <td className="number tabular-nums">{format.number(events)}</td>
            <td className="number tabular-nums">{format.number(alerts)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Samples({ samples }: { readonly samples: Result['samples'] }) {
  const t = useText();
  const nameOf = useAgencyName();
  return (
    <details>
      <summary className="font-medium">{t('backtest.samples')}</summary>
      <ul className="mt-1 space-y-1 text-small">
        {samples.map(({ id, at, agency, text }) => (
          <li key={id} className="break-words">
            <Link href={searchOf(id, at)} className="link">
              <Time at={at} />
            </Link>{' '}
            · <Visible text={nameOf(agency)} prose /> · <LogText text={text} />
          </li>
        ))}
      </ul>
    </details>
  );
}

const HOUR_MS = 3_600_000;

/** The search for one event, in a range that holds it: without one it would look at the last day alone. */
function searchOf(id: string, at: string): string {
  const moment = Date.parse(at);
  const range = Number.isFinite(moment)
    ? { from: new Date(moment - HOUR_MS).toISOString(), to: new Date(moment + HOUR_MS).toISOString() }
    : {};
  return `/search?${new URLSearchParams({ kql: `event.id: "${id}"`, ...range })}`;
}
