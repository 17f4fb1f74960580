import type { EcsEvent } from '../../../ecs/event.ts';
import type { Condition } from '../../../rules/query/condition.ts';
import { compileMatcher, type Matcher } from '../../../rules/query/matcher.ts';
import { HaidangError } from '../../errors.ts';
import type { AgencyId } from '../../identity.ts';
import { scoped } from '../embedded/search.ts';
import type { EventPage, EventQuery, Histogram, HistogramQuery, StoredEvent, TimeRange } from '../event-store.ts';
import type { Cluster } from './cluster.ts';
import { type Bounds, both, isExact, toBounds, without } from './dsl.ts';
import type { Json } from './mapping.ts';
import { type Place, placeOf, placeValues, rangeOf, writePlace } from './place.ts';

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

interface Hit {
  readonly _source: { readonly document: string; readonly store: { readonly sequence: number } };
  readonly sort: readonly [ts: number, sequence: number, node: string];
}

interface SearchAnswer {
  readonly hits: { readonly hits: readonly Hit[]; readonly total?: { readonly value: number } };
  readonly aggregations?: { readonly at: { readonly buckets: readonly { key: number; doc_count: number }[] } };
}

const MOST_EVENTS = 1_000;
const MOST_BUCKETS = 10_000;
/** Documents of one answer while the matcher decides; with long lines an answer must stay within memory. */
const CHUNK = 500;
const KEPT_ALIVE = '1m';
const SORT = [{ '@timestamp': 'desc' }, { 'store.sequence': 'desc' }, { 'store.node': 'desc' }];
const MISSING_INDEX = { ignore_unavailable: true, allow_no_indices: true } as const;

/** A condition within a range and a scope, translated. */
interface Question {
  readonly bounds: Bounds;
  readonly matcher: Matcher;
  readonly from: number;
  readonly to: number;
}

function questionOf(range: TimeRange, condition: Condition, scope: Scope): Question {
  const { from, to } = rangeOf(range);
  const inside: Json = { range: { '@timestamp': { gte: from, lt: to } } };
  // The scope is a filter of its own, on what the server itself wrote.
  const seen: readonly Json[] = scope === 'all' ? [] : [{ terms: { 'store.agency': scope } }];
  const { surely, possibly } = toBounds(condition);
  const bounds = { surely: both([inside, ...seen, surely]), possibly: both([inside, ...seen, possibly]) };
  return { bounds, matcher: compileMatcher(scoped(condition, scope)), from, to };
}

