import { createHash, hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DayFrames } from '../store/embedded/day-frames.ts';
import { type BatchPlace, batchPlace } from '../store/embedded/day-reader.ts';
import { openDayForReading } from '../store/embedded/layout.ts';
import { type DecodedFrame, sourcesOfLines } from '../store/frame.ts';
import type { ListedBatch, ListedDeadLetter } from './list.ts';

const BATCHES = `SELECT first_sequence, last_sequence, stream, frame_first, frame_last, agency, collector, received_at, lines
  FROM batch WHERE first_sequence > ? ORDER BY first_sequence`;
const ROWS = `SELECT group_concat(line || ':' || ts) AS rows
  FROM (SELECT line, ts FROM event WHERE sequence BETWEEN ? AND ? ORDER BY sequence)`;

/** A day's file, read as evidence: what a hash covers is here and nowhere else. */
export class DayContents {
  readonly #db: DatabaseSync;
  readonly #frames: DayFrames;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(db: DatabaseSync) {
    this.#db = db;
    this.#frames = new DayFrames(db);
  }

  /** Opens a day at one moment; undefined where its file is empty. */
  static open(store: string, day: string): DayContents | undefined {
    const db = openDayForReading(store, day);
    if (!db) return undefined;
    db.exec('BEGIN');
    return new DayContents(db);
  }

  close(): void {
    this.#db.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  /** Batches after a sequence, in order. */
  *batches(after: number): Generator<BatchPlace> {
    for (const row of this.#db.prepare(BATCHES).iterate(after)) yield batchPlace(row);
  }

  /** Highest sequence and number of dead letters: tells whether something came since. */
  extent(): { readonly lastSequence: number; readonly deadLetters: number } {
    const last = this.#db.prepare('SELECT max(last_sequence) AS last FROM batch').get()?.['last'];
    const dead = this.#db.prepare('SELECT count(*) AS n FROM dead_letter').get()?.['n'];
    return { lastSequence: Number(last ?? 0), deadLetters: Number(dead) };
  }

  /** The frame of a batch. @throws Error where it is missing or cannot be read. */
  frame(batch: BatchPlace): DecodedFrame {
    const frame = this.#frames.open(batch.first);
    if (!frame) throw new Error('its frame is missing');
    return frame;
  }

  /** Lines that have a row, in order of sequence. */
  rowLines(batch: BatchPlace): number[] {
    const rows = this.#statement('SELECT line FROM event WHERE sequence BETWEEN ? AND ? ORDER BY sequence');
    return rows.all(batch.first, batch.last).map((row) => Number(row['line']));
  }

  /** Rows that belong to no batch, first ones by sequence. */
  strayRows(limit: number): number[] {
    const rows = this.#db.prepare(
      `SELECT sequence FROM event WHERE NOT EXISTS (
         SELECT 1 FROM batch WHERE batch.first_sequence = (
           SELECT max(first_sequence) FROM batch WHERE first_sequence <= event.sequence)
         AND batch.last_sequence >= event.sequence) LIMIT ?`,
    );
    return rows.all(limit).map((row) => Number(row['sequence']));
  }

  /** SHA-256 over the rows of a batch: which line is where, and its time. */
  rowsHash({ first, last }: BatchPlace): string {
    return hash('sha256', String(this.#statement(ROWS).get(first, last)?.['rows'] ?? ''));
  }

  rowCount({ first, last }: BatchPlace): number {
    const row = this.#statement('SELECT count(*) AS n FROM event WHERE sequence BETWEEN ? AND ?').get(first, last);
    return Number(row?.['n']);
  }

  /** Rows of the whole day. */
  allRows(): number {
    return Number(this.#statement('SELECT count(*) AS n FROM event').get()?.['n']);
  }

  *deadLetters(): Generator<ListedDeadLetter> {
    const rows = this.#db.prepare(
      'SELECT stream, frame_sequence, agency, collector, source, at, reason, line FROM dead_letter ORDER BY stream, frame_sequence',
    );
    for (const row of rows.iterate()) {
      const { stream, frame_sequence: sequence, ...rest } = row;
      const content = hash('sha256', JSON.stringify([stream, Number(sequence), ...Object.values(rest)]));
      yield { stream: String(stream), sequence: Number(sequence), content };
    }
  }
}

/** Everything of a batch that a list names. */
export function listed(contents: DayContents, batch: BatchPlace, frame: DecodedFrame): ListedBatch {
  const { first, last, stream, frameFirst } = batch;
  return { first, last, stream, frameFirst, content: contentHash(batch, frame), rows: contents.rowsHash(batch) };
}

/**
 * SHA-256 over who sent what, when and where from, and the stored lines as the collector wrote them. Not over the frame's
 * compressed bytes, so that a frame may be packed better later.
 */
export function contentHash(batch: BatchPlace, frame: DecodedFrame): string {
  const { first, last, stream, frameFirst, agency, collector, receivedAt, lines } = batch;
  const { bytes } = frame.text;
  const { starts } = frame;
  const names = sourcesOfLines(frame.header);
  const sum = createHash('sha256');
  const kept = lines ? [...lines] : names.map((_, at) => at);
  sum.update(`${JSON.stringify([first, last, stream, frameFirst, agency, collector, receivedAt])}\n`);
  sum.update(`${JSON.stringify(runsOf(kept.map((at) => names[at] ?? '')))}\n`);
  if (lines) {
    for (const at of lines) {
      sum.update(bytes.subarray(starts[at] ?? 0, (starts[at + 1] ?? 1) - 1));
      sum.update('\n');
    }
  } else if (names.length > 0) {
    sum.update(bytes.subarray(starts[0] ?? 0, (starts[names.length] ?? 1) - 1));
    sum.update('\n');
  }
  return sum.digest('hex');
}

function runsOf(names: readonly string[]): [string, number][] {
  const runs: [string, number][] = [];
  for (const name of names) {
    const last = runs.at(-1);
    if (last?.[0] === name) last[1]++;
    else runs.push([name, 1]);
  }
  return runs;
}
