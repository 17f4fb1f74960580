import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { CompactedDay } from '../event-store.ts';
import { type DecodedFrame, lineOfFrame } from '../frame.ts';
import { bytesOfDay } from './day-files.ts';
import { DayFrames, packFrame } from './day-frames.ts';
import { inTransaction } from './in-transaction.ts';
import { dayFile, failureOf, openDayForWriting } from './layout.ts';
import { mergeSegments } from './merge-segments.ts';
import { rollUpSegments } from './roll-up-segments.ts';

/** Bytes of the lines that pieces are packed with; with more, packing takes longer than it saves. */
const DICTIONARY_BYTES = 256 * 1024;
/** Frames of which lines are taken for it, lines in all, and the longest line taken. */
const SAMPLED_FRAMES = 100;
const SAMPLED_LINES = 400;
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
 * file, so that it may be cut anywhere and readers and writers go on. Undefined where nothing was to be done. With
 * `columns` only segments are made large and counted, for a day that may still grow: undefined as well.
 */
export async function compactDay(
  folder: string,
  day: string,
  breathe: Breathe,
  part: 'all' | 'columns' = 'all',
): Promise<CompactedDay | undefined> {
  if (!existsSync(dayFile(folder, day))) return undefined;
  const db = openDayForWriting(folder, day);
  try {
    const columns = [mergeSegments(db), rollUpSegments(db)];
    if (part === 'columns') {
      await go(columns, breathe);
      return undefined;
    }
    const last = Number(db.prepare('SELECT max(last_sequence) AS last FROM batch').get()?.['last'] ?? 0);
    if (compactedTo(db) >= last) return undefined;
    const bytesBefore = bytesOfDay(folder, day);
    const steps = [packFrames(db, last), ...columns, mergeIndex(db, 'words'), mergeIndex(db, 'grams')];
    if (!(await go([...steps, mark(db, last), vacuum(db)], breathe))) return undefined;
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return { day, bytesBefore, bytesAfter: bytesOfDay(folder, day) };
  } finally {
    db.close();
  }
}

/** Takes all steps, one after the other; false where it was cut short. */
async function go(steps: readonly Iterable<void>[], breathe: Breathe): Promise<boolean> {
  for (const step of steps) {
    for (const _ of step) if (!(await breathe())) return false;
  }
  return true;
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
  const insert = db.prepare('INSERT INTO packed VALUES (?, ?, ?)');
  const forget = db.prepare('DELETE FROM frame WHERE first_sequence = ?');
  const dictionary = dictionaryOf(db, frames);
  let after = 0;
  for (;;) {
    const batches = next.all(after, last).map((row) => Number(row['first_sequence']));
    if (batches.length === 0) return;
    after = batches.at(-1) as number;
    const packed = batches.flatMap((batch) => {
      const frame = frameOrNothing(frames, batch);
      return frame ? [{ batch, ...packFrame(frame, dictionary) }] : [];
    });
    inTransaction(db, () => {
      for (const { batch, places, body } of packed) {
        insert.run(batch, places, body);
        forget.run(batch);
      }
    });
    yield;
  }
}

/** The day's dictionary; made of lines from all over the day where there is none yet. */
function dictionaryOf(db: DatabaseSync, frames: DayFrames): Buffer {
  const known = db.prepare('SELECT body FROM dictionary').get()?.['body'];
  if (known instanceof Uint8Array) return Buffer.from(known);
  const batches = db.prepare('SELECT first_sequence FROM frame').all();
  const sampled = Math.min(SAMPLED_FRAMES, batches.length);
  const lines = new Set<string>();
  for (let nth = 0; nth < sampled; nth++) {
    const batch = batches[Math.floor((nth * batches.length) / sampled)]?.['first_sequence'];
    const frame = frameOrNothing(frames, Number(batch));
    if (frame) addSamples(lines, frame, Math.ceil(SAMPLED_LINES / sampled));
  }
  const dictionary = Buffer.from([...lines].join('\n')).subarray(0, DICTIONARY_BYTES);
  db.prepare('INSERT INTO dictionary VALUES (1, ?)').run(dictionary);
  return dictionary;
}

function addSamples(lines: Set<string>, frame: DecodedFrame, most: number): void {
  const count = frame.starts.length - 1;
  for (let nth = 0; nth < Math.min(most, count); nth++) {
    const line = lineOfFrame(frame, Math.floor((nth * count) / most));
    if (line.length <= LONGEST_SAMPLE) lines.add(line);
  }
}

/** Undefined for a frame that cannot be opened: it stays as it is, for `haidang verify` to name. */
function frameOrNothing(frames: DayFrames, batch: number): DecodedFrame | undefined {
  try {
    return frames.open(batch);
  } catch (error) {
    if (failureOf(error) !== 'other') throw error;
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
