import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { COLUMN_FIELDS } from './fields.ts';
import { countMinutes } from './minute-counts.ts';
import { packNumbers } from './packed.ts';
import { RollUpRemoval } from './roll-ups.ts';
import { FIRST_COLUMN_PLACE, PLACES, SEQUENCE_PLACE, SHAPE_PLACE, TIME_PLACE, WHOLE_SEGMENT } from './segments.ts';

const COLUMNS = 1 + COLUMN_FIELDS.length;

/**
 * Gathers the numbers of events and writes them as segments: those of a transaction at its end, and once there are
 * enough, all that was gathered in place of its pieces.
 */
export class SegmentWriter {
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #rollUps: RollUpRemoval;
  readonly #columns: Int32Array[] = [];
  #times = new Float64Array(0);
  #sequences = new Float64Array(0);
  #length = 0;
  /** So many are in the file already, as pieces. */
  #kept = 0;
  #isWhole = false;

  constructor(db: DatabaseSync) {
    this.#statements = prepareStatements(db);
    this.#rollUps = new RollUpRemoval(db);
    this.#grow(2 * WHOLE_SEGMENT);
  }

  /** Adds the next event; `numbers` are its shape and its columns. */
  add(sequence: number, ts: number, numbers: readonly number[]): void {
    const at = this.#length;
    if (at === this.#times.length) this.#grow(2 * at);
    this.#times[at] = ts;
    this.#sequences[at] = sequence;
    for (let column = 0; column < COLUMNS; column++) {
      (this.#columns[column] as Int32Array)[at] = numbers[column] as number;
    }
    this.#length = at + 1;
  }

  /** Writes what the transaction brought; before it is committed. */
  write(): void {
    if (this.#length === this.#kept) return;
    this.#isWhole = this.#length >= WHOLE_SEGMENT;
    const from = this.#isWhole && this.#removePieces() ? 0 : this.#kept;
    this.#insert(from, this.#length);
  }

  /** Writes all that was added as one segment, in place of those that begin from one sequence to another. */
  replace(first: number, last: number): void {
    this.#remove(first, last);
    this.#insert(0, this.#length);
  }

  /** Removes the pieces of what was gathered; false where others have made them part of a larger segment meanwhile. */
  #removePieces(): boolean {
    if (this.#kept === 0) return true;
    const [first, last] = [this.#sequences[0] as number, this.#sequences[this.#kept - 1] as number];
    if (Number(this.#statements.events.get(first, last)?.['events']) !== this.#kept) return false;
    this.#remove(first, last);
    return true;
  }

  #remove(first: number, last: number): void {
    this.#statements.removeSegments.run(first, last);
    // Roll-ups have whole segments, and those that come in place of these may reach further.
    this.#rollUps.removeOver(first, last);
    this.#statements.removeColumns.run(PLACES * first, PLACES * last + PLACES - 1);
  }

  /** The transaction is durable. */
  commit(): void {
    if (this.#isWhole) this.#length = 0;
    this.#kept = this.#length;
    this.#isWhole = false;
  }

  /** The transaction is undone. */
  rollback(): void {
    this.#length = this.#kept;
    this.#isWhole = false;
  }

  #insert(from: number, to: number): void {
    const times = this.#times;
    const sequences = this.#sequences;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let at = from; at < to; at++) {
      const ts = times[at] as number;
      if (ts < min) min = ts;
      if (ts > max) max = ts;
    }
    const first = sequences[from] as number;
    const last = sequences[to - 1] as number;
    const shapes = this.#columns[SHAPE_PLACE] as Int32Array;
    const counts = countMinutes(times, shapes, from, to, min);
    this.#statements.segment.run(first, last, to - from, min, max, new Uint8Array(counts.buffer));
    for (let column = 0; column < COLUMNS; column++) {
      const place = column === 0 ? SHAPE_PLACE : FIRST_COLUMN_PLACE + column - 1;
      this.#column(first, place, packNumbers(this.#columns[column] as Int32Array, from, to));
    }
    this.#column(first, TIME_PLACE, packNumbers(after(times, min, from, to), 0, to - from));
    if (last - first + 1 === to - from) return;
    this.#column(first, SEQUENCE_PLACE, packNumbers(after(sequences, first, from, to), 0, to - from));
  }

  #column(first: number, place: number, numbers: Uint8Array): void {
    if (numbers.length > 0) this.#statements.column.run(PLACES * first + place, numbers);
  }

  #grow(length: number): void {
    this.#times = larger(this.#times, length);
    this.#sequences = larger(this.#sequences, length);
    for (let column = 0; column < COLUMNS; column++) {
      const numbers = new Int32Array(length);
      if (this.#columns[column]) numbers.set(this.#columns[column] as Int32Array);
      this.#columns[column] = numbers;
    }
  }
}

function larger(numbers: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const more = new Float64Array(length);
  more.set(numbers);
  return more;
}

function after(numbers: Float64Array, start: number, from: number, to: number): Float64Array {
  return numbers.subarray(from, to).map((number) => number - start);
}

function prepareStatements(
  db: DatabaseSync,
): Record<'segment' | 'column' | 'events' | 'removeSegments' | 'removeColumns', StatementSync> {
  return {
    segment: db.prepare('INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)'),
    column: db.prepare('INSERT INTO segment_column VALUES (?, ?)'),
    events: db.prepare('SELECT sum(events) AS events FROM segment WHERE first_sequence >= ? AND last_sequence <= ?'),
    removeSegments: db.prepare('DELETE FROM segment WHERE first_sequence BETWEEN ? AND ?'),
    removeColumns: db.prepare('DELETE FROM segment_column WHERE id BETWEEN ? AND ?'),
  };
}
