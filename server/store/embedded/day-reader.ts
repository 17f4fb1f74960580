import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EcsEvent } from '../../../ecs/event.ts';
import { lineOfFrame, sourcesOfLines } from '../frame.ts';
import { stamp } from '../stamp.ts';
import { ReadDictionary } from './day-dictionary.ts';
import { DayFrames, type FramePart, type Pieces } from './day-frames.ts';
import { dayFile, openDayForReading } from './layout.ts';
import { linesWith, type Needles } from './needles.ts';
import { RollUpList } from './roll-ups.ts';
import { SegmentList } from './segments.ts';

/** A batch as its row says, without the frame. */
export interface BatchRow {
  readonly first: number;
  readonly last: number;
  readonly stream: string;
  readonly frameFirst: number;
  readonly frameLast: number;
  readonly agency: string;
  readonly collector: string;
  readonly receivedAt: string;
  /** How many events of each source were stored. */
  readonly sources: readonly (readonly [source: string, stored: number])[];
  /** Which lines were stored, in order of sequence; undefined where all were. */
  readonly lines: Uint32Array | undefined;
}

/** Bytes of unpacked lines kept at hand, and batches of which the sources of lines are. */
const PART_CACHE_BYTES = 32 * 1024 * 1024;
const MOST_SOURCES = 1_000;

/** One day's file, open for reading. */
export class DayReader {
  readonly day: string;
  readonly db: DatabaseSync;
  readonly dictionary: ReadDictionary;
  readonly segments: SegmentList;
  readonly rollUps: RollUpList;
  readonly #inode: bigint;
  readonly #statements = new Map<string, StatementSync>();
  readonly #frames: DayFrames;
  readonly #parts = new Map<string, FramePart>();
  #partBytes = 0;
  readonly #lines = new WeakMap<FramePart, { readonly needles: Needles; readonly marks: Uint8Array }>();
  /** Where the pieces of the batch asked for last are; undefined where it is a whole frame. */
  #pieces: { readonly batch: number; readonly at: Pieces | undefined } | undefined;
  readonly #sources = new Map<number, readonly string[]>();

  constructor(day: string, db: DatabaseSync, inode: bigint) {
    this.day = day;
    this.db = db;
    this.#inode = inode;
    this.dictionary = new ReadDictionary(db);
    this.segments = new SegmentList(db);
    this.rollUps = new RollUpList(db);
    this.#frames = new DayFrames(db);
  }

  /** Undefined where the day has no file yet, or an empty one. */
  static open(folder: string, day: string): DayReader | undefined {
    const inode = inodeOf(folder, day);
    if (inode === undefined) return undefined;
    const db = openDayForReading(folder, day);
    return db && new DayReader(day, db, inode);
  }

  /** Whether the file at the day's path is still the one opened here. */
  isCurrent(folder: string): boolean {
    return inodeOf(folder, this.day) === this.#inode;
  }

  close(): void {
    this.db.close();
  }

