import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { COLUMN_FIELDS } from './fields.ts';
import { MinuteCounts } from './minute-counts.ts';
import { unpackNumbers } from './packed.ts';

/**
 * The numbers of events, column after column: to look through many, a reader runs over arrays instead of rows, which is
 * some fifty times as fast. A segment has the events of one transaction; where those are few, several are made one.
 * - `segment`: a row each, ordered by the node's sequence; `counts` are its events by minute and shape (`minute-counts.ts`).
 * - `segment_column`: row `8 * first_sequence + place`, the numbers of all its events (`packed.ts`): the shape at place 0,
 *   after it `COLUMN_FIELDS`, then the times in milliseconds after `min_ts`, then sequences after `first_sequence`, where
 *   they are not one after the other. A column of zeros has no row.
 */
export const SEGMENT_TABLES = `
CREATE TABLE segment (
  first_sequence INTEGER PRIMARY KEY,
  last_sequence INTEGER NOT NULL,
  events INTEGER NOT NULL,
  min_ts INTEGER NOT NULL,
  max_ts INTEGER NOT NULL,
  counts BLOB NOT NULL
);
CREATE TABLE segment_column (id INTEGER PRIMARY KEY, numbers BLOB NOT NULL);
`;

/** Ids kept for the columns of one segment. */
export const PLACES = 8;
export const SHAPE_PLACE = 0;
export const FIRST_COLUMN_PLACE = 1;
export const TIME_PLACE = FIRST_COLUMN_PLACE + COLUMN_FIELDS.length;
export const SEQUENCE_PLACE = TIME_PLACE + 1;

/** Events from which on a segment stays as it is. */
export const WHOLE_SEGMENT = 4_096;

/** What is known of a segment without its columns. */
export interface SegmentInfo {
  readonly first: number;
  readonly last: number;
  readonly events: number;
  readonly minTs: number;
  readonly maxTs: number;
  readonly counts: MinuteCounts;
}

/** A segment with its columns, each read when it is asked for. */
export class Segment {
  readonly info: SegmentInfo;
  readonly length: number;
  readonly #columns: StatementSync;
  readonly #read = new Map<number, Int32Array | Float64Array>();

  constructor(info: SegmentInfo, columns: StatementSync) {
    this.info = info;
    this.length = info.events;
    this.#columns = columns;
  }

  /** Dictionary numbers of its events: of shapes (`SHAPE_PLACE`) or of one of the `COLUMN_FIELDS`. */
  ids(place: number): Int32Array {
    return this.#numbers(place) as Int32Array;
  }

  /** Times of its events, in milliseconds after `info.minTs`. */
  get times(): Int32Array | Float64Array {
    return this.#numbers(TIME_PLACE);
  }

  /** Sequence of an event by its place. */
  sequence(at: number): number {
    const { first, last, events } = this.info;
    return last - first + 1 === events ? first + at : first + (this.#numbers(SEQUENCE_PLACE)[at] as number);
  }

  /** Place of the first event from a sequence on; its length where there is none. */
  placeOf(sequence: number): number {
    const { first, last, events } = this.info;
    if (sequence <= first) return 0;
    if (last - first + 1 === events) return Math.min(events, sequence - first);
    let low = 0;
    let high = events;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sequence(middle) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #numbers(place: number): Int32Array | Float64Array {
    const known = this.#read.get(place);
    if (known) return known;
    const row = this.#columns.get(PLACES * this.info.first + place) as unknown as [Uint8Array] | undefined;
    const numbers = unpackNumbers(row?.[0], this.length);
    this.#read.set(place, numbers);
    return numbers;
  }
}

/** The segments of one day as they are in the read transaction under way. */
export class SegmentList {
  readonly #version: StatementSync;
  readonly #rows: StatementSync;
  readonly #columns: StatementSync;
  readonly #mergeCount: StatementSync;
  readonly #list: SegmentInfo[] = [];
  #byTime: readonly SegmentInfo[] = [];
  #extent: { readonly min: number; readonly max: number } | undefined;
  #seen = -1;
  /** So many from the first on never change again, but by a merge. */
  #settled = 0;
  #merges: unknown;

  constructor(db: DatabaseSync) {
    this.#version = db.prepare('PRAGMA data_version');
    this.#version.setReturnArrays(true);
    this.#rows = db.prepare(
      `SELECT first_sequence, last_sequence, events, min_ts, max_ts, counts FROM segment
        WHERE first_sequence > ? ORDER BY first_sequence`,
    );
    this.#rows.setReturnArrays(true);
    this.#mergeCount = db.prepare("SELECT value FROM meta WHERE key = 'segments_merged'");
    this.#columns = db.prepare('SELECT numbers FROM segment_column WHERE id = ?');
    this.#columns.setReturnArrays(true);
  }

  /** In the order of the sequence. */
  get all(): readonly SegmentInfo[] {
    this.#refresh();
    return this.#list;
  }

  /** Those with the latest event first. */
  get byTime(): readonly SegmentInfo[] {
    this.#refresh();
    return this.#byTime;
  }

  /** First and last `@timestamp` in the day, milliseconds; undefined where it holds no event. */
  get extent(): { readonly min: number; readonly max: number } | undefined {
    this.#refresh();
    return this.#extent;
  }

  /** Reads a segment's columns. */
  open(info: SegmentInfo): Segment {
    return new Segment(info, this.#columns);
  }

  #refresh(): void {
    const [version] = this.#version.get() as unknown as [number];
    if (version === this.#seen) return;
    this.#seen = version;
    const merges = this.#mergeCount.get()?.['value'];
    if (merges !== this.#merges) this.#settled = 0;
    this.#merges = merges;
    const list = this.#list;
    list.length = this.#settled;
    for (const row of this.#rows.iterate(list.at(-1)?.first ?? -1) as Iterable<unknown>) {
      const [first, last, events, minTs, maxTs, counts] = row as [number, number, number, number, number, Uint8Array];
      list.push({ first, last, events, minTs, maxTs, counts: new MinuteCounts(counts, minTs) });
    }
    while ((list[this.#settled]?.events ?? 0) >= WHOLE_SEGMENT) this.#settled++;
    this.#byTime = list.toSorted((a, b) => b.maxTs - a.maxTs);
    this.#extent = extentOf(list);
  }
}

function extentOf(list: readonly SegmentInfo[]): { readonly min: number; readonly max: number } | undefined {
  if (list.length === 0) return undefined;
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { minTs, maxTs } of list) {
    if (minTs < min) min = minTs;
    if (maxTs > max) max = maxTs;
  }
  return { min, max };
}
