import { fieldTexts } from '../field-values.ts';
import { stretches } from './aggregate.ts';
import type { Budget } from './budget.ts';
import { countSegments, type GiveCount } from './count-segments.ts';
import type { DayReader } from './day-reader.ts';
import type { IndexedField } from './indexed-field.ts';
import { readDocument } from './matches.ts';
import { withTally } from './row-tally.ts';
import type { Prefilter } from './sql.ts';

/** Is told of events of one interval: how many there are with these values. */
export type Take = (bucket: number, texts: readonly string[], events: number) => void;

/** What is counted, and in which intervals (milliseconds). */
export interface Counted {
  readonly field: string;
  readonly from: number;
  readonly to: number;
  readonly interval: number;
}

/** Layout of day files from which there are segments. */
const SEGMENTS_FROM = 2;

/**
 * Tells of the events of a day that satisfy a condition, by interval, how many there are with each value. Gives whether
 * all were seen.
 */
export function eachGroup(
  reader: DayReader,
  held: IndexedField,
  plan: Prefilter,
  counted: Counted,
  budget: Budget,
  take: Take,
): boolean {
  const extent = reader.extent();
  if (!extent) return true;
  const { field, from, interval } = counted;
  const values = held.valuesIn(reader);
  const end = Math.min(counted.to, extent.max + 1);
  const start = Math.max(from, extent.min);
  const unknown = new Set<number>();
  const give: GiveCount = (bucket, id, events) => {
    const texts = values(id);
    if (texts) take(bucket, texts, events);
    else unknown.add(id);
  };
  const whole =
    plan.test && reader.layout >= SEGMENTS_FROM
      ? countSegments(reader, held.place, plan.test, counted, budget, give)
      : countByTime(reader, held.column, plan.sql, { start, end, from, interval }, budget, give);
  if (unknown.size === 0) return whole;
  return (
    eachUnknown(reader, held.column, unknown, plan.sql, { field, start, end, from, interval }, budget, take) && whole
  );
}

/** Counts rows by interval, the newest stretch first: for files from before there were segments. */
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
  give: GiveCount,
): boolean {
  const counts = new Map<number, number>();
  let bucket = 0;
  const flush = () => {
    for (const [id, events] of counts) give(bucket, id, events);
    counts.clear();
  };
  // Within a stretch rows come by time: one interval is done before the next begins.
  const take = (ts: number, id: number) => {
    const at = Math.floor((ts - from) / interval);
    if (at !== bucket) {
      flush();
      bucket = at;
    }
    counts.set(id, (counts.get(id) ?? 0) + 1);
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
