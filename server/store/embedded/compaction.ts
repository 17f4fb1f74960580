import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { CompactedDay } from '../event-store.ts';
import { lineOfFrame } from '../frame.ts';
import { bytesOfDay } from './day-files.ts';
import { DayFrames, packPieces } from './day-frames.ts';
import { dayFile, failureOf, openDayForWriting } from './layout.ts';
import { mergeSegments } from './merge-segments.ts';

/** Bytes of the lines that pieces are packed with; with more, packing takes longer than it saves. */
const DICTIONARY_BYTES = 256 * 1024;
/** Frames of which lines are taken for it, lines of each, and the longest line taken. */
const SAMPLED_FRAMES = 64;
const SAMPLED_LINES = 4;
const LONGEST_SAMPLE = 8 * 1024;
/** Batches repacked in one transaction: writers wait for no longer. */
const STEP_BATCHES = 8;
/** Pages of the word index merged, and pages given back to the file system, in one step. */
const STEP_PAGES = 500;

/** Lets others have their turn; tells whether to go on. */
export type Breathe = () => Promise<boolean>;

/**
 * Makes a day small that hardly grows any more: frames into pieces, small segments into large ones, the parts of the
 * text indexes into one, and free pages back to the file system. All of it in short steps, each of them whole in the
 * file, so that it may be cut anywhere and readers and writers go on. Undefined where nothing was to be done.
 */
export async function compactDay(folder: string, day: string, breathe: Breathe): Promise<CompactedDay | undefined> {
  if (!existsSync(dayFile(folder, day))) return undefined;
  const db = openDayForWriting(folder, day);
  try {
    const last = Number(db.prepare('SELECT max(last_sequence) AS last FROM batch').get()?.['last'] ?? 0);
    if (compactedTo(db) >= last) return undefined;
    const bytesBefore = bytesOfDay(folder, day);
    const steps = [packFrames(db, last), mergeSegments(db), mergeIndex(db, 'words'), mergeIndex(db, 'grams')];
    for (const step of [...steps, mark(db, last), vacuum(db)]) {
      for (const _ of step) if (!(await breathe())) return undefined;
    }
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return { day, bytesBefore, bytesAfter: bytesOfDay(folder, day) };
  } finally {
    db.close();
  }
}

function compactedTo(db: DatabaseSync): number {
  return Number(db.prepare("SELECT value FROM meta WHERE key = 'compacted_to'").get()?.['value'] ?? 0);
}

function* mark(db: DatabaseSync, last: number): Generator<void> {
  db.prepare("INSERT OR REPLACE INTO meta VALUES ('compacted_to', ?)").run(last);
  yield;
}

function* packFrames(db: DatabaseSync, last: number): Generator<void> {
  const frames = new DayFrames(db);
  const next = db.prepare(
    `SELECT first_sequence FROM frame WHERE first_sequence > ? AND first_sequence <= ? ORDER BY first_sequence LIMIT ${STEP_BATCHES}`,
  );
  const piece = db.prepare('INSERT INTO piece VALUES (?, ?, ?)');
  const forget = db.prepare('DELETE FROM frame WHERE first_sequence = ?');
  const dictionary = dictionaryOf(db, frames);
  let after = 0;
  for (;;) {
    const batches = next.all(after, last).map((row) => Number(row['first_sequence']));
    if (batches.length === 0) return;
    after = batches.at(-1) as number;
    const packed = batches.flatMap((batch) => {
      const pieces = piecesOf(frames, batch, dictionary);
      return pieces ? [{ batch, pieces }] : [];
    });
    inTransaction(db, () => {
      for (const { batch, pieces } of packed) {
        for (const [line, body] of pieces) piece.run(batch, line, body);
        forget.run(batch);
      }
    });
    yield;
  }
}

/** Undefined for a frame that cannot be opened: it stays as it is, for `haidang verify` to name. */
function piecesOf(frames: DayFrames, batch: number, dictionary: Buffer): (readonly [number, Buffer])[] | undefined {
  try {
    const frame = frames.open(batch);
    return frame && [...packPieces(frame, dictionary)];
  } catch (error) {
    if (failureOf(error) !== 'other') throw error;
    return undefined;
  }
}

/** The day's dictionary; made of lines from all over the day where there is none yet. */
function dictionaryOf(db: DatabaseSync, frames: DayFrames): Buffer {
  const known = db.prepare('SELECT body FROM dictionary').get()?.['body'];
  if (known instanceof Uint8Array) return Buffer.from(known);
  const batches = db.prepare('SELECT first_sequence FROM frame').all();
  const lines: string[] = [];
  let bytes = 0;
  for (let at = 0; at < SAMPLED_FRAMES && bytes < DICTIONARY_BYTES; at++) {
    const batch = batches[Math.floor((at * batches.length) / SAMPLED_FRAMES)]?.['first_sequence'];
    const frame = frameOrNothing(frames, Number(batch));
    const count = frame ? frame.starts.length - 1 : 0;
    for (let nth = 0; frame && nth < Math.min(SAMPLED_LINES, count); nth++) {
      const line = lineOfFrame(frame, Math.floor((nth * count) / SAMPLED_LINES));
      if (line.length > LONGEST_SAMPLE) continue;
      lines.push(line);
      bytes += line.length + 1;
    }
  }
  const dictionary = Buffer.from(lines.join('\n')).subarray(0, DICTIONARY_BYTES);
  db.prepare('INSERT INTO dictionary VALUES (1, ?)').run(dictionary);
  return dictionary;
}

function frameOrNothing(frames: DayFrames, batch: number): ReturnType<DayFrames['open']> {
  try {
    return frames.open(batch);
  } catch {
    return undefined;
  }
}

/** Makes the parts of a text index one (SQLite FTS5, section 6.8). */
function* mergeIndex(db: DatabaseSync, table: 'words' | 'grams'): Generator<void> {
  const merge = db.prepare(`INSERT INTO ${table} (${table}, rank) VALUES ('merge', ?)`);
  const changes = () => Number(db.prepare('SELECT total_changes() AS n').get()?.['n']);
  let before = changes();
  merge.run(-STEP_PAGES);
  // Less than two changes: there was nothing left to merge.
  for (let after = changes(); after - before >= 2; after = changes()) {
    yield;
    before = after;
    merge.run(STEP_PAGES);
  }
}

function* vacuum(db: DatabaseSync): Generator<void> {
  const free = () => Number(db.prepare('PRAGMA freelist_count').get()?.['freelist_count']);
  for (let before = free(); before > 0; ) {
    db.exec(`PRAGMA incremental_vacuum(${STEP_PAGES})`);
    yield;
    const after = free();
    // A file from before there was compaction keeps its free pages, and fills them again.
    if (after >= before) return;
    before = after;
  }
}

function inTransaction(db: DatabaseSync, work: () => void): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    work();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
