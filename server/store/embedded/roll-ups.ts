import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { viewNumbers } from './packed.ts';
import { SHAPE_PLACE } from './segments.ts';

/**
 * Counts of a long stretch of segments: for each shape, how often each number of a column occurs. What a count over
 * whole days needs is then read in one piece, and of it only what belongs to the shapes that are meant.
 * - `roll_up`: a row each; it has all events of the day from `first_sequence` to `last_sequence`.
 * - `roll_up_part`: row `32 * first_sequence + 4 * place + part`, with the places of `segments.ts`. Of the shape's place,
 *   `IDS` are the shapes there are, ascending, and `COUNTS` their events. Of a column's place, `ENDS` says for each of
 *   these shapes where its pairs end, and `IDS` and `COUNTS` are the pairs (`packed.ts`).
 */
export const ROLL_UP_TABLES = `
CREATE TABLE IF NOT EXISTS roll_up (
  first_sequence INTEGER PRIMARY KEY,
  last_sequence INTEGER NOT NULL,
  events INTEGER NOT NULL,
  shapes INTEGER NOT NULL,
  min_ts INTEGER NOT NULL,
  max_ts INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS roll_up_part (id INTEGER PRIMARY KEY, numbers BLOB NOT NULL);
`;

/** Parts of a place. */
export const PART = { ends: 0, ids: 1, counts: 2 } as const;
/** Numbers of rows kept for one roll-up. */
export const PARTS_OF_ROLL_UP = 32;
const PARTS_OF_PLACE = 4;

/** Row of a part. */
export function partRow(first: number, place: number, part: number): number {
  return PARTS_OF_ROLL_UP * first + PARTS_OF_PLACE * place + part;
}

/** What is known of a roll-up without its counts. */
export interface RollUpInfo {
  readonly first: number;
  readonly last: number;
  readonly events: number;
  readonly shapes: number;
  readonly minTs: number;
  readonly maxTs: number;
}

/** Whole numbers as they lie in the file. */
export type Numbers = Uint8Array | Uint16Array | Int32Array;

/** The counts of one column. */
export interface Pairs {
  /** Dictionary numbers of the column, and how many events have each. */
  readonly ids: Numbers;
  readonly counts: Numbers;
  /** Stretches of pairs that belong to shapes that are meant: where each begins and ends, one after the other. */
  readonly stretches: readonly number[];
}

/** The roll-ups of one day as they are in the read transaction under way. */
export class RollUpList {
  readonly #version: StatementSync;
  readonly #rows: StatementSync;
  readonly #parts: StatementSync;
  #list: readonly RollUpInfo[] = [];
  #seen = -1;

  constructor(db: DatabaseSync) {
    this.#version = db.prepare('PRAGMA data_version');
    this.#version.setReturnArrays(true);
    this.#rows = db.prepare(
      'SELECT first_sequence, last_sequence, events, shapes, min_ts, max_ts FROM roll_up ORDER BY first_sequence',
    );
    this.#rows.setReturnArrays(true);
    this.#parts = db.prepare('SELECT numbers FROM roll_up_part WHERE id = ?');
    this.#parts.setReturnArrays(true);
  }

  /** In the order of the sequence. */
  get all(): readonly RollUpInfo[] {
    const [version] = this.#version.get() as unknown as [number];
    if (version === this.#seen) return this.#list;
    this.#list = (this.#rows.all() as unknown as number[][]).map(
      ([first = 0, last = 0, events = 0, shapes = 0, minTs = 0, maxTs = 0]) => {
        return { first, last, events, shapes, minTs, maxTs };
      },
    );
    this.#seen = version;
    return this.#list;
  }

  /** The counts of a column, of the shapes that are marked (all where `shapes` is undefined). */
  pairs(info: RollUpInfo, place: number, shapes: Uint8Array | undefined): Pairs {
    const { first } = info;
    const ends = this.#part(first, place, PART.ends, info.shapes);
    const length = ends[info.shapes - 1] ?? 0;
    const stretches = shapes
      ? stretchesOf(this.#part(first, SHAPE_PLACE, PART.ids, info.shapes), ends, shapes)
      : [0, length];
    return {
      ids: this.#part(first, place, PART.ids, length),
      counts: this.#part(first, place, PART.counts, length),
      stretches,
    };
  }

  #part(first: number, place: number, part: number, length: number): Numbers {
    const row = this.#parts.get(partRow(first, place, part)) as unknown as [Uint8Array] | undefined;
    return viewNumbers(row?.[0], length);
  }
}

/** Removes roll-ups of segments that change. */
export class RollUpRemoval {
  readonly #over: StatementSync;
  readonly #row: StatementSync;
  readonly #parts: StatementSync;

  constructor(db: DatabaseSync) {
    this.#over = db.prepare('SELECT first_sequence FROM roll_up WHERE last_sequence >= ? AND first_sequence <= ?');
    this.#row = db.prepare('DELETE FROM roll_up WHERE first_sequence = ?');
    this.#parts = db.prepare('DELETE FROM roll_up_part WHERE id BETWEEN ? AND ?');
  }

  /** Removes those that have a sequence from one to another. */
  removeOver(from: number, to: number): void {
    for (const row of this.#over.all(from, to)) {
      const first = Number(row['first_sequence']);
      this.#row.run(first);
      this.#parts.run(partRow(first, 0, 0), partRow(first + 1, 0, 0) - 1);
    }
  }
}

/** Shapes that are meant and follow each other have one stretch. */
function stretchesOf(known: Numbers, ends: Numbers, marks: Uint8Array): number[] {
  const stretches: number[] = [];
  let from = 0;
  for (let at = 0; at < known.length; at++) {
    const end = ends[at] as number;
    if (marks[known[at] as number] === 1) {
      if (stretches.length > 0 && stretches.at(-1) === from) stretches[stretches.length - 1] = end;
      else stretches.push(from, end);
    }
    from = end;
  }
  return stretches;
}
