import type { AgencyId } from '../../identity.ts';
import type { EventQuery, FieldsQuery, HistogramQuery, StackedQuery, TopQuery } from '../event-store.ts';

/** The agencies whose events a reader may show. */
export type Scope = 'all' | readonly AgencyId[];

/** What one question may cost; past it the answer is `complete: false`. */
export interface SearchLimits {
  /** Rows looked at in the index. */
  readonly rows: number;
  /** Documents opened to decide what the columns cannot. */
  readonly documents: number;
  readonly milliseconds: number;
}

/** The limits unless set. */
export const SEARCH_LIMITS: SearchLimits = { rows: 50_000_000, documents: 400_000, milliseconds: 10_000 };

/**
 * Shared with the main thread, which sets the first number to 1 when nobody waits for the answer any more, and reads in
 * the others how far it has come: part of the range in thousandths, rows, documents.
 */
export type Stop = Int32Array | undefined;

/** Places in `Stop`. */
export const STOP_AT = { stop: 0, done: 1, rows: 2, documents: 3 } as const;

/** What the reader threads answer. */
export type ReadCall =
  | 'search'
  | 'getMany'
  | 'count'
  | 'histogram'
  | 'topValues'
  | 'stackedHistogram'
  | 'fields'
  | 'deadLetters'
  | 'readFrom'
  | 'days';

export interface SearchCall {
  readonly query: EventQuery;
  readonly scope: Scope;
  readonly limits: SearchLimits;
  readonly stop: Stop;
}

export interface CountCall {
  readonly query: Pick<HistogramQuery, 'range' | 'condition'>;
  readonly scope: Scope;
  readonly limits: SearchLimits;
  readonly stop: Stop;
}

export interface HistogramCall {
  readonly query: HistogramQuery;
  readonly scope: Scope;
  readonly limits: SearchLimits;
  readonly stop: Stop;
}

/** A question about the values of events. */
export interface ValuesCall<Query extends TopQuery | StackedQuery | FieldsQuery> {
  readonly query: Query;
  readonly scope: Scope;
  readonly limits: SearchLimits;
  readonly stop: Stop;
}
