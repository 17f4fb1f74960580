import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { PreparedBatch } from './batch-preparer.ts';
import { columnDictionaries, DICTIONARY_LIMITS, ShapeDictionary, type TermDictionary } from './dictionary.ts';
import { COLUMN_FIELDS, FIRST_TERM, UNKNOWN } from './fields.ts';
import { SegmentWriter } from './segment-writer.ts';
import { roughShape, shapeStart } from './shape-tree.ts';
import { columnWord, TextIndexWriter } from './text-index.ts';

/** Writes the rows of events, their numbers and their words into one day's file. */
export class RowWriter {
  readonly #shapes: ShapeDictionary;
  readonly #columns: TermDictionary[];
  /** One row at a time: a statement that writes several makes SQLite flush the word index before it. */
  readonly #event: StatementSync;
  readonly #segments: SegmentWriter;
  readonly #texts: TextIndexWriter;
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

  /** Writes these lines of a batch, in ascending order, as events from `sequence` on. `sources`: of each line of the batch. */
  write(batch: PreparedBatch, lines: Uint32Array, sources: readonly string[], sequence: number): void {
    const { times, shapes, columns, blocks, words, wordEnds, grams } = batch;
    const ids = this.#ids;
    const shapeIds = new Int32Array(batch.shapeTerms.length);
    const columnIds = columns.map((places, column) => new ColumnIds(batch, column, places));
    let at = 0;
    for (let block = 0; block < grams.length && at < lines.length; block++) {
      const first = at;
      const end = blocks[block + 1] as number;
      let own = '';
      for (; at < lines.length && (lines[at] as number) < end; at++) {
        const line = lines[at] as number;
        const shape = shapes[line] as number;
        if (shapeIds[shape] === 0) shapeIds[shape] = this.#shapeId(batch, shape, sources[line] ?? '');
        ids[0] = shapeIds[shape] as number;
        for (let column = 0; column < columnIds.length; column++) {
          const known = columnIds[column] as ColumnIds;
          const place = known.places[line] as number;
          if (known.ids[place] === NONE) known.name(place, this.#columns[column] as TermDictionary);
          ids[1 + column] = known.ids[place] as number;
          if (known.blocks[place] === block) continue;
          known.blocks[place] = block;
          own += known.words[place];
        }
        const ts = times[line] as number;
        this.#event.run(sequence + at, line, ts, ids[0] as number);
        this.#segments.add(sequence + at, ts, ids);
      }
      if (at === first) continue;
      // Where lines of the block are stored already, their words are in it as well: an index may say "perhaps" too often.
      const text = words.subarray(block === 0 ? 0 : wordEnds[block - 1], wordEnds[block]);
      this.#texts.add(sequence + first, Buffer.concat([text, Buffer.from(own)]), grams[block] as string);
    }
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
    this.#segments.rollback();
    this.#texts.rollback();
    this.#shapes.rollback();
    for (const column of this.#columns) column.rollback();
  }

  #shapeId({ agency, collector, shapeTerms }: PreparedBatch, place: number, source: string): number {
    const shape = shapeTerms[place] as string;
    const known = this.#shapes.get(shape);
    if (known !== undefined) return known;
    if (!this.#shapes.full) return this.#shapes.add(shape);
    const rough = roughShape(shapeStart(agency, collector, source));
    return this.#shapes.get(rough) ?? this.#shapes.add(rough);
  }
}

/** A number that is none of a dictionary. */
const NONE = -1;

/** The numbers in the day's dictionary of one column's values in a batch, each asked for when it is first met. */
class ColumnIds {
  readonly places: Int32Array;
  readonly ids: Int32Array;
  /** The block that has a value's word already, and the word with a space behind it. */
  readonly blocks: Int32Array;
  readonly words: string[] = [];
  readonly #column: number;
  readonly #terms: readonly string[];

  constructor(batch: PreparedBatch, column: number, places: Int32Array) {
    this.#column = column;
    this.#terms = batch.columnTerms[column] ?? [];
    this.places = places;
    this.ids = new Int32Array(FIRST_TERM + this.#terms.length).fill(NONE);
    this.blocks = new Int32Array(this.ids.length).fill(NONE);
  }

  name(place: number, dictionary: TermDictionary): void {
    const term = place >= FIRST_TERM ? this.#terms[place - FIRST_TERM] : place === UNKNOWN ? null : undefined;
    const id = dictionary.idOf(term);
    this.ids[place] = id;
    this.words[place] = `${columnWord(this.#column, id)} `;
  }
}
