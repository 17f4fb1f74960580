import type { CorrelationInterval } from './correlate.ts';
import type { SecondCount } from './measure.ts';
import {
  addRange,
  beginsBy,
  type Completions,
  completedBy,
  lastUpTo,
  matchesWithin,
  openTrack,
  type SecondRange,
  type StepTrack,
  type TemporalStep,
} from './step-track.ts';

/** What windows of a temporal correlation hold. */
export interface TemporalMembers {
  /** For each step, the seconds whose matches are members. */
  readonly ranges: readonly (readonly SecondRange[])[];
  /** Windows that overlap or touch, from first to last member, with the members in them. */
  readonly intervals: readonly CorrelationInterval[];
}

/** Windows that satisfy a temporal correlation, merged where they overlap or touch. */
export interface Windows {
  /** By step: what is a member there. */
  readonly ranges: readonly SecondRange[][];
  readonly windows: readonly SecondRange[];
}

/** Windows of `temporal_ordered` over tracks; see `correlateOrdered`. */
export function orderedWindows(tracks: readonly StepTrack[], timespanSeconds: number): Windows {
  const ranges = tracks.map((): SecondRange[] => []);
  const windows: SecondRange[] = [];
  for (const start of tracks[0]?.seconds ?? []) {
    const end = start + timespanSeconds - 1;
    // Where each step may begin at the earliest, and must have ended at the latest.
    const earliest = [start];
    for (const track of tracks) earliest.push(completedBy(track, earliest.at(-1) ?? start));
    if ((earliest.at(-1) ?? Number.POSITIVE_INFINITY) > end) continue;
    let latest = end;
    let last = start;
    for (let step = tracks.length - 1; step >= 0; step--) {
      const track = tracks[step] as StepTrack;
      addRange(ranges[step] as SecondRange[], earliest[step] ?? start, latest);
      last = Math.max(last, lastUpTo(track, latest) ?? last);
      latest = beginsBy(track, latest);
    }
    addRange(windows, start, last);
  }
  return { ranges, windows };
}

/** Windows of `temporal` over tracks; see `correlateTemporal`. */
export function unorderedWindows(tracks: readonly StepTrack[], timespanSeconds: number, different: number): Windows {
  const windows: SecondRange[] = [];
  const covered: SecondRange[] = [];
  const starts = [...new Set(tracks.flatMap(({ seconds }) => seconds))].sort((left, right) => left - right);
  for (const start of starts) {
    const end = start + timespanSeconds - 1;
    const complete = tracks.filter((track) => completedBy(track, start) <= end).length;
    if (complete < different) continue;
    addRange(covered, start, end);
    addRange(windows, start, Math.max(...tracks.map((track) => lastUpTo(track, end) ?? start)));
  }
  return { ranges: tracks.map(() => covered), windows };
}

/** The stretches that complete `temporal_ordered` over tracks: from each start of its first step, the first end. */
export function orderedCompletions(tracks: readonly StepTrack[], timespanSeconds: number): Completions {
  return within(tracks[0]?.starts ?? [], timespanSeconds, (start) =>
    tracks.reduce((end, track) => completedBy(track, end), start),
  );
}

/** The stretches that complete `temporal` over tracks: from each start of a step, the end of the first so many to be complete. */
export function unorderedCompletions(
  tracks: readonly StepTrack[],
  timespanSeconds: number,
  different: number,
): Completions {
  const starts = [...new Set(tracks.flatMap((track) => track.starts))].sort((left, right) => left - right);
  return within(starts, timespanSeconds, (start) => {
    const ends = tracks.map((track) => completedBy(track, start)).sort((left, right) => left - right);
    return ends[different - 1] ?? Number.POSITIVE_INFINITY;
  });
}

function within(candidates: readonly number[], timespanSeconds: number, endOf: (start: number) => number): Completions {
  const starts: number[] = [];
  const completions: number[] = [];
  for (const start of candidates) {
    const end = endOf(start);
    if (end === Number.POSITIVE_INFINITY) break;
    if (end - start >= timespanSeconds) continue;
    starts.push(start);
    completions.push(end);
  }
  return { starts, completions };
}

/** The windows as intervals, from first to last of the members in them. */
export function intervalsOf(
  inside: readonly SecondCount[],
  windows: readonly SecondRange[],
): readonly CorrelationInterval[] {
  const members = [...inside].sort(([left], [right]) => left - right);
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

function membersOf(tracks: readonly StepTrack[], { ranges, windows }: Windows): TemporalMembers {
  const inside = tracks.flatMap((track, step) => matchesWithin(track, ranges[step] ?? []));
  return { ranges, intervals: intervalsOf(inside, windows) };
}

/**
 * `temporal_ordered` over the matches of one group (Sigma 2.1, *Ordered Temporal Proximity*), by event time alone. A
 * window is `timespan` seconds in a row; it is satisfied where it can be cut into one stretch for each step, in order, so
 * that each stretch holds what completes its step. Neighbouring stretches may share their border second, because order
 * within a second is unknown. A match is a member where at least one such cut puts it into its own step's stretch.
 * Near-linear: for each second of the first step a binary search a step.
 */
export function correlateOrdered(steps: readonly TemporalStep[], timespanSeconds: number): TemporalMembers {
  const tracks = steps.map(openTrack);
  return membersOf(tracks, orderedWindows(tracks, timespanSeconds));
}

/**
 * `temporal` over the matches of one group (Sigma 2.1, *Temporal Proximity*), by event time alone. A window is `timespan`
 * seconds in a row; it is satisfied where at least `different` steps are complete within it, and all matches in it are
 * members. Windows that begin with a match are enough: a later one that holds the same matches covers no more.
 */
export function correlateTemporal(
  steps: readonly TemporalStep[],
  timespanSeconds: number,
  different: number,
): TemporalMembers {
  const tracks = steps.map(openTrack);
  return membersOf(tracks, unorderedWindows(tracks, timespanSeconds, different));
}
