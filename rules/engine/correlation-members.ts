import { correlate } from './correlate.ts';
import { intervalsOf, type TemporalMembers } from './correlate-temporal.ts';
import { atLeastOf, type CorrelationPlan, type PlanNode } from './correlation-plan.ts';
import { findIn, rangesOf } from './correlation-tree.ts';
import type { SecondCount } from './measure.ts';
import { isWithin } from './step-track.ts';

/** Members of a correlation in one group: by step, and as intervals over all of them. */
export type CorrelationMembers = TemporalMembers;

const NONE: CorrelationMembers = { ranges: [], intervals: [] };

/**
 * Which matches of one group a correlation takes, given the matches by step: a function of event times alone, so that
 * order of arrival, replays and restarts change nothing.
 */
export function correlationMembers(
  { root, steps }: CorrelationPlan,
  pairsByStep: readonly (readonly SecondCount[])[],
): CorrelationMembers {
  // Most groups never come near it.
  if (!mayHold(root, pairsByStep)) return NONE;
  if (root.kind === 'measured') {
    const intervals = correlate(pairsByStep[root.step] ?? [], root.rule);
    return { ranges: steps.map(() => rangesOf(intervals)), intervals };
  }
  const { members, windows } = findIn(root, pairsByStep);
  const ranges = steps.map((_, step) => members.get(step) ?? []);
  const inside = pairsByStep.flatMap((pairs, step) => pairs.filter(([second]) => isWithin(ranges[step], second)));
  return { ranges, intervals: intervalsOf(inside, windows) };
}

function mayHold(node: PlanNode, pairsByStep: readonly (readonly SecondCount[])[]): boolean {
  switch (node.kind) {
    case 'matches':
      return total(pairsByStep[node.step] ?? []) > 0;
    case 'measured':
      return total(pairsByStep[node.step] ?? []) >= (node.rule.type === 'event_count' ? atLeastOf(node.rule) : 1);
    case 'occurrences':
      return node.parts.some((part) => mayHold(part, pairsByStep));
    case 'temporal':
      return node.parts.filter((part) => mayHold(part, pairsByStep)).length >= node.rule.different;
  }
}

function total(pairs: readonly SecondCount[]): number {
  return pairs.reduce((sum, [, count]) => sum + count, 0);
}