/** One page of events, newest first. */
export async function search(
  searched: Searched,
  query: EventQuery,
  scope: Scope,
  signal: AbortSignal | undefined,
): Promise<EventPage> {
  const limit = Math.max(1, Math.min(MOST_EVENTS, Math.floor(query.limit)));
  const question = questionOf(query.range, query.condition, scope);
  const after = query.after === undefined ? undefined : placeOf(query.after);
  if (question.from >= question.to || scope.length === 0) return { events: [], next: null, complete: true };
  const found: { readonly event: StoredEvent; readonly place: Place }[] = [];
  const walk = new Walk(searched, question.bounds.possibly, limit + 1, isExact(question.bounds), signal);
  for await (const hit of walk.from(after)) {
    const event = JSON.parse(hit._source.document) as EcsEvent;
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
  return { events, next: walk.reached ? writePlace(walk.reached) : null, complete: false };
}

/** Goes through what a query finds, newest first, at one moment of the index. */
class Walk {
  /** The last document looked at. */
  reached: Place | undefined;
  /** Whether all was seen. */
  done = false;
  readonly #searched: Searched;
  readonly #query: Json;
  readonly #chunk: number;
  readonly #signal: AbortSignal | undefined;
  readonly #oneMoment: boolean;
  #documents = 0;

  /** `exact`: one answer of `wanted` documents is enough, so that no moment need be held. */
  constructor(searched: Searched, query: Json, wanted: number, exact: boolean, signal: AbortSignal | undefined) {
    this.#searched = searched;
    this.#query = query;
    this.#chunk = exact ? wanted : CHUNK;
    this.#oneMoment = !exact;
    this.#signal = signal;
  }

  async *from(after: Place | undefined): AsyncGenerator<Hit> {
    const until = performance.now() + this.#searched.limits.milliseconds;
    this.reached = after;
    const moment = this.#oneMoment ? await this.#openMoment() : undefined;
    if (this.#oneMoment && !moment) {
      this.done = true;
      return;
    }
    try {
      while (this.#documents < this.#searched.limits.documents && performance.now() < until) {
        const hits = await this.#next(moment);
        for (const hit of hits) {
          this.#documents++;
          this.reached = { ts: hit.sort[0], sequence: hit.sort[1], node: hit.sort[2] };
          yield hit;
        }
        if (hits.length < this.#chunk) {
          this.done = true;
          return;
        }
      }
    } finally {
      if (moment) await this.#closeMoment(moment);
    }
  }

  async #next(moment: string | undefined): Promise<readonly Hit[]> {
    const { cluster, index } = this.#searched;
    const { body } = await cluster.request<SearchAnswer>({
      method: 'POST',
      path: moment ? '/_search' : `/${index}/_search`,
      query: moment ? {} : MISSING_INDEX,
      body: {
        size: this.#chunk,
        query: this.#query,
        sort: SORT,
        track_total_hits: false,
        _source: ['document', 'store.sequence'],
        ...(moment ? { pit: { id: moment, keep_alive: KEPT_ALIVE } } : {}),
        ...(this.reached ? { search_after: placeValues(this.reached) } : {}),
      },
      signal: this.#signal,
    });
    return body.hits.hits;
  }

  async #openMoment(): Promise<string | undefined> {
    const { status, body } = await this.#searched.cluster.request<{ pit_id: string }>({
      method: 'POST',
      path: `/${this.#searched.index}/_search/point_in_time`,
      query: { keep_alive: KEPT_ALIVE },
      accept: [404],
      signal: this.#signal,
    });
    return status === 404 ? undefined : body.pit_id;
  }

  async #closeMoment(moment: string): Promise<void> {
    const request = { method: 'DELETE', path: '/_search/point_in_time', body: { pit_id: [moment] } } as const;
    // What is not closed ends by itself after a minute.
    await this.#searched.cluster.request(request).catch(() => {});
  }
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
  const complete = await confirmRest(searched, question, signal, () => {
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
): Promise<Histogram> {
  const question = questionOf(query.range, query.condition, scope);
  const { from, to } = question;
  const interval = Math.round(query.intervalSeconds * 1_000);
  const length = Math.max(0, Math.ceil((to - from) / interval));
  if (!(interval >= 1) || length > MOST_BUCKETS) {
    throw new HaidangError('HD_BAD_REQUEST', `A histogram has at most ${MOST_BUCKETS} intervals; choose longer ones.`);
  }
  const counts = new Array<number>(length).fill(0);
  const add = (ts: number, by: number) => {
    const at = Math.floor((ts - from) / interval);
    counts[at] = (counts[at] ?? 0) + by;
  };
  let complete = true;
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
    complete = await confirmRest(searched, question, signal, (ts) => add(ts, 1));
  }
  const buckets = counts.map((found, at) => ({ start: new Date(from + at * interval).toISOString(), count: found }));
  return { buckets, total: counts.reduce((sum, found) => sum + found, 0), complete };
}

/** Asks the matcher about what the queries leave open; gives whether all was seen. */
async function confirmRest(
  searched: Searched,
  { bounds, matcher }: Question,
  signal: AbortSignal | undefined,
  found: (ts: number) => void,
): Promise<boolean> {
  if (isExact(bounds)) return true;
  const walk = new Walk(searched, both([bounds.possibly, without(bounds.surely)]), CHUNK, false, signal);
  for await (const hit of walk.from(undefined)) {
    if (matcher(JSON.parse(hit._source.document) as EcsEvent)) found(hit.sort[0]);
  }
  return walk.done;
}
