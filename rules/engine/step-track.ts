import type { SecondCount } from './measure.ts';

/** One step of a temporal correlation: the matches of its rule in one group, and how many of them the step needs. */
export interface TemporalStep {
  /** Any order; a second may come more than once. */
  readonly pairs: readonly SecondCount[];
  /** 1 for a detection rule; the threshold where the step is an `event_count`. */
  readonly atLeast: number;
  /** Within how many seconds in a row they must lie; the timespan of the `event_count`. */
  readonly withinSeconds: number;
}

/** Seconds whose matches are members, both ends included. */
export interface SecondRange {
  readonly from: number;
  to: number;
}

/** A step's matches sorted by time, with the stretches that complete it. */
export interface StepTrack {
  readonly seconds: readonly number[];
  /** `totals[i]` matches lie before `seconds[i]`. */
  readonly totals: readonly number[];
  /** Seconds from which the step can be completed, and by when; both rise. */
  readonly starts: readonly number[];
  readonly completions: readonly number[];
}

/** Stretches that complete a step: from which second, and by which. Both rise, and belong together by place. */
export interface Completions {
  readonly starts: readonly number[];
  readonly completions: readonly number[];
}

/** A track of matches, in any order, with what completes it. */
export function trackOf(pairs: readonly SecondCount[], { starts, completions }: Completions): StepTrack {
  const bySecond = new Map<number, number>();
  for (const [second, count] of pairs) if (count > 0) bySecond.set(second, (bySecond.get(second) ?? 0) + count);
  const sorted = [...bySecond].sort(([left], [right]) => left - right);
  const totals = [0];
  for (const [, count] of sorted) totals.push((totals.at(-1) ?? 0) + count);
  return { seconds: sorted.map(([second]) => second), totals, starts, completions };
}

/** Sorts a step's matches and finds what completes it. */
export function openTrack({ pairs, atLeast, withinSeconds }: TemporalStep): StepTrack {
  const { seconds, totals } = trackOf(pairs, { starts: [], completions: [] });
  const starts: number[] = [];
  const completions: number[] = [];
  let last = 0;
  for (const [index, second] of seconds.entries()) {
    while (last < seconds.length && (totals[last + 1] ?? 0) - (totals[index] ?? 0) < atLeast) last++;
    const completion = seconds[last];
    if (completion === undefined) break;
    if (completion - second >= withinSeconds) continue;
    starts.push(second);
    completions.push(completion);
  }
  return { seconds, totals, starts, completions };
}

/** The first index at which a rising list reaches `value`; its length where it never does. */
export function firstAtLeast(rising: readonly number[], value: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rising[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The second by which the step is complete when it may begin at `from`. */
export function completedBy(track: StepTrack, from: number): number {
  return track.completions[firstAtLeast(track.starts, from)] ?? Number.POSITIVE_INFINITY;
}

/** The last second at which the step may begin and still be complete by `to`. */
export function beginsBy(track: StepTrack, to: number): number {
  return track.starts[firstAtLeast(track.completions, to + 1) - 1] ?? Number.NEGATIVE_INFINITY;
}

/** The last second with matches up to `to`. */
export function lastUpTo(track: StepTrack, to: number): number | undefined {
  return track.seconds[firstAtLeast(track.seconds, to + 1) - 1];
}

/** Adds a range to a list whose ranges come with rising starts. */
export function addRange(ranges: SecondRange[], from: number, to: number): void {
  const last = ranges.at(-1);
  if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
  else ranges.push({ from, to });
}

/** Whether a second lies in one of the ranges, which rise and do not overlap. */
export function isWithin(ranges: readonly SecondRange[] | undefined, second: number): boolean {
  let low = 0;
  let high = ranges?.length ?? 0;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges?.[middle]?.to ?? second) < second) low = middle + 1;
    else high = middle;
  }
  return (ranges?.[low]?.from ?? Number.POSITIVE_INFINITY) <= second;
}

/** What lies in both of two lists of ranges, each of which rises and does not overlap. */
export function overlap(left: readonly SecondRange[], right: readonly SecondRange[]): readonly SecondRange[] {
  const both: SecondRange[] = [];
  for (let at = 0, other = 0; at < left.length && other < right.length; ) {
    const [one, two] = [left[at] as SecondRange, right[other] as SecondRange];
    const from = Math.max(one.from, two.from);
    const to = Math.min(one.to, two.to);
    if (from <= to) both.push({ from, to });
    if (one.to < two.to) at++;
    else other++;
  }
  return both;
}

/** What lies in either of two lists of ranges. */
export function union(left: readonly SecondRange[], right: readonly SecondRange[]): readonly SecondRange[] {
  const either: SecondRange[] = [];
  for (const { from, to } of [...left, ...right].sort((one, two) => one.from - two.from)) addRange(either, from, to);
  return either;
}

/** The matches of a track within ranges. */
export function matchesWithin(track: StepTrack, ranges: readonly SecondRange[]): SecondCount[] {
  return ranges.flatMap(({ from, to }) => {
    const found: SecondCount[] = [];
    for (let at = firstAtLeast(track.seconds, from); (track.seconds[at] ?? Number.POSITIVE_INFINITY) <= to; at++) {
      found.push([track.seconds[at] ?? 0, (track.totals[at + 1] ?? 0) - (track.totals[at] ?? 0)]);
    }
    return found;
  });
}
