import type { CorrelationInterval, SecondCount } from './correlate.ts';

/** One step of an ordered correlation: the matches of its rule in one group, and how many of them the step needs. */
export interface OrderedStep {
  /** Any order; a second may come more than once. */
  readonly pairs: readonly SecondCount[];
  /** 1 for a detection rule; the threshold where the step is an `event_count` with `gte`. */
  readonly atLeast: number;
}

/** The matches of a step, sorted, with running totals: `totals[i]` matches lie before `seconds[i]`. */
interface Track {
  readonly seconds: readonly number[];
  readonly totals: readonly number[];
  readonly atLeast: number;
}

/** Seconds of one step whose matches are members, both ends included. */
interface Range {
  readonly from: number;
  to: number;
}

function openTrack({ pairs, atLeast }: OrderedStep): Track {
  const bySecond = new Map<number, number>();
  for (const [second, count] of pairs) if (count > 0) bySecond.set(second, (bySecond.get(second) ?? 0) + count);
  const sorted = [...bySecond].sort(([left], [right]) => left - right);
  const totals = [0];
  for (const [, count] of sorted) totals.push((totals.at(-1) ?? 0) + count);
  return { seconds: sorted.map(([second]) => second), totals, atLeast };
}

/** The first index at which a rising list reaches `value`; its length where it never does. */
function firstAtLeast(rising: readonly number[], value: number): number {
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
function completedBy(track: Track, from: number): number {
  const before = track.totals[firstAtLeast(track.seconds, from)] ?? 0;
  const index = firstAtLeast(track.totals, before + track.atLeast);
  return track.seconds[index - 1] ?? Number.POSITIVE_INFINITY;
}

/** The last second at which the step may begin and still be complete by `to`. */
function beginsBy(track: Track, to: number): number {
  const within = track.totals[firstAtLeast(track.seconds, to + 1)] ?? 0;
  if (within < track.atLeast) return Number.NEGATIVE_INFINITY;
  const index = firstAtLeast(track.totals, within - track.atLeast + 1);
  return track.seconds[index - 1] ?? Number.NEGATIVE_INFINITY;
}

/** Adds a range to a list whose ranges come with rising starts. */
function addRange(ranges: Range[], from: number, to: number): void {
  const last = ranges.at(-1);
  if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
  else ranges.push({ from, to });
}

function membersIn(track: Track, ranges: readonly Range[]): [number, number][] {
  return ranges.flatMap(({ from, to }) => {
    const members: [number, number][] = [];
    for (let at = firstAtLeast(track.seconds, from); (track.seconds[at] ?? Number.POSITIVE_INFINITY) <= to; at++) {
      members.push([track.seconds[at] ?? 0, (track.totals[at + 1] ?? 0) - (track.totals[at] ?? 0)]);
    }
    return members;
  });
}

/**
 * `temporal_ordered` over the matches of one group (Sigma 2.1, *Ordered Temporal Proximity*), by event time alone. A
 * window is `timespan` seconds in a row; it is satisfied where it can be cut into one stretch for each step, in order, so
 * that each stretch holds as many matches of its step as that needs. Neighbouring stretches may share their border second,
 * because order within a second is unknown. A match is a member where at least one such cut puts it into its own step's
 * stretch. Satisfied windows that overlap or touch, from first to last member, are one interval.
 * Near-linear: for each second of the first step a binary search a step.
 */
export function correlateOrdered(
  steps: readonly OrderedStep[],
  timespanSeconds: number,
): readonly CorrelationInterval[] {
  const tracks = steps.map(openTrack);
  const ranges = tracks.map((): Range[] => []);
  const windows: Range[] = [];
  for (const start of tracks[0]?.seconds ?? []) {
    const end = start + timespanSeconds - 1;
    // Where each step may begin at the earliest, and must have ended at the latest.
    const earliest = [start];
    for (const track of tracks) earliest.push(completedBy(track, earliest.at(-1) ?? start));
    if ((earliest.at(-1) ?? Number.POSITIVE_INFINITY) > end) continue;
    let latest = end;
    let last = start;
    for (let step = tracks.length - 1; step >= 0; step--) {
      const track = tracks[step] as Track;
      addRange(ranges[step] as Range[], earliest[step] ?? start, latest);
      const newest = track.seconds[firstAtLeast(track.seconds, latest + 1) - 1];
      if (newest !== undefined) last = Math.max(last, newest);
      latest = beginsBy(track, latest);
    }
    addRange(windows, start, last);
  }
  const members = tracks.flatMap((track, step) => membersIn(track, ranges[step] ?? []));
  members.sort(([left], [right]) => left - right);
  let at = 0;
  return windows.map(({ from, to }) => {
    const first = members[at]?.[0] ?? from;
    let last = first;
    let count = 0;
    for (; (members[at]?.[0] ?? Number.POSITIVE_INFINITY) <= to; at++) {
      last = members[at]?.[0] ?? last;
      count += members[at]?.[1] ?? 0;
    }
    return { first, last, count };
  });
}
