import { type CorrelationInterval, correlate, sortedBySecond } from './correlate.ts';
import { orderedCompletions, orderedWindows, unorderedCompletions, unorderedWindows } from './correlate-temporal.ts';
import { atLeastOf, type PlanNode } from './correlation-plan.ts';
import type { SecondCount } from './measure.ts';
import {
  type Completions,
  isWithin,
  matchesWithin,
  openTrack,
  overlap,
  type SecondRange,
  type StepTrack,
  trackOf,
  union,
} from './step-track.ts';

/** What one node of a correlation's tree finds in a group. */
export interface NodeFound {
  /** Its members, and the stretches that complete it. */
  readonly track: StepTrack;
  /** By step, the seconds whose matches are members. */
  readonly members: ReadonlyMap<number, readonly SecondRange[]>;
  /** Windows that hold it, merged where they overlap or touch, up to the last match in them. */
  readonly windows: readonly SecondRange[];
}

type PairsByStep = readonly (readonly SecondCount[])[];

// Finite, so that what lies past the last match is told from it.
const EVERYWHERE: readonly SecondRange[] = [{ from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER }];

/** The ranges of intervals. */
export function rangesOf(intervals: readonly CorrelationInterval[]): readonly SecondRange[] {
  return intervals.map(({ first, last }) => ({ from: first, to: last }));
}

/**
 * Finds what a node takes of one group's matches, by event time alone. More matches never make it find less: that is why
 * a step counts by `gt` and `gte` alone, and why an `event_count` of correlations counts stretches that complete one and
 * share no second with each other, rather than what windows that touch have grown together to.
 */
export function findIn(node: PlanNode, pairs: PairsByStep): NodeFound {
  switch (node.kind) {
    case 'matches': {
      const track = openTrack({ pairs: pairs[node.step] ?? [], atLeast: 1, withinSeconds: 1 });
      return { track, members: new Map([[node.step, EVERYWHERE]]), windows: [] };
    }
    case 'measured':
      return findMeasured(node, pairs[node.step] ?? []);
    case 'occurrences': {
      const { rule } = node;
      const parts = node.parts.map((part) => findIn(part, pairs));
      const tracks = parts.map(({ track }) => track);
      const inside = tracks.flatMap((track) => matchesWithin(track, EVERYWHERE));
      const whole = trackOf(
        inside,
        timesOver(unorderedCompletions(tracks, Number.POSITIVE_INFINITY, 1), atLeastOf(rule), rule.timespanSeconds),
      );
      const { ranges, windows } = unorderedWindows([whole], rule.timespanSeconds, 1);
      return joined(
        parts,
        tracks,
        tracks.map(() => ranges[0] ?? []),
        windows,
        whole,
      );
    }
    case 'temporal': {
      const { rule } = node;
      const parts = node.parts.map((part) => findIn(part, pairs));
      const tracks = parts.map(({ track }) => track);
      const isOrdered = rule.type === 'temporal_ordered';
      const { ranges, windows } = isOrdered
        ? orderedWindows(tracks, rule.timespanSeconds)
        : unorderedWindows(tracks, rule.timespanSeconds, rule.different);
      const completions = isOrdered
        ? orderedCompletions(tracks, rule.timespanSeconds)
        : unorderedCompletions(tracks, rule.timespanSeconds, rule.different);
      return joined(parts, tracks, ranges, windows, completions);
    }
  }
}

function findMeasured(
  { rule, step }: Extract<PlanNode, { kind: 'measured' }>,
  pairs: readonly SecondCount[],
): NodeFound {
  const members = rangesOf(correlate(pairs, rule));
  const own = pairs.filter(([second]) => isWithin(members, second));
  const needs = { atLeast: atLeastOf(rule), withinSeconds: rule.timespanSeconds };
  const track =
    rule.type === 'event_count'
      ? openTrack({ pairs: own, ...needs })
      : trackOf(own, distinctCompletions(own, needs.atLeast, needs.withinSeconds));
  return { track, members: new Map([[step, members]]), windows: members };
}

/** A node of parts: what is a member of a part, and within the part's ranges. */
function joined(
  parts: readonly NodeFound[],
  tracks: readonly StepTrack[],
  ranges: readonly (readonly SecondRange[])[],
  windows: readonly SecondRange[],
  completions: Completions | StepTrack,
): NodeFound {
  const members = new Map<number, readonly SecondRange[]>();
  for (const [at, part] of parts.entries()) {
    for (const [step, own] of part.members)
      members.set(step, union(members.get(step) ?? [], overlap(own, ranges[at] ?? [])));
  }
  const inside = tracks.flatMap((track, at) => matchesWithin(track, ranges[at] ?? []));
  return { track: trackOf(inside, completions), members, windows };
}

/** Stretches that hold so many different values. */
function distinctCompletions(pairs: readonly SecondCount[], atLeast: number, withinSeconds: number): Completions {
  const entries = sortedBySecond(pairs);
  const tally = new Map<string, number>();
  const starts: number[] = [];
  const completions: number[] = [];
  let end = 0;
  for (const [second, , values = []] of entries) {
    while (end < entries.length && tally.size < atLeast) {
      for (const [value, count] of entries[end]?.[2] ?? []) tally.set(value, (tally.get(value) ?? 0) + count);
      end++;
    }
    if (tally.size < atLeast) break;
    const completion = entries[end - 1]?.[0] ?? second;
    if (completion - second < withinSeconds) {
      starts.push(second);
      completions.push(completion);
    }
    for (const [value, count] of values) {
      const left = (tally.get(value) ?? 0) - count;
      if (left > 0) tally.set(value, left);
      else tally.delete(value);
    }
  }
  return { starts, completions };
}

/** Stretches that hold so many of others, none of which share a second; each next one is the first to be complete. */
function timesOver({ starts, completions }: Completions, times: number, withinSeconds: number): Completions {
  const count = starts.length;
  // By jumps of 1, 2, 4 … stretches: thresholds may be large.
  let jump = new Int32Array(count + 1).fill(count);
  let next = 0;
  for (let at = 0; at < count; at++) {
    while (next < count && (starts[next] as number) <= (completions[at] as number)) next++;
    jump[at] = next;
  }
  const last = Int32Array.from({ length: count + 1 }, (_, at) => at);
  for (let left = times - 1; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) for (let at = 0; at <= count; at++) last[at] = jump[last[at] as number] as number;
    const twice = new Int32Array(count + 1);
    for (let at = 0; at <= count; at++) twice[at] = jump[jump[at] as number] as number;
    jump = twice;
  }
  const found = { starts: [] as number[], completions: [] as number[] };
  for (const [at, start] of starts.entries()) {
    const completion = completions[last[at] as number];
    if (completion === undefined || completion - start >= withinSeconds) continue;
    found.starts.push(start);
    found.completions.push(completion);
  }
  return found;
}
