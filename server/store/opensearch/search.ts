import type { AgencyId } from '../../identity.ts';
import type {
  EventPage,
  EventQuery,
  Histogram,
  HistogramQuery,
  OnProgress,
  SearchStop,
  StoredEvent,
} from '../event-store.ts';
import { intervalsOf } from '../question.ts';
import type { Cluster } from './cluster.ts';
import { both, isExact, without } from './dsl.ts';
import { type Place, placeOf, writePlace } from './place.ts';
import { eventOf } from './stored-document.ts';
import { type Hit, MISSING_INDEX, type Question, questionOf, tellProgress, Walk } from './walk.ts';

/** The agencies whose events may be seen. */
export type Scope = 'all' | readonly AgencyId[];

/** What one question may cost; past it the answer is `complete: false`. */
export interface SearchLimits {
  /** Documents fetched to be decided by the matcher. */
  readonly documents: number;
  readonly milliseconds: number;
}

/** The limits unless set. */
export const SEARCH_LIMITS: SearchLimits = { documents: 400_000, milliseconds: 10_000 };

/** Where questions go. */
export interface Searched {
  readonly cluster: Cluster;
  /** Alias or index of the events. */
  readonly index: string;
  readonly limits: SearchLimits;
}

interface SearchAnswer {
  readonly hits: { readonly hits: readonly Hit[]; readonly total?: { readonly value: number } };
  readonly aggregations?: { readonly at: { readonly buckets: readonly { key: number; doc_count: number }[] } };
}

const MOST_EVENTS = 1_000;

/** One page of events, newest first. */
export async function search(
  searched: Searched,
  query: EventQuery,
  scope: Scope,
  signal: AbortSignal | undefined,
  onProgress?: OnProgress,
): Promise<EventPage> {
  const limit = Math.max(1, Math.min(MOST_EVENTS, Math.floor(query.limit)));
  const question = questionOf(query.range, query.condition, scope);
  const after = query.after === undefined ? undefined : placeOf(query.after);
  if (question.from >= question.to || scope.length === 0) return { events: [], next: null, complete: true };
  const found: { readonly event: StoredEvent; readonly place: Place }[] = [];
  const enough = isExact(question.bounds) ? limit + 1 : undefined;
  const onDocuments = tellProgress(question, onProgress);
  const walk = new Walk(searched, question.bounds.possibly, { enough, signal, onDocuments });
  for await (const hit of walk.from(after)) {
    const event = eventOf(hit._source);
    if (!question.matcher(event)) continue;
    found.push({
      event: { id: event.event.id ?? '', sequence: hit._source.store.sequence, event },
      place: walk.reached as Place,
    });
    if (found.length > limit) break;
  }
  const events = found.slice(0, limit).map(({ event }) => event);
  const last = found[limit - 1];
  if (found.length > limit && last) return { events, next: writePlace(last.place), complete: true };
  if (walk.done) return { events, next: null, complete: true };
  return { events, next: walk.reached ? writePlace(walk.reached) : null, complete: false, stopped: walk.stopped };
}

/** How many events satisfy a condition. */
export async function count(
  searched: Searched,
  query: Pick<EventQuery, 'range' | 'condition'>,
  scope: Scope,
  signal: AbortSignal | undefined,
): Promise<{ count: number; complete: boolean }> {
  const question = questionOf(query.range, query.condition, scope);
  if (question.from >= question.to || scope.length === 0) return { count: 0, complete: true };
  const { body } = await searched.cluster.request<SearchAnswer>({
    method: 'POST',
    path: `/${searched.index}/_search`,
    query: MISSING_INDEX,
    body: { size: 0, query: question.bounds.surely, track_total_hits: true },
    signal,
  });
  let counted = body.hits.total?.value ?? 0;
  const { complete } = await confirmRest(searched, question, signal, undefined, () => {
    counted++;
  });
  return { count: counted, complete };
}

/** Counts by interval of time; every interval of the range is there, the first starts with the range. */
export async function histogram(
  searched: Searched,
  query: HistogramQuery,
  scope: Scope,
  signal: AbortSignal | undefined,
  onProgress?: OnProgress,
): Promise<Histogram> {
  const question = questionOf(query.range, query.condition, scope);
  const { from, interval, length } = intervalsOf(query);
  const counts = new Array<number>(length).fill(0);
  const add = (ts: number, by: number) => {
    const at = Math.floor((ts - from) / interval);
    counts[at] = (counts[at] ?? 0) + by;
  };
  let end: Confirmed = { complete: true, stopped: undefined };
  if (length > 0 && scope.length > 0) {
    const { body } = await searched.cluster.request<SearchAnswer>({
      method: 'POST',
      path: `/${searched.index}/_search`,
      query: MISSING_INDEX,
      body: {
        size: 0,
        track_total_hits: false,
        query: question.bounds.surely,
        aggs: { at: { histogram: { field: '@timestamp', interval, offset: from % interval, min_doc_count: 1 } } },
      },
      signal,
    });
    for (const { key, doc_count } of body.aggregations?.at.buckets ?? []) add(key, doc_count);
    end = await confirmRest(searched, question, signal, onProgress, (ts) => add(ts, 1));
  }
  const buckets = counts.map((found, at) => ({ start: new Date(from + at * interval).toISOString(), count: found }));
  return { buckets, total: counts.reduce((sum, found) => sum + found, 0), ...end };
}

interface Confirmed {
  /** Whether all was seen. */
  readonly complete: boolean;
  readonly stopped: SearchStop | undefined;
}

/** Asks the matcher about what the queries leave open. */
async function confirmRest(
  searched: Searched,
  question: Question,
  signal: AbortSignal | undefined,
  onProgress: OnProgress | undefined,
  found: (ts: number) => void,
): Promise<Confirmed> {
  const { bounds, matcher } = question;
  if (isExact(bounds)) return { complete: true, stopped: undefined };
  const rest = both([bounds.possibly, without(bounds.surely)]);
  const walk = new Walk(searched, rest, { signal, onDocuments: tellProgress(question, onProgress) });
  for await (const hit of walk.from(undefined)) {
    if (matcher(eventOf(hit._source))) found(hit.sort[0]);
  }
  return { complete: walk.done, stopped: walk.stopped };
}
