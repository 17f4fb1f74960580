import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { HaidangError } from '../../errors.ts';
import { sourcesOfLines } from '../frame.ts';
import type { BadLine, PreparedBatch } from './batch-preparer.ts';
import { openDayForWriting } from './layout.ts';
import { RowWriter } from './row.ts';

/** What was written of a batch. */
export interface WrittenBatch {
  readonly stored: number;
  readonly duplicates: number;
  readonly deadLettered: number;
  readonly firstSequence: number;
  /** Which lines were stored; undefined where all were. */
  readonly lines: Uint32Array | undefined;
}

/** The one writer of one day's file. Callers wrap `write` in `begin` and `commit` or `rollback`. */
export class DayWriter {
  readonly #db: DatabaseSync;
  readonly #rows: RowWriter;
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
    const { header, times, shapes } = batch;
    const sources = sourcesOfLines(header);
    const stream = `${header.collector}-${header.epoch}`;
    const known = this.#knownLines(stream, header.first, header.last);
    const tally = new Tally();
    const stored = new Uint32Array(sources.length);
    let count = 0;
    for (let at = 0; at < sources.length; at++) {
      if ((shapes[at] as number) < 0 || known?.has(header.first + at)) continue;
      tally.add(sources[at] as string, times[at] as number);
      stored[count++] = at;
    }
    let deadLettered = 0;
    for (const bad of batch.badLines) {
      if (known?.has(header.first + bad.line)) continue;
      this.#writeDeadLetter(batch, stream, sources[bad.line] ?? '', bad);
      deadLettered++;
    }
    this.#rows.write(batch, stored.subarray(0, count), sources, nextSequence);
    const kept = count === sources.length ? undefined : stored.slice(0, count);
    if (count > 0) this.#writeBatch(batch, stream, nextSequence, count, tally, kept);
    const duplicates = sources.length - batch.others - count - deadLettered;
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
    const { header } = batch;
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

  #writeDeadLetter(batch: PreparedBatch, stream: string, source: string, { line, reason, text }: BadLine): void {
    const { agency, collector, receivedAt, header } = batch;
    const sequence = header.first + line;
    this.#statements.deadLetter.run(stream, sequence, agency, collector, source, receivedAt, reason, text);
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
