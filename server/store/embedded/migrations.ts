import type { DatabaseSync } from 'node:sqlite';
import { PACKED_TABLES } from './day-frames.ts';
import { COLUMN_FIELDS } from './fields.ts';
import { ROLL_UP_TABLES } from './roll-ups.ts';
import { SegmentWriter } from './segment-writer.ts';
import { SEGMENT_TABLES, WHOLE_SEGMENT } from './segments.ts';

/** The index of parts of words. */
export const GRAM_TABLE = `
CREATE VIRTUAL TABLE grams USING fts5(text, content='', detail=none, columnsize=0, tokenize='trigram');
`;

/** By the version it comes from, what makes a day file the next version. */
export const MIGRATIONS: Readonly<Record<number, (db: DatabaseSync) => void>> = {
  1: (db) => {
    db.exec(GRAM_TABLE);
    // Texts of the events before are in their frames alone, so the index cannot say that one is nowhere.
    db.exec("INSERT INTO meta VALUES ('grams_missing', 1)");
  },
  2: (db) => {
    db.exec(`DROP TABLE IF EXISTS segment;${SEGMENT_TABLES}${ROLL_UP_TABLES}${PACKED_TABLES}`);
    fillSegments(db);
    db.exec(`
      CREATE TABLE narrow (
        sequence INTEGER PRIMARY KEY, line INTEGER NOT NULL, ts INTEGER NOT NULL, shape INTEGER NOT NULL
      );
      INSERT INTO narrow SELECT sequence, line, ts, shape FROM event ORDER BY sequence;
      DROP TABLE event;
      ALTER TABLE narrow RENAME TO event;
      INSERT INTO meta VALUES ('columns_not_in_words', 1);`);
  },
  // What was compacted already is gone over once more, which makes its roll-ups.
  3: (db) => db.exec(`${ROLL_UP_TABLES}DELETE FROM meta WHERE key = 'compacted_to';`),
};

/** Makes the segments of a file whose events had their numbers in rows. */
function fillSegments(db: DatabaseSync): void {
  const writer = new SegmentWriter(db);
  const names = COLUMN_FIELDS.map(({ column }) => column).join(', ');
  const rows = db.prepare(`SELECT sequence, ts, shape, ${names} FROM event NOT INDEXED ORDER BY sequence`);
  rows.setReturnArrays(true);
  let gathered = 0;
  for (const row of rows.iterate() as Iterable<unknown>) {
    const [sequence, ts, ...numbers] = row as [number, number, ...number[]];
    writer.add(sequence, ts, numbers);
    if (++gathered % WHOLE_SEGMENT !== 0) continue;
    writer.write();
    writer.commit();
  }
  writer.write();
}
