import { type CorrelationInterval, correlate } from './correlate.ts';
import { correlateOrdered, correlateTemporal, type TemporalMembers } from './correlate-temporal.ts';
import { atLeastOf, type CorrelationPlan, isTemporal, type PlanStep } from './correlation-plan.ts';
import type { SecondCount } from './measure.ts';
import type { SecondRange, TemporalStep } from './step-track.ts';

/** Members of a correlation in one group: by step, and as intervals over all of them. */
export type CorrelationMembers = TemporalMembers;

const NONE: CorrelationMembers = { ranges: [], intervals: [] };

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

function rangesOf(intervals: readonly CorrelationInterval[]): readonly SecondRange[] {
  return intervals.map(({ first, last }) => ({ from: first, to: last }));
}

/** Of an `event_count` in a step only its own members take part. */
function temporalStep(step: PlanStep, pairs: readonly SecondCount[]): TemporalStep {
  if (!step.counts) return { pairs, atLeast: 1, withinSeconds: 1 };
  const members = rangesOf(correlate(pairs, step.counts));
  return {
    pairs: pairs.filter(([second]) => isWithin(members, second)),
    atLeast: atLeastOf(step),
    withinSeconds: step.counts.timespanSeconds,
  };
}

/**
 * Which matches of one group a correlation takes, given the matches by step: a function of event times alone, so that
 * order of arrival, replays and restarts change nothing.
 */
export function correlationMembers(
  { rule, steps }: CorrelationPlan,
  pairsByStep: readonly (readonly SecondCount[])[],
): CorrelationMembers {
  // Most groups never come near it.
  const enough = steps.filter((step, index) => total(pairsByStep[index] ?? []) >= atLeastOf(step)).length;
  if (!isTemporal(rule)) {
    if (enough === 0) return NONE;
    const intervals = correlate(pairsByStep[0] ?? [], rule);
    return { ranges: [rangesOf(intervals)], intervals };
  }
  if (enough < rule.different) return NONE;
  const temporal = steps.map((step, index) => temporalStep(step, pairsByStep[index] ?? []));
  return rule.type === 'temporal_ordered'
    ? correlateOrdered(temporal, rule.timespanSeconds)
    : correlateTemporal(temporal, rule.timespanSeconds, rule.different);
}

function total(pairs: readonly SecondCount[]): number {
  return pairs.reduce((sum, [, count]) => sum + count, 0);
}
