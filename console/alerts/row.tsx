// biome-ignore-all lint/a11y/useSemanticElements: a table cannot be drawn row by row at computed places.
// biome-ignore-all lint/a11y/useFocusableInteractive: one tab stop for the whole grid; the rows take the focus.
import { memo } from 'react';
import { Link } from 'wouter';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { useFormat, useLanguage } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { SeverityMark } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time, TimeSpan } from '../parts/time.tsx';
import { leadingEntities } from './entities.ts';

/** Columns of the queue from 1024 px on; below, the facts of a row stand under its title. */
export const QUEUE_COLUMNS = 'lg:grid lg:grid-cols-[1.5rem_6.75rem_minmax(0,1fr)_10rem_4rem_8.5rem_6.5rem] lg:gap-x-4';

interface RowProperties {
  readonly row: AlertRow;
  /** Place in the grid, from 1; the heading is 1. */
  readonly place: number;
  readonly offset: number;
  readonly height: number;
  readonly chosen: boolean;
  readonly current: boolean;
  /** The row has left the filter by somebody else's act. */
  readonly faded: boolean;
  readonly select: (id: string, range: boolean) => void;
  readonly focused: (id: string) => void;
}

function Entities({ row }: { readonly row: AlertRow }) {
  const { t } = useLanguage();
  const { shown, more } = leadingEntities(row, 3);
  return (
    <>
      {shown.map(({ field, value }, place) => (
        <span key={field} title={field}>
          {place > 0 && ' · '}
          <bdi>
            <Visible text={value.slice(0, 200)} />
          </bdi>
        </span>
      ))}
      {more > 0 && <span className="text-muted"> {t('queue.moreEntities', { count: more })}</span>}
    </>
  );
}

/** One alert group on one line; every value comes from logs and is shown as text. */
export const QueueRow = memo(function QueueRow(properties: RowProperties) {
  const { row, place, offset, height, chosen, current, faded, select, focused } = properties;
  const { t, language } = useLanguage();
  const format = useFormat();
  const title = pickText(row.title, language);
  return (
    <div
      role="row"
      id={`row-${row.id}`}
      data-alert-id={row.id}
      aria-rowindex={place}
      aria-selected={chosen}
      tabIndex={current ? 0 : -1}
      onFocus={() => focused(row.id)}
      className={`absolute inset-x-0 top-0 flex flex-wrap content-center items-center gap-x-3 border-b border-line px-4 ${QUEUE_COLUMNS} ${chosen ? 'bg-selected' : 'hover:bg-hover'} ${faded ? 'text-muted' : ''}`}
      style={{ height, transform: `translateY(${offset}px)` }}
    >
      <div role="gridcell" className="flex items-center">
        <input
          type="checkbox"
          tabIndex={-1}
          className="size-4"
          checked={chosen}
          aria-label={t('queue.selectRow', { title: title?.text ?? row.rule })}
          onChange={(event) => select(row.id, (event.nativeEvent as MouseEvent).shiftKey === true)}
        />
      </div>
      <div role="gridcell" className="flex items-center text-small">
        <SeverityMark severity={row.severity} />
      </div>
      <div role="gridcell" className="min-w-0 flex-1">
        <div className="max-lg:line-clamp-2 lg:truncate">
          <Link
            href={`/alerts/${encodeURIComponent(row.id)}`}
            tabIndex={-1}
            lang={title?.language}
            className="font-medium hover:underline"
            title={title?.text}
          >
            <Visible text={title?.text ?? row.rule} prose />
          </Link>
          {row.countSinceClose > 0 && row.status === 'closed' && (
            <span className="ml-2 text-small text-high">{t('queue.sinceClose', { count: row.countSinceClose })}</span>
          )}
        </div>
        <div className="hidden truncate text-small text-muted lg:block">
          <Entities row={row} />
        </div>
      </div>
      <div role="gridcell" className="hidden text-small lg:line-clamp-2" title={row.agencyName}>
        <Visible text={row.agencyName} prose />
      </div>
      <div
        role="gridcell"
        data-count={row.count}
        className="text-right"
        title={t('queue.events', { count: row.count })}
      >
        <span className="lg:hidden">×</span>
        {format.number(row.count)}
      </div>
      <div role="gridcell" className="hidden text-small whitespace-nowrap lg:block">
        <TimeSpan first={row.first} last={row.last} />
        <span className="block truncate text-muted">
          <Time at={row.last} as="relative" />
        </span>
      </div>
      <div role="gridcell" className="hidden min-w-0 text-small lg:block">
        <span className="block truncate">{t(`status.${row.status}`)}</span>
        <span className="block truncate text-muted" title={row.owner ?? undefined}>
          {row.owner === null ? t('alert.nobody') : <Visible text={row.owner} />}
        </span>
      </div>
      <div role="presentation" className="basis-full truncate pl-7 text-small text-muted lg:hidden">
        {/* The second line of a narrow screen repeats in brief what the hidden cells say. */}
        <span role="gridcell">
          {t(`status.${row.status}`)} · <Time at={row.last} as="relative" /> · <Entities row={row} /> · {row.agencyName}
        </span>
      </div>
    </div>
  );
});
