import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ABSENT, COLUMN_FIELDS, FIRST_TERM, UNKNOWN } from './fields.ts';

/** Most values a day's dictionary holds for one column, and most shapes; what comes later is `UNKNOWN`. */
export const DICTIONARY_LIMITS = { terms: 200_000, shapes: 20_000 } as const;

/**
 * Numbers for the values of one column, kept in the day's `term` table. What a transaction added is forgotten again
 * when it is rolled back.
 */
export class TermDictionary {
  readonly #ids = new Map<string, number>();
  readonly #insert: StatementSync;
  readonly #field: number;
  #added: string[] = [];
  #next: number = FIRST_TERM;
  #unknownMarked = false;
  #unknownFresh = false;

  constructor(db: DatabaseSync, field: number) {
    this.#field = field;
    this.#insert = db.prepare('INSERT INTO term (field, id, value) VALUES (?, ?, ?)');
    for (const row of db.prepare('SELECT id, value FROM term WHERE field = ? ORDER BY id').iterate(field)) {
      const id = Number(row['id']);
      if (id === UNKNOWN) this.#unknownMarked = true;
      else this.#ids.set(String(row['value']), id);
      this.#next = Math.max(FIRST_TERM, id + 1);
    }
  }

  /** `term`: JSON of the value; `undefined` for absent, `null` for what the dictionary cannot hold. */
  idOf(term: string | null | undefined): number {
    if (term === undefined) return ABSENT;
    if (term === null) return this.#unknown();
    const known = this.#ids.get(term);
    if (known !== undefined) return known;
    if (this.#ids.size >= DICTIONARY_LIMITS.terms) return this.#unknown();
    const id = this.#next;
    this.#insert.run(this.#field, id, term);
    this.#next++;
    // A part of a text keeps the whole of it in memory: here for the life of the dictionary, so it is copied.
    const own = Buffer.from(term).toString();
    this.#ids.set(own, id);
    this.#added.push(own);
    return id;
  }

  /** Leaves a mark at the first unknown value, so that readers know whether a column tells all. */
  #unknown(): number {
    if (this.#unknownMarked) return UNKNOWN;
    this.#insert.run(this.#field, UNKNOWN, '');
    this.#unknownMarked = true;
    this.#unknownFresh = true;
    return UNKNOWN;
  }

  commit(): void {
    this.#unknownFresh = false;
    if (this.#added.length > 0) this.#added = [];
  }

  rollback(): void {
    if (this.#unknownFresh) this.#unknownMarked = false;
    this.#unknownFresh = false;
    for (const term of this.#added) this.#ids.delete(term);
    this.#next -= this.#added.length;
    this.#added = [];
  }
}

/** Numbers for shapes; a shape is the JSON list of the values of `SHAPE_FIELDS`. */
export class ShapeDictionary {
  readonly #ids = new Map<string, number>();
  readonly #insert: StatementSync;
  #added: string[] = [];
  #next = 1;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO shape (id, fields) VALUES (?, ?)');
    for (const row of db.prepare('SELECT id, fields FROM shape ORDER BY id').iterate()) {
      this.#ids.set(String(row['fields']), Number(row['id']));
      this.#next = Number(row['id']) + 1;
    }
  }

  get(shape: string): number | undefined {
    return this.#ids.get(shape);
  }

  get size(): number {
    return this.#ids.size;
  }

  get full(): boolean {
    return this.#ids.size >= DICTIONARY_LIMITS.shapes;
  }

  add(shape: string): number {
    const id = this.#next;
    this.#insert.run(id, shape);
    this.#next++;
    this.#ids.set(shape, id);
    this.#added.push(shape);
    return id;
  }

  commit(): void {
    if (this.#added.length > 0) this.#added = [];
  }

  rollback(): void {
    for (const shape of this.#added) this.#ids.delete(shape);
    this.#next -= this.#added.length;
    this.#added = [];
  }
}

/** One dictionary for each column, in the order of `COLUMN_FIELDS`. */
export function columnDictionaries(db: DatabaseSync): TermDictionary[] {
  return COLUMN_FIELDS.map((_, index) => new TermDictionary(db, index));
}
