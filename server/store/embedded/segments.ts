import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { COLUMN_FIELDS } from './fields.ts';

/**
 * The numbers of the rows once more, column after column, for the events of one transaction: to count, a reader runs
 * over arrays instead of rows, which is some fifty times as fast.
 * - `numbers`: little-endian, `n` = `last_sequence - first_sequence + 1`: n shapes and n numbers of each column as
 *   32-bit integers; then n times, as 32-bit milliseconds after `min_ts` where they fit, else as 64-bit floats.
 */
export const SEGMENT_TABLE = `
CREATE TABLE segment (
  first_sequence INTEGER PRIMARY KEY,
  last_sequence INTEGER NOT NULL,
  min_ts INTEGER NOT NULL,
  max_ts INTEGER NOT NULL,
  numbers BLOB NOT NULL
);
`;

const COLUMNS = 1 + COLUMN_FIELDS.length;
/** Longest stretch of time told by 32-bit offsets, milliseconds. */
const SHORT_STRETCH = 2 ** 31 - 1;
/** Rows of an older file that become one segment. */
const FILLED = 4_096;

/** A segment as a reader sees it. */
export interface Segment {
  readonly first: number;
  readonly length: number;
  readonly minTs: number;
  readonly maxTs: number;
  /** Shapes, and after them one list for each of `COLUMN_FIELDS`. */
  readonly columns: readonly Int32Array[];
  /** Time of an event by its place, milliseconds. */
  readonly ts: (at: number) => number;
}

/** Gathers the rows of a transaction. */
export class SegmentWriter {
  readonly #insert: StatementSync;
  readonly #columns: Int32Array[] = [];
  #times = new Float64Array(0);
  #first = 0;
  #length = 0;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      'INSERT INTO segment (first_sequence, last_sequence, min_ts, max_ts, numbers) VALUES (?, ?, ?, ?, ?)',
    );
    this.#grow(FILLED);
  }

  /** Adds the next row; `numbers` has its shape and columns from `from` on. */
  add(sequence: number, ts: number, numbers: readonly number[], from: number): void {
    if (this.#length > 0 && sequence !== this.#first + this.#length) this.write();
    if (this.#length === 0) this.#first = sequence;
    const at = this.#length;
    if (at === this.#times.length) this.#grow(2 * at);
    this.#times[at] = ts;
    for (let column = 0; column < COLUMNS; column++) {
      (this.#columns[column] as Int32Array)[at] = numbers[from + column] as number;
    }
    this.#length = at + 1;
  }

  /** Writes what was gathered; before the transaction is committed. */
  write(): void {
    const length = this.#length;
    if (length === 0) return;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < length; at++) {
      const ts = this.#times[at] as number;
      if (ts < min) min = ts;
      if (ts > max) max = ts;
    }
    const short = max - min <= SHORT_STRETCH;
    const head = 4 * COLUMNS * length;
    const numbers = new Uint8Array(head + (short ? 4 : 8) * length);
    const integers = new Int32Array(numbers.buffer, 0, (COLUMNS + (short ? 1 : 0)) * length);
    for (let column = 0; column < COLUMNS; column++) {
      integers.set((this.#columns[column] as Int32Array).subarray(0, length), column * length);
    }
    if (short) for (let at = 0; at < length; at++) integers[COLUMNS * length + at] = (this.#times[at] as number) - min;
    else Buffer.from(this.#times.buffer, 0, 8 * length).copy(numbers, head);
    this.#insert.run(this.#first, this.#first + length - 1, min, max, numbers);
    this.#length = 0;
  }

  forget(): void {
    this.#length = 0;
  }

  #grow(length: number): void {
    const times = new Float64Array(length);
    times.set(this.#times);
    this.#times = times;
    for (let column = 0; column < COLUMNS; column++) {
      const larger = new Int32Array(length);
      if (this.#columns[column]) larger.set(this.#columns[column] as Int32Array);
      this.#columns[column] = larger;
    }
  }
}

/** Makes the segments of a file that is older than they are. */
export function fillSegments(db: DatabaseSync): void {
  const writer = new SegmentWriter(db);
  const names = COLUMN_FIELDS.map(({ column }) => column).join(', ');
  const rows = db.prepare(`SELECT sequence, ts, shape, ${names} FROM event NOT INDEXED ORDER BY sequence`);
  rows.setReturnArrays(true);
  let gathered = 0;
  for (const row of rows.iterate() as Iterable<unknown>) {
    const numbers = row as readonly number[];
    writer.add(numbers[0] as number, numbers[1] as number, numbers, 2);
    if (++gathered % FILLED === 0) writer.write();
  }
  writer.write();
}

/** Segments that hold events of a stretch of time, both ends in milliseconds, `to` exclusive. */
export function* segmentsOf(db: DatabaseSync, from: number, to: number): Generator<Segment> {
  const rows = db.prepare(
    'SELECT first_sequence, last_sequence, min_ts, max_ts, numbers FROM segment WHERE max_ts >= ? AND min_ts < ?',
  );
  rows.setReturnArrays(true);
  for (const row of rows.iterate(from, to) as Iterable<unknown>) {
    const [first, last, minTs, maxTs, numbers] = row as readonly [number, number, number, number, Uint8Array];
    yield readSegment(first, last - first + 1, minTs, maxTs, numbers);
  }
}

function readSegment(first: number, length: number, minTs: number, maxTs: number, numbers: Uint8Array): Segment {
  // Views need a start that their numbers divide.
  const aligned = numbers.byteOffset % 8 === 0 ? numbers : numbers.slice();
  const { buffer, byteOffset } = aligned;
  const columns = Array.from(
    { length: COLUMNS },
    (_, column) => new Int32Array(buffer, byteOffset + 4 * column * length, length),
  );
  const start = 4 * COLUMNS * length;
  if (numbers.byteLength === start + 4 * length) {
    const offsets = new Int32Array(buffer, byteOffset + start, length);
    return { first, length, minTs, maxTs, columns, ts: (at) => minTs + (offsets[at] as number) };
  }
  const times = new DataView(buffer, byteOffset + start, 8 * length);
  return { first, length, minTs, maxTs, columns, ts: (at) => times.getFloat64(8 * at, true) };
}
