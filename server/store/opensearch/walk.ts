import type { Condition } from '../../../rules/query/condition.ts';
import { compileMatcher, type Matcher } from '../../../rules/query/matcher.ts';
import type { OnProgress, SearchStop, TimeRange } from '../event-store.ts';
import { scoped } from '../question.ts';
import { type Bounds, both, toBounds } from './dsl.ts';
import type { Json } from './mapping.ts';
import { type Place, placeValues, rangeOf } from './place.ts';
import type { Scope, Searched } from './search.ts';
import { READ_SOURCE, type StoredDocument } from './stored-document.ts';

/** A document that a query found. */
export interface Hit {
  readonly _source: StoredDocument;
  readonly sort: readonly [ts: number, sequence: number, node: string];
}

/** Documents of one answer while the matcher decides; with long lines an answer must stay within memory. */
export const CHUNK = 500;
const KEPT_ALIVE = '1m';
const SORT = [{ '@timestamp': 'desc' }, { 'store.sequence': 'desc' }, { 'store.node': 'desc' }];
/** Days that are gone, or none at all, are no fault of the question. */
export const MISSING_INDEX = { ignore_unavailable: true, allow_no_indices: true } as const;

/** A condition within a range and a scope, translated. */
export interface Question {
  readonly bounds: Bounds;
  readonly matcher: Matcher;
  readonly from: number;
  readonly to: number;
}

/** Translates a question. @throws HaidangError `HD_TIME_RANGE` */
export function questionOf(range: TimeRange, condition: Condition, scope: Scope): Question {
  const { from, to } = rangeOf(range);
  const inside: Json = { range: { '@timestamp': { gte: from, lt: to } } };
  // The scope is a filter of its own, on what the server itself wrote.
  const seen: readonly Json[] = scope === 'all' ? [] : [{ terms: { 'store.agency': scope } }];
  const { surely, possibly } = toBounds(condition);
  const bounds = { surely: both([inside, ...seen, surely]), possibly: both([inside, ...seen, possibly]) };
  return { bounds, matcher: compileMatcher(scoped(condition, scope)), from, to };
}

/** How a walk goes. */
export interface WalkOptions {
  /** One answer of so many documents is enough, so that no moment of the index need be held. */
  readonly enough?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told after each answer: documents so far, and the time of the last. */
  readonly onDocuments?: ((documents: number, at: number) => void) | undefined;
}

/** Tells how far a walk through a range, from its end back, has come. */
export function tellProgress(
  { from, to }: { readonly from: number; readonly to: number },
  onProgress: OnProgress | undefined,
): WalkOptions['onDocuments'] {
  return (
    onProgress &&
    ((documents, at) => {
      const done = Math.min(1, Math.max(0, (to - at) / Math.max(1, to - from)));
      onProgress({ done, rows: documents, documents });
    })
  );
}

/** Goes through what a query finds, newest first, at one moment of the index. */
export class Walk {
  /** The last document looked at. */
  reached: Place | undefined;
  /** Whether all was seen. */
  done = false;
  /** The limit that ended it. */
  stopped: SearchStop | undefined;
  readonly #searched: Searched;
  readonly #query: Json;
  readonly #chunk: number;
  readonly #signal: AbortSignal | undefined;
  readonly #oneMoment: boolean;
  readonly #onDocuments: ((documents: number, at: number) => void) | undefined;
  #documents = 0;

  constructor(searched: Searched, query: Json, { enough, signal, onDocuments }: WalkOptions) {
    this.#searched = searched;
    this.#query = query;
    this.#chunk = enough ?? CHUNK;
    this.#oneMoment = enough === undefined;
    this.#signal = signal;
    this.#onDocuments = onDocuments;
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
      for (;;) {
        if (this.#documents >= this.#searched.limits.documents) this.stopped = 'documents';
        else if (performance.now() >= until) this.stopped = 'time';
        if (this.stopped) return;
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
        this.#onDocuments?.(this.#documents, this.reached?.ts ?? Number.POSITIVE_INFINITY);
      }
    } finally {
      if (moment) await this.#closeMoment(moment);
    }
  }

  async #next(moment: string | undefined): Promise<readonly Hit[]> {
    const { cluster, index } = this.#searched;
    const { body } = await cluster.request<{ readonly hits: { readonly hits: readonly Hit[] } }>({
      method: 'POST',
      path: moment ? '/_search' : `/${index}/_search`,
      query: moment ? {} : MISSING_INDEX,
      body: {
        size: this.#chunk,
        query: this.#query,
        sort: SORT,
        track_total_hits: false,
        _source: READ_SOURCE,
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