  /** Prepares a statement once; conditions come and go, so only the fixed ones are kept. */
  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const fresh = this.db.prepare(sql);
    this.#statements.set(sql, fresh);
    return fresh;
  }

  /** The batch that holds a sequence. */
  batchAt(sequence: number): BatchRow | undefined {
    const row = this.statement(
      'SELECT * FROM batch WHERE first_sequence <= ? ORDER BY first_sequence DESC LIMIT 1',
    ).get(sequence);
    const batch = row && batchRow(row);
    return batch && batch.last >= sequence ? batch : undefined;
  }

  body(batch: BatchRow): Uint8Array {
    const body = this.#frames.body(batch.first);
    if (!body) throw new Error(`Batch ${batch.first} of day ${this.day} has no frame.`);
    return body;
  }

  /** Whether the line of an event has one of the needles; false only where it has none for certain. */
  mayHave(batch: BatchRow, line: number, needles: Needles): boolean {
    const part = this.#partWith(batch, line);
    let lines = this.#lines.get(part);
    if (lines?.needles !== needles) {
      lines = { needles, marks: linesWith(part, needles) };
      this.#lines.set(part, lines);
    }
    return lines.marks[line - part.first] === 1;
  }

  /** The event on one line of a batch, as readers see it. */
  document(batch: BatchRow, line: number): EcsEvent {
    const part = this.#partWith(batch, line);
    const [only] = batch.sources;
    const source = batch.sources.length === 1 ? only?.[0] : this.#sourcesOf(batch)[line];
    if (source === undefined || line - part.first >= part.starts.length - 1) {
      throw new Error(`Batch ${batch.first} of day ${this.day} has no line ${line}.`);
    }
    const event = JSON.parse(lineOfFrame(part, line - part.first)) as EcsEvent;
    const { agency, collector, receivedAt } = batch;
    return stamp(event, { agency, collector, receivedAt, source });
  }

  #partWith(batch: BatchRow, line: number): FramePart {
    const pieces = this.#piecesOf(batch);
    const at = pieces?.at(line) ?? 0;
    const key = `${batch.first} ${at}`;
    const known = this.#parts.get(key);
    if (known) {
      this.#parts.delete(key);
      this.#parts.set(key, known);
      return known;
    }
    const part = pieces ? this.#frames.piece(pieces, at) : this.#wholeFrame(batch);
    this.#parts.set(key, part);
    this.#partBytes += part.text.bytes.byteLength;
    for (const [oldest, other] of this.#parts) {
      if (this.#partBytes <= PART_CACHE_BYTES || this.#parts.size === 1) break;
      this.#parts.delete(oldest);
      this.#partBytes -= other.text.bytes.byteLength;
    }
    return part;
  }

  #wholeFrame(batch: BatchRow): FramePart {
    const frame = this.#frames.open(batch.first);
    if (!frame) throw new Error(`Batch ${batch.first} of day ${this.day} has no frame.`);
    this.#sources.set(batch.first, sourcesOfLines(frame.header));
    return { first: 0, text: frame.text, starts: frame.starts };
  }

  #piecesOf({ first }: BatchRow): Pieces | undefined {
    if (this.#pieces?.batch !== first) this.#pieces = { batch: first, at: this.#frames.pieces(first) };
    return this.#pieces.at;
  }

  #sourcesOf(batch: BatchRow): readonly string[] {
    const known = this.#sources.get(batch.first);
    if (known) return known;
    const pieces = this.#piecesOf(batch);
    const header = pieces ? this.#frames.header(pieces) : this.#frames.open(batch.first)?.header;
    const sources = header ? sourcesOfLines(header) : [];
    if (this.#sources.size >= MOST_SOURCES) this.#sources.clear();
    this.#sources.set(batch.first, sources);
    return sources;
  }
}

function inodeOf(folder: string, day: string): bigint | undefined {
  return statSync(dayFile(folder, day), { bigint: true, throwIfNoEntry: false })?.ino;
}

/** A batch's row but for what it says of sources. */
export type BatchPlace = Omit<BatchRow, 'sources'>;

/** Reads a row of `batch`. */
export function batchRow(row: Readonly<Record<string, unknown>>): BatchRow {
  return { ...batchPlace(row), sources: JSON.parse(String(row['sources'])) as [string, number][] };
}

/** Reads of a row of `batch` where its events lie, and from whom they are. */
export function batchPlace(row: Readonly<Record<string, unknown>>): BatchPlace {
  const lines = row['lines'];
  return {
    first: Number(row['first_sequence']),
    last: Number(row['last_sequence']),
    stream: String(row['stream']),
    frameFirst: Number(row['frame_first']),
    frameLast: Number(row['frame_last']),
    agency: String(row['agency']),
    collector: String(row['collector']),
    receivedAt: String(row['received_at']),
    lines: lines instanceof Uint8Array ? new Uint32Array(lines.slice().buffer) : undefined,
  };
}

/** Which line of its frame the event of a sequence is. */
export function lineOf(batch: BatchRow, sequence: number): number {
  const at = sequence - batch.first;
  return batch.lines?.[at] ?? at;
}
