import type { AgencyId } from '../../identity.ts';
import type { EventQuery, HistogramQuery } from '../event-store.ts';

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

/** Set to 1 by the main thread when nobody waits for the answer any more. */
export type Stop = Int32Array | undefined;

/** What the reader threads answer. */
export type ReadCall = 'search' | 'getMany' | 'count' | 'histogram' | 'deadLetters' | 'readFrom' | 'days';

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
