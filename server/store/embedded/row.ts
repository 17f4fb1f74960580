import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { columnDictionaries, DICTIONARY_LIMITS, ShapeDictionary, type TermDictionary } from './dictionary.ts';
import { COLUMN_FIELDS, SHAPE_FIELDS, SHAPE_FIELDS_OF_SERVER } from './fields.ts';
import type { LineReader } from './line.ts';
import { SegmentWriter } from './segment-writer.ts';
import { TextIndexWriter } from './text-index.ts';

/** In a shape's list of values: the field is absent. No value is an object, so that the mark cannot be forged. */
export const ABSENT_MARK = {};
/** In a shape's list of values: the field may hold anything. */
export const UNKNOWN_MARK = { unknown: true };

const ABSENT_JSON = JSON.stringify(ABSENT_MARK);
const UNKNOWN_JSON = JSON.stringify(UNKNOWN_MARK);
/** The end of a shape of which only what the server sets is known. */
const UNKNOWN_PAYLOAD = `${`,${UNKNOWN_JSON}`.repeat(SHAPE_FIELDS.length - SHAPE_FIELDS_OF_SERVER)}]`;

/** Terms of shapes kept at hand, at most. */
const MOST_KNOWN = 100_000;

/** What the server knows of all events of one source: the beginning of their shapes. */
export function shapeStart(agency: string, collector: string, source: string): string {
  return JSON.stringify([agency, collector, source]).slice(0, -1);
}

/** Writes the rows of events, their numbers and their words into one day's file. */
export class RowWriter {
  readonly #shapes: ShapeDictionary;
  readonly #columns: TermDictionary[];
  /** One row at a time: a statement that writes several makes SQLite flush the word index before it. */
  readonly #event: StatementSync;
  readonly #segments: SegmentWriter;
  readonly #texts: TextIndexWriter;
  #known = new KnownTerm();
  #knownCount = 0;
  /** Shape and columns of the event under way. */
  readonly #ids: number[] = new Array(1 + COLUMN_FIELDS.length).fill(0);

  constructor(db: DatabaseSync) {
    this.#shapes = new ShapeDictionary(db);
    this.#columns = columnDictionaries(db);
    this.#event = db.prepare('INSERT INTO event (sequence, line, ts, shape) VALUES (?, ?, ?, ?)');
    this.#segments = new SegmentWriter(db);
    this.#texts = new TextIndexWriter(db);
  }

  /** Whether another source can still be told apart in this day. */
  get hasRoom(): boolean {
    return this.#shapes.size < 2 * DICTIONARY_LIMITS.shapes;
  }

  /** `start`: of the event's source (`shapeStart`). */
  write(sequence: number, line: number, read: LineReader, start: string): void {
    const ids = this.#ids;
    const shape = this.#shapeOf(read, start);
    ids[0] = shape;
    for (let index = 0; index < COLUMN_FIELDS.length; index++) {
      ids[1 + index] = (this.#columns[index] as TermDictionary).idOf(read.columnTerm(index));
    }
    this.#event.run(sequence, line, read.ts, shape);
    this.#segments.add(sequence, read.ts, ids);
    this.#texts.add(sequence, read, ids, 1);
  }

  /** Writes what is gathered over several events; before the transaction is committed. */
  finish(): void {
    this.#segments.write();
    this.#texts.write();
  }

  /** Forgets what a rollback would take back. */
  commit(): void {
    this.#segments.commit();
    this.#shapes.commit();
    for (const column of this.#columns) column.commit();
  }

  rollback(): void {
    this.#forget();
    this.#segments.rollback();
    this.#texts.rollback();
    this.#shapes.rollback();
    for (const column of this.#columns) column.rollback();
  }

  #shapeOf(read: LineReader, start: string): number {
    let at = this.#known.next(start);
    for (let index = SHAPE_FIELDS_OF_SERVER; index < SHAPE_FIELDS.length; index++) at = at.next(read.shapeTerm(index));
    if (at.shape === 0) {
      at.shape = this.#newShape(read, start);
      this.#knownCount += SHAPE_FIELDS.length;
      if (this.#knownCount > MOST_KNOWN) this.#forget();
    }
    return at.shape;
  }

  #newShape(read: LineReader, start: string): number {
    let shape = start;
    for (let index = SHAPE_FIELDS_OF_SERVER; index < SHAPE_FIELDS.length; index++) {
      const term = read.shapeTerm(index);
      shape += `,${term === undefined ? ABSENT_JSON : (term ?? UNKNOWN_JSON)}`;
    }
    shape += ']';
    const known = this.#shapes.get(shape);
    if (known !== undefined) return known;
    if (!this.#shapes.full) return this.#shapes.add(shape);
    const rough = start + UNKNOWN_PAYLOAD;
    return this.#shapes.get(rough) ?? this.#shapes.add(rough);
  }

  #forget(): void {
    this.#known = new KnownTerm();
    this.#knownCount = 0;
  }
}

/** The shapes seen of late as a tree of their terms: the next event mostly has the terms of one just before. */
class KnownTerm {
  readonly term: string | null | undefined;
  /** Number of the shape that ends here; 0 for none yet. */
  shape = 0;
  readonly #after = new Map<string | null | undefined, KnownTerm>();
  #latest: KnownTerm | undefined;

  constructor(term?: string | null) {
    this.term = term;
  }

  next(term: string | null | undefined): KnownTerm {
    if (this.#latest !== undefined && this.#latest.term === term) return this.#latest;
    let after = this.#after.get(term);
    if (after === undefined) {
      // It must not hold on to the frame that it was cut from.
      after = new KnownTerm(typeof term === 'string' ? Buffer.from(term).toString() : term);
      this.#after.set(after.term, after);
    }
    this.#latest = after;
    return after;
  }
}
