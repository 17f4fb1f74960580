import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Numbers of a row. */
const WIDTH = 4;
/** Rows written by one statement, where so many wait: running it costs more than a row. */
const TOGETHER = 100;

/** Writes the rows of `event`. */
export class EventRows {
  readonly #one: StatementSync;
  readonly #many: StatementSync;
  #numbers: number[] = [];

  constructor(db: DatabaseSync) {
    const insert = (rows: number) =>
      `INSERT INTO event (sequence, line, ts, shape) VALUES ${new Array(rows).fill('(?, ?, ?, ?)').join(', ')}`;
    this.#one = db.prepare(insert(1));
    this.#many = db.prepare(insert(TOGETHER));
  }

  add(sequence: number, line: number, ts: number, shape: number): void {
    this.#numbers.push(sequence, line, ts, shape);
    if (this.#numbers.length < WIDTH * TOGETHER) return;
    this.#many.run(...this.#numbers);
    this.#numbers = [];
  }

  /** Writes those that wait; before the transaction is committed. */
  write(): void {
    for (let at = 0; at < this.#numbers.length; at += WIDTH) this.#one.run(...this.#numbers.slice(at, at + WIDTH));
    this.#numbers = [];
  }

  /** The transaction is undone. */
  rollback(): void {
    this.#numbers = [];
  }
}
