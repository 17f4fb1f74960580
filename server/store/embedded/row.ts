import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EcsEvent } from '../../../ecs/event.ts';
import { columnDictionaries, DICTIONARY_LIMITS, ShapeDictionary, type TermDictionary } from './dictionary.ts';
import { COLUMN_FIELDS, fieldReader, SHAPE_FIELDS, SHAPE_FIELDS_OF_SERVER, termOf } from './fields.ts';
import type { ReadLine } from './line.ts';

/** In a shape's list of values: the field is absent. No value is an object, so that the mark cannot be forged. */
export const ABSENT_MARK = {};
/** In a shape's list of values: the field may hold anything. */
export const UNKNOWN_MARK = { unknown: true };

const payloadFields = SHAPE_FIELDS.slice(SHAPE_FIELDS_OF_SERVER);
const shapeReaders = payloadFields.map((field) => fieldReader(field));
const columnReaders = COLUMN_FIELDS.map(({ field }) => fieldReader(field));
const unknownPayload = payloadFields.map(() => UNKNOWN_MARK);

/** Writes the narrow rows of events, and their words, into one day's file. */
export class RowWriter {
  readonly #shapes: ShapeDictionary;
  readonly #columns: TermDictionary[];
  readonly #event: StatementSync;
  readonly #words: StatementSync;
  readonly #values: unknown[] = new Array(SHAPE_FIELDS.length);
  readonly #row: number[] = new Array(4 + COLUMN_FIELDS.length);

  constructor(db: DatabaseSync) {
    this.#shapes = new ShapeDictionary(db);
    this.#columns = columnDictionaries(db);
    const marks = this.#row.fill(0).map(() => '?');
    const names = COLUMN_FIELDS.map(({ column }) => column).join(', ');
    this.#event = db.prepare(`INSERT INTO event (sequence, line, ts, shape, ${names}) VALUES (${marks.join(', ')})`);
    this.#words = db.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)');
  }

  /** Whether another source can still be told apart in this day. */
  get hasRoom(): boolean {
    return this.#shapes.size < 2 * DICTIONARY_LIMITS.shapes;
  }

  write(sequence: number, line: number, read: ReadLine, agency: string, collector: string, source: string): void {
    const row = this.#row;
    row[0] = sequence;
    row[1] = line;
    row[2] = read.ts;
    row[3] = this.#shapeOf(read.event, read.dottedKeys, agency, collector, source);
    for (const [index, reader] of columnReaders.entries()) {
      const term = termOf(reader(read.event, read.dottedKeys));
      row[4 + index] = (this.#columns[index] as TermDictionary).idOf(term);
    }
    this.#event.run(...row);
    this.#words.run(sequence, read.words);
  }

  commit(): void {
    this.#shapes.commit();
    for (const column of this.#columns) column.commit();
  }

  rollback(): void {
    this.#shapes.rollback();
    for (const column of this.#columns) column.rollback();
  }

  #shapeOf(event: EcsEvent, dottedKeys: boolean, agency: string, collector: string, source: string): number {
    const values = this.#values;
    values[0] = agency;
    values[1] = collector;
    values[2] = source;
    for (let index = 0; index < shapeReaders.length; index++) {
      const value = shapeReaders[index]?.(event, dottedKeys);
      values[SHAPE_FIELDS_OF_SERVER + index] = shapeValue(value);
    }
    const shape = JSON.stringify(values);
    const known = this.#shapes.get(shape);
    if (known !== undefined) return known;
    if (!this.#shapes.full) return this.#shapes.add(shape);
    const rough = JSON.stringify([agency, collector, source, ...unknownPayload]);
    return this.#shapes.get(rough) ?? this.#shapes.add(rough);
  }
}

function shapeValue(value: unknown): unknown {
  if (value === undefined) return ABSENT_MARK;
  if (typeof value === 'string' && value.length < 100) return value;
  const term = termOf(value);
  return term === undefined || term === null ? UNKNOWN_MARK : value;
}
