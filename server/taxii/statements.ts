import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Statements of one database, each prepared once; their number is bounded by what filters there are. */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  of(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known) return known;
    if (this.#prepared.size > 500) this.#prepared.clear();
    const fresh = this.#db.prepare(sql);
    this.#prepared.set(sql, fresh);
    return fresh;
  }
}
