import type { Histogram, SearchStop } from '../event-store.ts';
import { intervalsOf, rangeOf, scoped } from '../question.ts';
import { Budget } from './budget.ts';
import { countSegments, type Intervals } from './count-segments.ts';
import type { DayReader } from './day-reader.ts';
import { Matches } from './matches.ts';
import { planOf } from './plan.ts';
import type { CountCall, HistogramCall } from './read-calls.ts';
import { within } from './search.ts';

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
  const { from, to, interval } = intervals;
  const budget = new Budget(call.limits, call.stop);
  const condition = scoped(call.query.condition, call.scope);
  const days = within(readers, from, to - 1);
  const add = (bucket: number, events: number) => into.set(bucket, (into.get(bucket) ?? 0) + events);
  let complete = true;
  for (const [at, reader] of days.entries()) {
    budget.watch(() => at / days.length);
    const plan = planOf(condition, reader.dictionary);
    if (plan.exact) {
      const whole = countSegments(reader, undefined, plan, intervals, budget, (bucket, _, events) =>
        add(bucket, events),
      );
      complete &&= whole;
      continue;
    }
    const below = { ts: to - 1, sequence: Number.MAX_SAFE_INTEGER };
    const matches = new Matches([reader], condition, from, below, budget);
    for (const { ts } of matches.walk()) add(Math.floor((ts - from) / interval), 1);
    complete &&= matches.done;
  }
  return { complete, stopped: complete ? undefined : budget.stopped };
}
