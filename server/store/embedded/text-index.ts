import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BLOCK } from './fields.ts';
import { GramBlock } from './gram-block.ts';
import type { LineReader } from './line.ts';
import { WordBlock } from './word-block.ts';

/** Ids of one column in one number: there are fewer than 2^24. */
const IDS = 2 ** 24;

/** The word that stands for a value of a column, by its number in the dictionary. */
export function columnWord(column: number, id: number): string {
  return `0c${column}i${id.toString(36)}`;
}

/** Writes the indexes of words and of parts of words of one day, a row for each block of events. */
export class TextIndexWriter {
  readonly #wordRow: StatementSync;
  readonly #gramRow: StatementSync;
  readonly #words = new WordBlock();
  readonly #grams = new GramBlock();
  readonly #ids = new Set<number>();
  #first = 0;

  constructor(db: DatabaseSync) {
    this.#wordRow = db.prepare('INSERT INTO words (rowid, text) VALUES (?, ?)');
    this.#gramRow = db.prepare('INSERT INTO grams (rowid, text) VALUES (?, ?)');
  }

  /** Adds the next event; `ids` are the numbers of its columns, from place `from` on. */
  add(sequence: number, read: LineReader, ids: readonly number[], from: number): void {
    if (!this.#words.isEmpty && (sequence - this.#first >= BLOCK || this.#words.isFull)) this.write();
    if (this.#words.isEmpty) this.#first = sequence;
    read.addTexts(this.#words, this.#grams);
    for (let at = from; at < ids.length; at++) {
      const id = ids[at] as number;
      const key = at * IDS + id;
      if (this.#ids.has(key)) continue;
      this.#ids.add(key);
      this.#words.addWord(columnWord(at - from, id));
    }
  }

  /** Writes the block under way; before the transaction is committed. */
  write(): void {
    if (!this.#words.isEmpty) this.#wordRow.run(this.#first, this.#words.take());
    if (!this.#grams.isEmpty) this.#gramRow.run(this.#first, this.#grams.take());
    this.#ids.clear();
  }

  /** The transaction is undone. */
  rollback(): void {
    this.#words.take();
    this.#grams.take();
    this.#ids.clear();
  }
}
