import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Version of the layout of `taxii.db`. */
const LAYOUT = 2;

/**
 * Opens, or makes, the file of the TAXII server. `added` and `version` are microseconds, `spec` is 20 or 21. An object is
 * `current` unless a later version of it, in the same specification, came with it or after it: what is asked for by
 * default is found among those alone. `space` keeps apart what accounts that cannot read put into one collection.
 */
export function openDatabase(file: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(file, { timeout: 30_000 });
  try {
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec('PRAGMA cache_size = -32768');
    db.exec('PRAGMA journal_size_limit = 67108864');
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > LAYOUT) throw new Error(`taxii.db has layout ${version}, newer than ${LAYOUT}; use a newer program.`);
    if (version === 0) db.exec(`BEGIN IMMEDIATE; ${TABLES} PRAGMA user_version = ${LAYOUT}; COMMIT`);
    if (version === 1) db.exec(`BEGIN IMMEDIATE; ${TO_LAYOUT_2} PRAGMA user_version = 2; COMMIT`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const TO_LAYOUT_2 = "ALTER TABLE account ADD COLUMN certificates TEXT NOT NULL DEFAULT '[]';";

const TABLES = `
  CREATE TABLE IF NOT EXISTS discovery (only INTEGER PRIMARY KEY CHECK (only = 1), document TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS root (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, document TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS collection (
    number INTEGER PRIMARY KEY, root TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL, UNIQUE (root, id));
  CREATE TABLE IF NOT EXISTS account (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL, loopback INTEGER NOT NULL,
    disabled INTEGER NOT NULL, certificates TEXT NOT NULL DEFAULT '[]');
  CREATE TABLE IF NOT EXISTS status (
    id TEXT NOT NULL, root TEXT NOT NULL, account INTEGER NOT NULL, at INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (root, id));
  CREATE INDEX IF NOT EXISTS status_at ON status (at);
  CREATE TABLE IF NOT EXISTS object (
    sequence INTEGER PRIMARY KEY, collection INTEGER NOT NULL, space INTEGER NOT NULL, id TEXT NOT NULL,
    type TEXT NOT NULL, spec INTEGER NOT NULL, version INTEGER NOT NULL, version_text TEXT NOT NULL,
    added INTEGER NOT NULL, current INTEGER NOT NULL, owner INTEGER NOT NULL, document TEXT NOT NULL);
  CREATE UNIQUE INDEX IF NOT EXISTS object_id ON object (collection, id, space, spec, version);
  CREATE INDEX IF NOT EXISTS object_added ON object (collection, added, sequence, spec);
  CREATE INDEX IF NOT EXISTS object_current ON object (collection, added, sequence, spec) WHERE current = 1;
  CREATE INDEX IF NOT EXISTS object_type ON object (collection, type, added, sequence, spec, current);
  CREATE INDEX IF NOT EXISTS object_version ON object (collection, version, added, sequence, spec);
`;
