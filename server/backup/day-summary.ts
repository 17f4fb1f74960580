import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { BackupDay } from './schema.ts';

/** Counts what the copy of a day file holds, without leaving a trace beside it. */
export function summarizeDay(file: string, day: string): BackupDay {
  // Immutable: nothing else writes to a copy, and opening it in the usual way would put a log file beside it.
  const db = new DatabaseSync(`${pathToFileURL(file).href}?immutable=1`, { readOnly: true });
  try {
    const marks: Record<string, number> = {};
    const totals = { batches: 0, firstSequence: 0, lastSequence: 0 };
    const streams = db.prepare(`
      SELECT stream, max(frame_last) AS last, count(*) AS batches, min(first_sequence) AS low, max(last_sequence) AS high
      FROM batch GROUP BY stream ORDER BY stream`);
    for (const row of streams.iterate()) {
      marks[String(row['stream'])] = Number(row['last']);
      totals.batches += Number(row['batches']);
      const low = Number(row['low']);
      totals.firstSequence = totals.firstSequence === 0 ? low : Math.min(totals.firstSequence, low);
      totals.lastSequence = Math.max(totals.lastSequence, Number(row['high']));
    }
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
    return { day, events: count('event'), deadLetters: count('dead_letter'), ...totals, marks };
  } finally {
    db.close();
  }
}
