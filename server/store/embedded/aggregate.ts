import type { Condition } from '../../../rules/query/condition.ts';
import type { Histogram, SearchStop } from '../event-store.ts';
import { intervalsOf, rangeOf, scoped } from '../question.ts';
import { Budget } from './budget.ts';
import type { Intervals } from './count-segments.ts';
import type { DayReader } from './day-reader.ts';
import { Matches } from './matches.ts';
import type { CountCall, HistogramCall } from './read-calls.ts';
import type { RowTest } from './row-test.ts';
import { within } from './search.ts';
import { segmentsOf } from './segments.ts';
import { prefilter } from './sql.ts';

/** Rows counted by one statement, so that a stop is noticed between. */
const STRETCH = 250_000;

/** How many events satisfy a condition. */
export function count(readers: readonly DayReader[], call: CountCall): { count: number; complete: boolean } {
  const { from, to } = rangeOf(call.query.range);
  const buckets = new Map<number, number>();
  const { complete } = tally(readers, call, { from, to, interval: Math.max(1, to - from) }, buckets);
  return { count: buckets.get(0) ?? 0, complete };
}

/** Counts by interval of time; every interval of the range is there, the first starts with the range. */
export function histogram(readers: readonly DayReader[], call: HistogramCall): Histogram {
  const { from, to, interval, length } = intervalsOf(call.query);
  const counts = new Map<number, number>();
  const { complete, stopped } = tally(readers, call, { from, to, interval }, counts);
  const buckets = Array.from({ length }, (_, index) => ({
    start: new Date(from + index * interval).toISOString(),
    count: counts.get(index) ?? 0,
  }));
  return { buckets, total: buckets.reduce((sum, bucket) => sum + bucket.count, 0), complete, stopped };
}

function tally(
  readers: readonly DayReader[],
  call: CountCall,
  intervals: Intervals,
  into: Map<number, number>,
): { readonly complete: boolean; readonly stopped: SearchStop | undefined } {
  const budget = new Budget(call.limits, call.stop);
  const condition = scoped(call.query.condition, call.scope);
  const days = within(readers, intervals.from, intervals.to - 1);
  let complete = true;
  for (const [at, reader] of days.entries()) {
    budget.watch(() => at / days.length);
    const plan = prefilter(condition, reader.dictionary);
    const exact = plan.exact && plan.words === undefined;
    const whole =
      exact && plan.test && reader.layout >= 2
        ? tallySegments(reader, plan.test, intervals, budget, into)
        : exact
          ? tallyRows(reader, plan.sql, intervals, budget, into)
          : tallyMatches(reader, condition, intervals, budget, into);
    complete &&= whole;
  }
  return { complete, stopped: complete ? undefined : budget.stopped };
}

function tallyMatches(
  reader: DayReader,
  condition: Condition,
  { from, to, interval }: Intervals,
  budget: Budget,
  into: Map<number, number>,
): boolean {
  const below = { ts: to - 1, sequence: Number.MAX_SAFE_INTEGER };
  const matches = new Matches([reader], condition, from, below, budget);
  for (const { ts } of matches.walk()) add(into, Math.floor((ts - from) / interval), 1);
  return matches.done;
}

function tallyRows(
  reader: DayReader,
  sql: string,
  { from, to, interval }: Intervals,
  budget: Budget,
  into: Map<number, number>,
): boolean {
  const extent = reader.extent();
  if (!extent || sql === '0') return true;
  const statement = reader.db.prepare(
    `SELECT count(*) AS n FROM event INDEXED BY event_ts WHERE ts >= ? AND ts < ? AND (${sql})`,
  );
  const end = Math.min(to, extent.max + 1);
  for (const [start, stop] of stretches(reader, Math.max(from, extent.min), end, from, interval)) {
    if (budget.spent()) return false;
    const found = Number(statement.get(start, stop)?.['n']);
    budget.rows(found);
    if (found > 0) add(into, Math.floor((start - from) / interval), found);
  }
  return true;
}

function tallySegments(
  reader: DayReader,
  test: RowTest,
  { from, to, interval }: Intervals,
  budget: Budget,
  into: Map<number, number>,
): boolean {
  let bucket = 0;
  let found = 0;
  for (const segment of segmentsOf(reader.db, from, to)) {
    if (budget.spent()) return false;
    budget.rows(segment.length);
    const inside = segment.minTs >= from && segment.maxTs < to;
    for (let at = 0; at < segment.length; at++) {
      const ts = segment.ts(at);
      if (!inside && (ts < from || ts >= to)) continue;
      if (!test(segment, at)) continue;
      const own = Math.floor((ts - from) / interval);
      if (own !== bucket) {
        if (found > 0) add(into, bucket, found);
        bucket = own;
        found = 0;
      }
      found++;
    }
  }
  if (found > 0) add(into, bucket, found);
  return true;
}

/** Cuts a time range at the buckets' edges, and where more than `STRETCH` rows lie between them. */
export function* stretches(
  reader: DayReader,
  start: number,
  end: number,
  origin: number,
  interval: number,
): Generator<readonly [number, number]> {
  const edge = reader.statement('SELECT ts FROM event WHERE ts >= ? AND ts < ? ORDER BY ts LIMIT 1 OFFSET ?');
  for (let at = start; at < end; ) {
    const bucketEnd = origin + (Math.floor((at - origin) / interval) + 1) * interval;
    const found = edge.get(at, Math.min(end, bucketEnd), STRETCH)?.['ts'];
    const next = typeof found === 'number' ? Math.max(found, at + 1) : Math.min(end, bucketEnd);
    yield [at, next];
    at = next;
  }
}

function add(into: Map<number, number>, bucket: number, count: number): void {
  into.set(bucket, (into.get(bucket) ?? 0) + count);
}
