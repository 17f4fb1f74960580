import { closeSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FRAME_TABLES } from './day-frames.ts';
import { GRAM_TABLE, MIGRATIONS } from './migrations.ts';
import { ROLL_UP_TABLES } from './roll-ups.ts';
import { SEGMENT_TABLES } from './segments.ts';

/** Version of a day file's layout; a higher one in a file means a newer program wrote it. */
export const LAYOUT_VERSION = 4;

/** Folder of the day files within the store's folder. */
export const EVENTS_FOLDER = 'events';
/** Folder to which unreadable day files are moved. */
export const DAMAGED_FOLDER = 'damaged';

/**
 * One file a day of event ids.
 * - `batch`: one row for each frame that brought something new.
 * - `frame`, `packed`, `dictionary`: the frames, as they were sent or repacked (`day-frames.ts`).
 * - `event`: one narrow row an event, which says that it is there; the document is line `line` of the frame of the batch
 *   around its sequence.
 * - `segment`, `segment_column`: the numbers of events by columns, to search and count by (`segments.ts`).
 * - `roll_up`, `roll_up_part`: counts of long stretches of segments (`roll-ups.ts`).
 * - `shape`, `term`: dictionaries of the values behind these numbers.
 * - `words`: the word index, without content of its own: a row has the words of the events that follow the sequence that
 *   is its number, less than `BLOCK` from it.
 * - `grams`: the same of three characters at a time, of the texts that are searched inside words (`GRAM_FIELDS`).
 * - `dead_letter`: lines that are no events, with the reason.
 */
const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE batch (
  first_sequence INTEGER PRIMARY KEY,
  last_sequence INTEGER NOT NULL,
  stream TEXT NOT NULL,
  frame_first INTEGER NOT NULL,
  frame_last INTEGER NOT NULL,
  agency TEXT NOT NULL,
  collector TEXT NOT NULL,
  received_at TEXT NOT NULL,
  sources TEXT NOT NULL,
  lines BLOB,
  min_ts INTEGER NOT NULL,
  max_ts INTEGER NOT NULL
);
CREATE INDEX batch_stream ON batch (stream, frame_last);
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY,
  line INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  shape INTEGER NOT NULL
);
CREATE TABLE shape (id INTEGER PRIMARY KEY, fields TEXT NOT NULL);
CREATE TABLE term (field INTEGER NOT NULL, id INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (field, id)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(text, content='', detail=none, columnsize=0, tokenize='ascii');
CREATE TABLE dead_letter (
  stream TEXT NOT NULL,
  frame_sequence INTEGER NOT NULL,
  agency TEXT NOT NULL,
  collector TEXT NOT NULL,
  source TEXT NOT NULL,
  at TEXT NOT NULL,
  reason TEXT NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (stream, frame_sequence)
) WITHOUT ROWID;
${FRAME_TABLES}${SEGMENT_TABLES}${ROLL_UP_TABLES}${GRAM_TABLE}
PRAGMA user_version = ${LAYOUT_VERSION};
`;

/** Path of a day's file. */
export function dayFile(folder: string, day: string): string {
  return join(folder, EVENTS_FOLDER, `${day}.db`);
}

/** Opens a day file for writing, making it where it is new. Each commit is durable when it returns (`synchronous=FULL`). */
export function openDayForWriting(folder: string, day: string): DatabaseSync {
  const db = new DatabaseSync(dayFile(folder, day), { timeout: 5_000 });
  try {
    db.exec('PRAGMA page_size = 4096');
    // Compaction gives space back step by step.
    db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec('PRAGMA wal_autocheckpoint = 8000');
    db.exec('PRAGMA journal_size_limit = 67108864');
    db.exec('PRAGMA cache_size = -65536');
    db.exec('PRAGMA temp_store = MEMORY');
    if (layoutVersion(db) === 0) {
      db.exec(`BEGIN IMMEDIATE;${SCHEMA}COMMIT;`);
      db.exec("INSERT INTO words (words, rank) VALUES ('automerge', 8)");
      db.exec("INSERT INTO words (words, rank) VALUES ('hashsize', 8388608)");
      syncFolder(join(folder, EVENTS_FOLDER));
    }
    assertLayout(db, day);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Brings an older file to today's layout, all of it or nothing. */
function migrate(db: DatabaseSync): void {
  for (let version = layoutVersion(db); version < LAYOUT_VERSION; version++) {
    db.exec('BEGIN IMMEDIATE');
    MIGRATIONS[version]?.(db);
    db.exec(`PRAGMA user_version = ${version + 1};COMMIT;`);
  }
}

/** Opens a day file for reading; undefined where its layout is not there yet. */
export function openDayForReading(folder: string, day: string): DatabaseSync | undefined {
  const db = new DatabaseSync(dayFile(folder, day), { readOnly: true, timeout: 5_000 });
  try {
    db.exec('PRAGMA cache_size = -32768');
    db.exec('PRAGMA temp_store = MEMORY');
    if (layoutVersion(db) === 0) {
      db.close();
      return undefined;
    }
    const version = layoutVersion(db);
    if (version < LAYOUT_VERSION) {
      throw new Error(
        `The day file ${day}.db has layout ${version}; start the server once, which brings it to ${LAYOUT_VERSION}.`,
      );
    }
    assertLayout(db, day);
    return db;
  } catch (error) {
    if (db.isOpen) db.close();
    throw error;
  }
}

/** Version of an open file's layout; 0 where it has none yet. */
export function layoutVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

function assertLayout(db: DatabaseSync, day: string): void {
  const version = layoutVersion(db);
  if (version > LAYOUT_VERSION) {
    throw new Error(`The day file ${day}.db has layout ${version}, newer than ${LAYOUT_VERSION}; use a newer program.`);
  }
}

/** Makes names in a folder durable. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** What went wrong in SQLite or under it, as far as the store acts on it. */
export type Failure = 'full' | 'damaged' | 'other';

/** Tells a full disk and a damaged file from other failures (SQLite result codes). */
export function failureOf(error: unknown): Failure {
  const { errcode, code } = (error ?? {}) as { errcode?: number; code?: string };
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  if (errcode === undefined) return 'other';
  const primary = errcode & 0xff;
  if (primary === 13) return 'full';
  if (primary === 11 || primary === 26) return 'damaged';
  // A write that fails (IOERR_WRITE, _FSYNC, _SHMSIZE, …) is a disk without space or worse: collectors hold either way.
  return primary === 10 ? 'full' : 'other';
}
