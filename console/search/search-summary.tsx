import type { UseQueryResult } from '@tanstack/react-query';
import type { HistogramAnswer } from '../../server/search/schema.ts';
import { useText } from '../i18n/language.tsx';
import { fieldText } from '../parts/fields.ts';
import { Icon } from '../parts/icons.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { toCsv } from './csv.ts';
import type { FoundEvent } from './event-list.tsx';
import { ExportLinks } from './export-links.tsx';
import { Histogram } from './histogram.tsx';

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

/** How many were found and when; and ways to take them along. */
export function SearchSummary({
  view,
  histogram,
  events,
  zoom,
  add,
  undivided,
}: {
  readonly view: { readonly kql: string; readonly by: string | undefined };
  readonly histogram: UseQueryResult<HistogramAnswer>;
  readonly events: readonly FoundEvent[];
  readonly zoom: (fromMilliseconds: number, toMilliseconds: number) => void;
  readonly add: (field: string, value: string, negate: boolean) => void;
  readonly undivided: () => void;
}) {
  const t = useText();
  const toast = useToast();
  const copyCsv = async (): Promise<void> => {
    const rows = events.map(({ event }) => CSV_COLUMNS.map((name) => fieldText(event, name)));
    try {
      await navigator.clipboard.writeText(toCsv(CSV_COLUMNS, rows));
      toast({ text: t('search.copied', { count: rows.length }) });
    } catch (error) {
      toast({ text: '', error });
    }
  };
  if (histogram.isError) {
    return (
      <div className="px-4 py-3">
        <ProblemNotice error={histogram.error} retry={() => histogram.refetch()} />
      </div>
    );
  }
  const { data } = histogram;
  if (!data) return null;
  return (
    <div className="px-4">
      <Histogram answer={data} zoom={zoom} add={add} />
      <div className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1 py-1 text-muted">
        <span>
          {t(data.complete ? 'search.found' : 'search.foundAtLeast', { count: data.total })}
          {events.length > 0 && ` · ${t('search.loaded', { count: events.length })}`}
        </span>
        {view.by !== undefined && (
          <button type="button" className="chip" aria-pressed="true" onClick={undivided}>
            {t('search.dividedBy', { field: view.by.slice(0, 100) })}
            <Icon name="close" className="size-3" />
            <span className="sr-only">{t('search.undivide')}</span>
          </button>
        )}
        {events.length > 0 && (
          <button type="button" className="button button-quiet text-small" onClick={copyCsv}>
            <Icon name="copy" />
            {t('search.copyCsv')}
          </button>
        )}
        <ExportLinks kql={view.kql} answer={data} />
      </div>
    </div>
  );
}
