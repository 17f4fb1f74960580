import { fieldTexts } from '../field-values.ts';
import { stretches } from './aggregate.ts';
import type { Budget } from './budget.ts';
import { countsOf, forgetOldest } from './day-counts.ts';
import type { DayReader } from './day-reader.ts';
import type { IndexedField } from './indexed-field.ts';
import { readDocument } from './matches.ts';
import { withTally } from './row-tally.ts';

/** Is told of events of one interval: how many there are with these values. */
export type Take = (bucket: number, texts: readonly string[], events: number) => void;

/** What is counted, and in which intervals (milliseconds). */
export interface Counted {
  readonly field: string;
  readonly from: number;
  readonly to: number;
  readonly interval: number;
}

/** Rows gone through by one statement, so that a stop is noticed between. */
const STRETCH = 250_000;

/**
 * Goes through the rows of a day and tells how many there are with each value, by interval. Gives whether all were seen.
 */
export function eachGroup(
  reader: DayReader,
  held: IndexedField,
  sql: string,
  { field, from, to, interval }: Counted,
  budget: Budget,
  take: Take,
): boolean {
  const extent = reader.extent();
  if (!extent) return true;
  const values = held.valuesIn(reader);
  const end = Math.min(to, extent.max + 1);
  const start = Math.max(from, extent.min);
  const unknown = new Set<number>();
  const give = (bucket: number, counts: ReadonlyMap<number, number>) => {
    for (const [id, events] of counts) {
      const texts = values(id);
      if (texts) take(bucket, texts, events);
      else unknown.add(id);
    }
  };
  const isWholeDay = interval >= to - from && start <= extent.min && end > extent.max;
  const whole = isWholeDay
    ? countDay(reader, held.column, sql, budget, (counts) => give(0, counts))
    : countByTime(reader, held.column, sql, { start, end, from, interval }, budget, give);
  if (unknown.size === 0) return whole;
  return eachUnknown(reader, held.column, unknown, sql, { field, start, end, from, interval }, budget, take) && whole;
}

/** Counts all rows of a day as they lie in the file; those that were counted before are remembered. */
function countDay(
  reader: DayReader,
  column: string,
  sql: string,
  budget: Budget,
  give: (counts: ReadonlyMap<number, number>) => void,
): boolean {
  const { db } = reader;
  const span = db.prepare('SELECT min(sequence) AS first, max(sequence) AS last FROM event').get();
  const last = Number(span?.['last'] ?? 0);
  const known = countsOf(reader, column, sql);
  const stretch = new Map<number, number>();
  const statement = `SELECT tally(ts, ${column}) FROM event NOT INDEXED WHERE sequence >= ? AND sequence < ? AND (${sql})`;
  const whole = withTally(
    db,
    statement,
    (_, id) => add(stretch, id, 1),
    (rows) => {
      for (let at = Math.max(known.next, Number(span?.['first'] ?? 1)); at <= last; at += STRETCH) {
        if (budget.spent()) return false;
        const next = Math.min(at + STRETCH, last + 1);
        stretch.clear();
        rows.get(at, next);
        // A stretch that failed on its way must not be remembered by half.
        for (const [id, count] of stretch) add(known.counts, id, count);
        known.next = next;
        budget.rows(next - at);
      }
      return true;
    },
  );
  give(known.counts);
  forgetOldest();
  return whole;
}

/** Counts rows by interval, the newest stretch first. */
function countByTime(
  reader: DayReader,
  column: string,
  sql: string,
  {
    start,
    end,
    from,
    interval,
  }: { readonly start: number; readonly end: number; readonly from: number; readonly interval: number },
  budget: Budget,
  give: (bucket: number, counts: ReadonlyMap<number, number>) => void,
): boolean {
  const counts = new Map<number, number>();
  let bucket = 0;
  const flush = () => {
    give(bucket, counts);
    counts.clear();
  };
  // Within a stretch rows come by time: one interval is done before the next begins.
  const take = (ts: number, id: number) => {
    const at = Math.floor((ts - from) / interval);
    if (at !== bucket) {
      flush();
      bucket = at;
    }
    add(counts, id, 1);
  };
  const statement = `SELECT tally(ts, ${column}) FROM event INDEXED BY event_ts WHERE ts >= ? AND ts < ? AND (${sql})`;
  return withTally(reader.db, statement, take, (rows) => {
    for (const [lo, hi] of [...stretches(reader, start, end, start, Math.max(1, end - start))].reverse()) {
      if (budget.spent()) return false;
      rows.get(lo, hi);
      for (const count of counts.values()) budget.rows(count);
      flush();
    }
    return true;
  });
}

function add(counts: Map<number, number>, id: number, count: number): void {
  counts.set(id, (counts.get(id) ?? 0) + count);
}

/** What the dictionary cannot hold is read from the documents. */
function eachUnknown(
  reader: DayReader,
  column: string,
  ids: ReadonlySet<number>,
  sql: string,
  at: {
    readonly field: string;
    readonly start: number;
    readonly end: number;
    readonly from: number;
    readonly interval: number;
  },
  budget: Budget,
  take: Take,
): boolean {
  const rows = reader.db.prepare(
    `SELECT ts, sequence, line FROM event INDEXED BY event_ts
      WHERE ts >= ? AND ts < ? AND (${sql}) AND ${column} IN (${[...ids].join(',')}) ORDER BY ts DESC`,
  );
  rows.setReturnArrays(true);
  for (const row of rows.iterate(at.start, at.end) as Iterable<unknown>) {
    const [ts, sequence, line] = row as readonly [number, number, number];
    const document = readDocument(reader, sequence, line);
    if (document) take(Math.floor((ts - at.from) / at.interval), fieldTexts(document, at.field), 1);
    if (budget.document()) return false;
  }
  return true;
}
