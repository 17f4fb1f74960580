import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { HaidangError } from '../../errors.ts';
import { type DecodedFrame, lineOfFrame, sourcesOfLines } from '../frame.ts';
import { openDayForWriting } from './layout.ts';
import { LineReader } from './line.ts';
import { RowWriter, shapeStart } from './row.ts';

/** A batch taken apart and checked, before anything is written of it. */
export interface PreparedBatch {
  readonly agency: string;
  readonly collector: string;
  readonly receivedAt: string;
  readonly body: Uint8Array;
  readonly frame: DecodedFrame;
  /** Source of each line. */
  readonly sources: readonly string[];
}

/** What was written of a batch. */
export interface WrittenBatch {
  readonly stored: number;
  readonly duplicates: number;
  readonly deadLettered: number;
  readonly firstSequence: number;
  /** Which lines were stored; undefined where all were. */
  readonly lines: Uint32Array | undefined;
}

/** Longest line kept of a dead letter, in characters. */
const DEAD_LETTER_LINE = 64 * 1024;

/** Joins a batch with what its frame says, ready for `DayWriter.write`. */
export function prepareBatch(
  batch: Pick<PreparedBatch, 'agency' | 'collector' | 'receivedAt' | 'body'>,
  frame: DecodedFrame,
): PreparedBatch {
  return { ...batch, frame, sources: sourcesOfLines(frame.header) };
}

/** The one writer of one day's file. Callers wrap `write` in `begin` and `commit` or `rollback`. */
export class DayWriter {
  readonly #db: DatabaseSync;
  readonly #rows: RowWriter;
  readonly #reader = new LineReader();
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(folder: string, day: string) {
    this.#db = openDayForWriting(folder, day);
    this.#rows = new RowWriter(this.#db);
    this.#statements = prepareStatements(this.#db);
  }

  begin(): void {
    this.#db.exec('BEGIN IMMEDIATE');
  }

  /** Durable when it returns. */
  commit(): void {
    this.#rows.finish();
    this.#db.exec('COMMIT');
    this.#rows.commit();
  }

  rollback(): void {
    this.#rows.rollback();
    // A full disk may have ended the transaction already.
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }

  close(): void {
    this.#db.close();
  }

  /** Writes what is new of a batch, numbering events from `nextSequence`. */
  write(batch: PreparedBatch, nextSequence: number): WrittenBatch {
    if (!this.#rows.hasRoom) {
      throw new HaidangError(
        'HD_BATCH_MALFORMED',
        'The collectors of this day name more sources than the store takes.',
      );
    }
    const { frame, sources } = batch;
    const { header } = frame;
    const stream = `${header.collector}-${header.epoch}`;
    const known = this.#knownLines(stream, header.first, header.last);
    const idStart = `${header.day}-${batch.collector}-${header.epoch}-`;
    const tally = new Tally();
    const stored = new Uint32Array(sources.length);
    const reader = this.#reader;
    let count = 0;
    let deadLettered = 0;
    let sourceBefore: string | undefined;
    let start = '';
    for (let at = 0; at < sources.length; at++) {
      const frameSequence = header.first + at;
      if (known?.has(frameSequence)) continue;
      const problem = reader.read(frame, at, `${idStart}${frameSequence}-`);
      const source = sources[at] ?? '';
      if (problem !== undefined) {
        this.#writeDeadLetter(batch, stream, frameSequence, source, problem, lineOfFrame(frame, at));
        deadLettered++;
        continue;
      }
      if (source !== sourceBefore) start = shapeStart(batch.agency, batch.collector, source);
      sourceBefore = source;
      this.#rows.write(nextSequence + count, at, reader, start);
      tally.add(source, reader.ts);
      stored[count++] = at;
    }
    const kept = count === sources.length ? undefined : stored.slice(0, count);
    if (count > 0) this.#writeBatch(batch, stream, nextSequence, count, tally, kept);
    const duplicates = sources.length - count - deadLettered;
    return { stored: count, duplicates, deadLettered, firstSequence: nextSequence, lines: kept };
  }

  /** Lines of this stretch that are rows or dead letters already; undefined where none is, as nearly always. */
  #knownLines(stream: string, first: number, last: number): Set<number> | undefined {
    const known = new Set<number>();
    for (const batch of this.#statements.overlapping.all(stream, first, last)) {
      const from = Number(batch['first_sequence']);
      const to = Number(batch['last_sequence']);
      const frameFirst = Number(batch['frame_first']);
      for (const row of this.#statements.linesOf.all(from, to)) known.add(frameFirst + Number(row['line']));
    }
    for (const row of this.#statements.deadOf.all(stream, first, last)) known.add(Number(row['frame_sequence']));
    return known.size > 0 ? known : undefined;
  }

  #writeBatch(
    batch: PreparedBatch,
    stream: string,
    firstSequence: number,
    count: number,
    tally: Tally,
    lines: Uint32Array | undefined,
  ): void {
    const { header } = batch.frame;
    this.#statements.batch.run(
      firstSequence,
      firstSequence + count - 1,
      stream,
      header.first,
      header.last,
      batch.agency,
      batch.collector,
      batch.receivedAt,
      JSON.stringify([...tally.sources]),
      lines ? new Uint8Array(lines.buffer, lines.byteOffset, lines.byteLength) : null,
      tally.minTs,
      tally.maxTs,
    );
    this.#statements.frame.run(firstSequence, batch.body);
  }

  #writeDeadLetter(
    batch: PreparedBatch,
    stream: string,
    frameSequence: number,
    source: string,
    reason: string,
    line: string,
  ): void {
    const kept = line.slice(0, DEAD_LETTER_LINE);
    const { agency, collector, receivedAt } = batch;
    this.#statements.deadLetter.run(stream, frameSequence, agency, collector, source, receivedAt, reason, kept);
  }
}

/** What a batch's row says of its events. */
class Tally {
  readonly sources = new Map<string, number>();
  minTs = Number.MAX_SAFE_INTEGER;
  maxTs = Number.MIN_SAFE_INTEGER;

  add(source: string, ts: number): void {
    this.sources.set(source, (this.sources.get(source) ?? 0) + 1);
    if (ts < this.minTs) this.minTs = ts;
    if (ts > this.maxTs) this.maxTs = ts;
  }
}

function prepareStatements(
  db: DatabaseSync,
): Record<'overlapping' | 'linesOf' | 'deadOf' | 'batch' | 'frame' | 'deadLetter', StatementSync> {
  return {
    overlapping: db.prepare(
      'SELECT first_sequence, last_sequence, frame_first FROM batch WHERE stream = ? AND frame_last >= ? AND frame_first <= ?',
    ),
    linesOf: db.prepare('SELECT line FROM event WHERE sequence BETWEEN ? AND ?'),
    deadOf: db.prepare('SELECT frame_sequence FROM dead_letter WHERE stream = ? AND frame_sequence BETWEEN ? AND ?'),
    batch: db.prepare('INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    frame: db.prepare('INSERT INTO frame (first_sequence, body) VALUES (?, ?)'),
    deadLetter: db.prepare('INSERT INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
  };
}
