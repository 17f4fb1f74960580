import { useState } from 'react';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { useAlertEvents } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { FieldTable } from '../parts/field-table.tsx';
import { fieldText } from '../parts/fields.ts';
import { Icon } from '../parts/icons.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';

const STEP = 20;
const MOST = 1_000;
const VALUE_SHOWN = 200;

/** The fields that made the rule match, with their values: why it fired, in one line. */
function Matched({ event, matched }: { readonly event: unknown; readonly matched: readonly string[] }) {
  const t = useText();
  return (
    <span className="mt-1 flex flex-wrap items-baseline gap-1 text-small">
      <span className="text-muted">{t('event.matchedOn')}</span>
      {matched.map((name) => (
        <span key={name} className="log rounded-sm bg-mark px-1 text-mark-text" dir="ltr" lang="und">
          <Visible text={`${name}: ${(fieldText(event, name) ?? '').slice(0, VALUE_SHOWN)}`} />
        </span>
      ))}
    </span>
  );
}

/** One event: the raw line and what matched; the table of all fields is only made when asked for, for there may be 1,000. */
function AlertEvent({
  id,
  event,
  matched,
  first,
}: {
  readonly id: string;
  readonly event: unknown;
  readonly matched: readonly string[];
  readonly first: boolean;
}) {
  const [open, setOpen] = useState(first);
  return (
    <li className="border-t border-line">
      <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary className="flex flex-wrap items-start gap-x-3 px-4 py-2 hover:bg-hover">
          <Icon name={open ? 'down' : 'right'} className="mt-0.5 text-muted" />
          <span className="shrink-0 text-small text-muted">
            <Time at={fieldText(event, '@timestamp') ?? ''} />
          </span>
          <span className="min-w-0 flex-1 basis-64">
            <LogText text={fieldText(event, 'event.original') ?? fieldText(event, 'message') ?? id} />
            {matched.length > 0 && <Matched event={event} matched={matched} />}
          </span>
        </summary>
        {open && (
          <div className="px-4 pb-3">
            <FieldTable event={event} matched={matched} />
          </div>
        )}
      </details>
    </li>
  );
}

/** The events behind an alert: the raw line and what in it matched; all fields on opening. */
export function AlertEventList({ alert }: { readonly alert: AlertRow }) {
  const t = useText();
  const [limit, setLimit] = useState(STEP);
  const events = useAlertEvents(alert.id, limit);
  const shown = events.data?.events ?? [];
  const total = events.data?.total ?? 0;
  return (
    <section className="card" aria-labelledby="events">
      <h2 id="events" className="px-4 pt-4 pb-2 font-semibold">
        {t('alert.events', { count: alert.count })}
      </h2>
      <Progress busy={events.isFetching && (events.isPending || events.isPlaceholderData)} />
      {events.isError && (
        <div className="p-4">
          <ProblemNotice error={events.error} retry={() => events.refetch()} />
        </div>
      )}
      {events.data && shown.length === 0 && <p className="px-4 pb-4 text-muted">{t('alert.noEvents')}</p>}
      <ul>
        {shown.map((one, place) => (
          <AlertEvent key={one.id} id={one.id} event={one.event} matched={one.matched} first={place === 0} />
        ))}
      </ul>
      <div className="flex flex-wrap items-center gap-3 border-t border-line px-4 py-2 empty:hidden">
        {shown.length < total && limit < MOST && (
          <button type="button" className="button" onClick={() => setLimit(Math.min(MOST, limit * 4))}>
            {t('common.loadMore')}
          </button>
        )}
        {total > 0 && alert.count > total && (
          <Partial>{t('alert.eventsKept', { kept: total, count: alert.count })}</Partial>
        )}
        {(events.data?.gone ?? 0) > 0 && <Partial>{t('alert.eventsGone', { count: events.data?.gone ?? 0 })}</Partial>}
      </div>
    </section>
  );
}
