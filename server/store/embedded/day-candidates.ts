import type { StatementSync } from 'node:sqlite';
import type { Condition } from '../../../rules/query/condition.ts';
import type { DayReader } from './day-reader.ts';
import { GRAM_BLOCK } from './fields.ts';
import { type Prefilter, prefilter } from './sql.ts';

/** A row that may satisfy the condition: `[ts, sequence, line]`. */
export type Candidate = readonly [ts: number, sequence: number, line: number];

/** A place in the order of results, newest first: by `ts`, then by sequence. */
export interface Place {
  readonly ts: number;
  readonly sequence: number;
}

/** Rows of one day whose words match, at most, for which they are all fetched at once. */
const FEW_MATCHES = 5_000;
/** The same for the blocks of the index of parts of words, each of up to `GRAM_BLOCK` rows. */
const FEW_BLOCKS = 400;
/** A slice's rows may lie this many times further apart in sequence before the word index is no help. */
const SPREAD = 20;

/** The candidates of one day, in slices of time from the newest on. */
export class DayCandidates {
  readonly reader: DayReader;
  readonly exact: boolean;
  readonly #plan: Prefilter;
  readonly #from: number;
  readonly #rows: StatementSync;
  readonly #edge: StatementSync;
  #few: readonly Candidate[] | undefined;

  /** `from` and `to` in milliseconds, `to` exclusive. */
  constructor(reader: DayReader, condition: Condition, from: number, to: number) {
    this.reader = reader;
    this.#from = from;
    this.#plan = prefilter(condition, reader.dictionary);
    this.exact = this.#plan.exact && this.#plan.words === undefined;
    this.#rows = reader.db.prepare(this.#select(this.#plan.sql));
    this.#rows.setReturnArrays(true);
    this.#edge = reader.statement('SELECT ts FROM event WHERE ts >= ? AND ts <= ? ORDER BY ts DESC LIMIT 1 OFFSET ?');
    if (this.#plan.sql === '0') this.#few = [];
    else this.#few = this.#fewMatches(to);
  }

  /** Time from which on the next slice below `hi` holds about `size` rows; the range's start where there are fewer. */
  edgeBelow(hi: Place, size: number): number {
    if (this.#few) {
      const start = firstBelow(this.#few, hi);
      return this.#few[start + size]?.[0] ?? this.#from;
    }
    const ts = this.#edge.get(this.#from, hi.ts, size)?.['ts'];
    return typeof ts === 'number' ? ts : this.#from;
  }

  /** Candidates with `ts >= lo` and below `hi`, newest first. */
  *slice(lo: number, hi: Place, size: number): Generator<Candidate> {
    if (this.#few) {
      for (let at = firstBelow(this.#few, hi); at < this.#few.length; at++) {
        const candidate = this.#few[at];
        if (!candidate || candidate[0] < lo) return;
        yield candidate;
      }
      return;
    }
    const bounds = [lo, hi.ts, hi.ts, hi.sequence] as const;
    const words = this.#wordsOfSlice(lo, hi, size);
    const rows = words ? words.statement.iterate(...bounds, ...words.parameters) : this.#rows.iterate(...bounds);
    for (const row of rows) yield row as unknown as Candidate;
  }

  #select(filter: string): string {
    return `SELECT ts, sequence, line FROM event INDEXED BY event_ts
      WHERE ts >= ? AND ts <= ? AND (ts < ? OR sequence < ?) AND (${filter}) ORDER BY ts DESC, sequence DESC`;
  }

  /** All candidates at once, where an index of its own says that they are few. */
  #fewMatches(to: number): readonly Candidate[] | undefined {
    const { words, grams, indexed, sql } = this.#plan;
    const isFew = (from: string, parameters: readonly string[], most: number): boolean => {
      const counted = this.reader.db.prepare(`SELECT count(*) AS n FROM (${from} LIMIT ${most + 1})`);
      return Number(counted.get(...parameters)?.['n']) <= most;
    };
    const few = (from: string, parameters: readonly string[]): readonly Candidate[] | undefined => {
      if (!isFew(from, parameters, FEW_MATCHES)) return undefined;
      return this.#sorted(
        `SELECT ts, sequence, line FROM event NOT INDEXED WHERE sequence IN (${from}) AND ts >= ? AND ts < ? AND (${sql})`,
        [...parameters, this.#from, to],
      );
    };
    const byColumn = indexed && few(`SELECT sequence FROM event INDEXED BY event_source_ip WHERE ${indexed}`, []);
    if (byColumn) return byColumn;
    const byWords = words === undefined ? undefined : few('SELECT rowid FROM words WHERE words MATCH ?', [words]);
    if (byWords || grams === undefined || !this.reader.hasGrams) return byWords;
    const blocks = 'SELECT rowid FROM grams WHERE grams MATCH ?';
    if (!isFew(blocks, [grams], FEW_BLOCKS)) return undefined;
    return this.#sorted(
      `SELECT ts, sequence, line FROM (${blocks}) AS block CROSS JOIN event NOT INDEXED
        ON sequence BETWEEN block.rowid AND block.rowid + ${GRAM_BLOCK - 1} WHERE ts >= ? AND ts < ? AND (${sql})`,
      [grams, this.#from, to],
    );
  }

  #sorted(select: string, parameters: readonly (string | number)[]): readonly Candidate[] {
    const statement = this.reader.db.prepare(select);
    statement.setReturnArrays(true);
    const rows = statement.all(...parameters) as unknown as Candidate[];
    return rows.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  }

  /** A common word: the index is asked for the slice's stretch of sequences alone. */
  #wordsOfSlice(
    lo: number,
    hi: Place,
    size: number,
  ): { statement: StatementSync; parameters: [string, number, number] } | undefined {
    const { words, sql } = this.#plan;
    if (words === undefined) return undefined;
    const span = this.reader
      .statement('SELECT min(sequence) AS first, max(sequence) AS last FROM event WHERE ts >= ? AND ts <= ?')
      .get(lo, hi.ts);
    const first = Number(span?.['first'] ?? 0);
    const last = Number(span?.['last'] ?? 0);
    if (last - first > SPREAD * size) return undefined;
    const statement = this.reader.db.prepare(
      this.#select(`(${sql}) AND sequence IN (SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?)`),
    );
    statement.setReturnArrays(true);
    return { statement, parameters: [words, first, last] };
  }
}

/** Index of the first candidate after a place, in newest-first order. */
function firstBelow(candidates: readonly Candidate[], place: Place): number {
  let low = 0;
  let high = candidates.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [ts, sequence] = candidates[middle] ?? [0, 0];
    if (ts > place.ts || (ts === place.ts && sequence >= place.sequence)) low = middle + 1;
    else high = middle;
  }
  return low;
}
