import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RECORD_INDEXES } from '../record-kinds.ts';
import type { RecordKind } from '../record-store.ts';
import { syncFolder } from './layout.ts';

/** Version of the layout of `ops.db`. */
const OPS_VERSION = 1;

/** Path of the records' file. */
export function opsFile(folder: string): string {
  return join(folder, 'ops.db');
}

/** Opens the records, and brings tables and indexes to what `RECORD_INDEXES` says now. */
export function openOps(folder: string): DatabaseSync {
  const db = new DatabaseSync(opsFile(folder), { timeout: 5_000 });
  try {
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    // A short log: what the reserve frees must be enough to bring all of it into the file.
    db.exec('PRAGMA wal_autocheckpoint = 500');
    db.exec('PRAGMA journal_size_limit = 4194304');
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > OPS_VERSION) {
      throw new Error(`ops.db has layout ${version}, newer than ${OPS_VERSION}; use a newer program.`);
    }
    db.exec('BEGIN IMMEDIATE');
    makeTables(db);
    db.exec(`PRAGMA user_version = ${OPS_VERSION}`);
    db.exec('COMMIT');
    if (version === 0) syncFolder(folder);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function makeTables(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT OR IGNORE INTO counter VALUES ('change', 0), ('detection', 0);
    CREATE TABLE IF NOT EXISTS signal (
      rule TEXT NOT NULL,
      "group" TEXT NOT NULL,
      second INTEGER NOT NULL,
      batch INTEGER NOT NULL,
      count INTEGER NOT NULL,
      detail TEXT NOT NULL,
      PRIMARY KEY (rule, "group", second, batch)
    ) WITHOUT ROWID;
  `);
  for (const kind of Object.keys(RECORD_INDEXES) as RecordKind[]) makeKind(db, kind);
}

/** One table a kind: the fields to filter and sort by as columns before the document, so that scans stay narrow. */
function makeKind(db: DatabaseSync, kind: RecordKind): void {
  const table = tableOf(kind);
  db.exec(`CREATE TABLE IF NOT EXISTS ${table} (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, change INTEGER NOT NULL, document TEXT NOT NULL)`);
  db.exec(`CREATE UNIQUE INDEX IF NOT EXISTS ${quoted(`${kind} change`)} ON ${table} (change)`);
  const present = new Set(
    db
      .prepare(`SELECT name FROM pragma_table_info(?)`)
      .all(`record ${kind}`)
      .map((row) => String(row['name'])),
  );
  for (const field of RECORD_INDEXES[kind]) {
    const column = columnOf(field);
    if (!present.has(`field ${field}`)) {
      db.exec(`ALTER TABLE ${table} ADD COLUMN ${column}`);
      db.exec(`UPDATE ${table} SET ${column} = json_extract(document, '$.${field}')`);
    }
    db.exec(`CREATE INDEX IF NOT EXISTS ${quoted(`${kind} ${field}`)} ON ${table} (${column}, id)`);
  }
}

function quoted(name: string): string {
  return `"${name}"`;
}

/** Table of a kind. */
export function tableOf(kind: RecordKind): string {
  return quoted(`record ${kind}`);
}

/** Column of an indexed field. */
export function columnOf(field: string): string {
  return quoted(`field ${field}`);
}
