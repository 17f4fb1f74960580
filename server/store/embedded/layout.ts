import { closeSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { COLUMN_FIELDS } from './fields.ts';
import { fillSegments, SEGMENT_TABLE } from './segments.ts';

/** Version of a day file's layout; a higher one in a file means a newer program wrote it. */
export const LAYOUT_VERSION = 2;

/** Folder of the day files within the store's folder. */
export const EVENTS_FOLDER = 'events';
/** Folder to which unreadable day files are moved. */
export const DAMAGED_FOLDER = 'damaged';

const columns = COLUMN_FIELDS.map(({ column }) => `${column} INTEGER NOT NULL`).join(', ');

const GRAM_TABLE = `
CREATE VIRTUAL TABLE grams USING fts5(text, content='', detail=none, columnsize=0, tokenize='trigram');
`;

/**
 * One file a day of event ids.
 * - `batch`: one row for each frame that brought something new, `frame` its bytes as the collector sent them.
 * - `event`: one narrow row an event; the document is line `line` of the frame of the batch around its sequence.
 * - `shape`, `term`: dictionaries of the values in `event`'s columns.
 * - `words`: the word index, without content of its own.
 * - `grams`: three characters at a time of the texts that are searched inside words (`GRAM_FIELDS`), for up to
 *   \`GRAM_BLOCK\` events from the sequence that is its row.
 * - `segment`: the numbers of `event` by columns, to count over (`segments.ts`).
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
CREATE TABLE frame (first_sequence INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY,
  line INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  shape INTEGER NOT NULL,
  ${columns}
);
CREATE INDEX event_ts ON event (ts, shape);
CREATE INDEX event_source_ip ON event (source_ip) WHERE source_ip > 0;
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
${SEGMENT_TABLE}${GRAM_TABLE}
PRAGMA user_version = ${LAYOUT_VERSION};
`;

/** By the version it comes from, what makes a file the next version. */
const MIGRATIONS: Readonly<Record<number, (db: DatabaseSync) => void>> = {
  1: (db) => {
    db.exec(`${SEGMENT_TABLE}${GRAM_TABLE}`);
    fillSegments(db);
    // Texts of the events before are in their frames alone, so the index cannot say that one is nowhere.
    db.exec("INSERT INTO meta VALUES ('grams_missing', 1)");
  },
};

/** Path of a day's file. */
export function dayFile(folder: string, day: string): string {
  return join(folder, EVENTS_FOLDER, `${day}.db`);
}

/** Opens a day file for writing, making it where it is new. Each commit is durable when it returns (`synchronous=FULL`). */
export function openDayForWriting(folder: string, day: string): DatabaseSync {
  const db = new DatabaseSync(dayFile(folder, day), { timeout: 5_000 });
  try {
    db.exec('PRAGMA page_size = 4096');
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
