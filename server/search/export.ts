import type { Condition } from '../../rules/query/condition.ts';
import { HaidangError } from '../errors.ts';
import type { EventView, TimeRange } from '../store/event-store.ts';
import { csvHeading, csvLine } from './csv.ts';

/** What is exported, and how. */
export interface ExportRequest {
  readonly range: TimeRange;
  readonly condition: Condition;
  readonly format: 'csv' | 'ndjson';
  /** Columns of a CSV. */
  readonly columns: readonly string[];
  /** Most events of one export. */
  readonly limit: number;
}

/** How an export went. */
export interface ExportTally {
  events: number;
  /** Whether all that was found went out. */
  whole: boolean;
}

/** Events asked for at once: between these, by how long they are. */
const PAGE = { least: 10, most: 500 } as const;
/** Characters of a page from which the next one is smaller. */
const LONG_PAGE = 4 * 1024 * 1024;
/** Pages in a row without an event, each as long as the store's limits allow, after which an export gives up. */
const MOST_EMPTY = 1_000;

/**
 * The events of a search as text, a page at a time: nothing is read from the store before what was read is taken. `tally`
 * says meanwhile how many went out.
 *
 * @throws HaidangError `HD_TOO_LARGE` where more is found than `limit`
 */
export async function* exportText(
  view: EventView,
  request: ExportRequest,
  tally: ExportTally,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { range, condition, format, columns, limit } = request;
  if (format === 'csv') yield csvHeading(columns);
  let after: string | undefined;
  let size: number = PAGE.most;
  let empty = 0;
  for (;;) {
    const query = { range, condition, limit: size, ...(after === undefined ? {} : { after }) };
    const page = await view.search(query, signal);
    if (tally.events + page.events.length > limit) throw tooLarge(limit);
    const text = page.events
      .map(({ event }) => (format === 'csv' ? csvLine(event, columns) : `${JSON.stringify(event)}\n`))
      .join('');
    tally.events += page.events.length;
    if (text !== '') yield text;
    empty = page.events.length === 0 ? empty + 1 : 0;
    if (page.next === null) break;
    if (empty > MOST_EMPTY) {
      throw new HaidangError('HD_STORE_DOWN', 'The store looked too long in vain; narrow the range or the query.', {
        retryAfter: 5,
      });
    }
    after = page.next;
    size = text.length > LONG_PAGE ? Math.max(PAGE.least, size >> 1) : Math.min(PAGE.most, size * 2);
  }
  tally.whole = true;
}

/** The refusal of an export that would be larger than allowed; `found` where it is known beforehand. */
export function tooLarge(limit: number, found?: number): HaidangError {
  const what = found === undefined ? 'More events were found' : `${found} events were found, more`;
  return new HaidangError(
    'HD_TOO_LARGE',
    `${what} than the ${limit} that one export may hold; narrow the time range or the query, or raise export.max_events.`,
  );
}
