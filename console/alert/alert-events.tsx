import { useState } from 'react';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { useAlertEvents } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { FieldTable } from '../parts/field-table.tsx';
import { fieldText } from '../parts/fields.ts';
import { LogText } from '../parts/log-text.tsx';
import { Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';

const STEP = 20;
const MOST = 1_000;

/** The events behind an alert: the raw line first, its fields with the matched ones marked on opening. */
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
        {shown.map(({ id, event, matched }, place) => (
          <li key={id} className="border-t border-line">
            <details open={place === 0}>
              <summary className="flex flex-wrap items-start gap-x-4 px-4 py-2 hover:bg-hover">
                <span className="shrink-0 text-small text-muted">
                  <Time at={fieldText(event, '@timestamp') ?? ''} />
                </span>
                <span className="min-w-0 flex-1 basis-64">
                  <LogText text={fieldText(event, 'event.original') ?? fieldText(event, 'message') ?? id} />
                </span>
              </summary>
              <div className="px-4 pb-3">
                {matched.length > 0 && (
                  <p className="mb-2 text-small text-muted">
                    {t('event.matchedFields', { fields: matched.join(', ') })}
                  </p>
                )}
                <FieldTable event={event} matched={matched} />
              </div>
            </details>
          </li>
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
