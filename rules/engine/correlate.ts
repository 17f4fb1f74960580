import { type Measured, measureOf, type SecondCount } from './measure.ts';

/** A stretch of event time that satisfies a correlation: its first and last second with matches, and how many. */
export interface CorrelationInterval {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** What `correlate` needs of a rule. */
export type CorrelationWindow = { readonly timespanSeconds: number } & Measured;

/** Sorted, each second once, nothing without matches. */
export function sortedBySecond(entries: readonly SecondCount[]): SecondCount[] {
  const bySecond = new Map<number, SecondCount>();
  for (const entry of entries) {
    const [second, count, values] = entry;
    if (count <= 0) continue;
    const known = bySecond.get(second);
    if (!known) bySecond.set(second, entry);
    else bySecond.set(second, [second, known[1] + count, [...(known[2] ?? []), ...(values ?? [])]]);
  }
  return [...bySecond.values()].sort(([left], [right]) => left - right);
}

/**
 * The union of all satisfying windows, as ranges of seconds with both ends included. A window that starts at s holds the
 * seconds s to s + timespan - 1. Its count changes only where a second enters (s = second - timespan + 1) or has left
 * (s = second + 1), so the starts between two such changes are taken together: time is linear in the seconds.
 */
function satisfyingRanges(counts: readonly SecondCount[], window: CorrelationWindow): [number, number][] {
  const span = window.timespanSeconds;
  const ranges: [number, number][] = [];
  let entering = 0;
  let leaving = 0;
  const inside = measureOf(window, counts);
  while (leaving < counts.length) {
    const enters = (counts[entering]?.[0] ?? Number.POSITIVE_INFINITY) - span + 1;
    const leaves = (counts[leaving]?.[0] ?? Number.POSITIVE_INFINITY) + 1;
    const start = Math.min(enters, leaves);
    while ((counts[entering]?.[0] ?? Number.POSITIVE_INFINITY) - span + 1 === start)
      inside.enter(counts[entering++] as SecondCount);
    while ((counts[leaving]?.[0] ?? Number.POSITIVE_INFINITY) + 1 === start)
      inside.leave(counts[leaving++] as SecondCount);
    if (!inside.holds()) continue;
    const next = Math.min(
      (counts[entering]?.[0] ?? Number.POSITIVE_INFINITY) - span + 1,
      (counts[leaving]?.[0] ?? Number.POSITIVE_INFINITY) + 1,
    );
    const end = next - 1 + span - 1;
    const last = ranges[ranges.length - 1];
    if (last && start <= last[1] + 1) last[1] = Math.max(last[1], end);
    else ranges.push([start, end]);
  }
  return ranges;
}

/**
 * `event_count`, `value_count`, `value_sum`, `value_avg` and `value_percentile` over the matches of one group (Sigma 2.1,
 * *Correlation Types*), by event time alone: the order in which matches arrived changes nothing. A window is any `timespan` seconds in a row that hold at least one match; a match is a
 * member where at least one window that covers it satisfies the condition. Windows that overlap or touch are one
 * interval, given from its first to its last member. Linear in the pairs, after sorting.
 */
export function correlate(pairs: readonly SecondCount[], window: CorrelationWindow): readonly CorrelationInterval[] {
  const counts = sortedBySecond(pairs);
  const intervals: CorrelationInterval[] = [];
  let at = 0;
  for (const [start, end] of satisfyingRanges(counts, window)) {
    while ((counts[at]?.[0] ?? Number.POSITIVE_INFINITY) < start) at++;
    const first = counts[at]?.[0];
    let last = first;
    let count = 0;
    for (; (counts[at]?.[0] ?? Number.POSITIVE_INFINITY) <= end; at++) {
      last = counts[at]?.[0];
      count += counts[at]?.[1] ?? 0;
    }
    if (first !== undefined && last !== undefined) intervals.push({ first, last, count });
  }
  return intervals;
}
