import type { CorrelationRule, DetectionRule, EventCountRule, Rule } from '../rule.ts';

/** A part of a correlation: matches of these rules, of any one of them, and how many it takes. */
export interface PlanStep {
  readonly bases: readonly DetectionRule[];
  /** The `event_count` that stands at this place, or nothing where one match will do. */
  readonly counts: EventCountRule | undefined;
}

/** A correlation with what it refers to: one step of an `event_count`, one for each rule of a temporal one. */
export interface CorrelationPlan {
  readonly rule: CorrelationRule;
  readonly steps: readonly PlanStep[];
}

/** Why a correlation cannot be planned. */
export interface PlanProblem {
  readonly problem: string;
}

function planStep(name: string, found: ReadonlyMap<string, Rule>): PlanStep | PlanProblem {
  const rule = found.get(name);
  if (!rule) return { problem: `There is no rule "${name}"` };
  if (rule.kind === 'detection') return { bases: [rule], counts: undefined };
  if (rule.type !== 'event_count') return { problem: `"${name}" is a ${rule.type}; only event_count can be a step` };
  if (rule.compare !== 'gte' && rule.compare !== 'gt') {
    return { problem: `"${name}" counts with "${rule.compare}"; only gt and gte can be a step` };
  }
  const bases = rule.rules.map((base) => found.get(base));
  const known = bases.filter((base) => base?.kind === 'detection');
  if (known.length < bases.length) return { problem: `"${name}" refers to rules that are not there` };
  return { bases: [...new Set(known)], counts: rule };
}

/** Looks up what a correlation refers to, by id or name. */
export function planCorrelation(
  rule: CorrelationRule,
  found: ReadonlyMap<string, Rule>,
): CorrelationPlan | PlanProblem {
  const steps: PlanStep[] = [];
  for (const name of rule.rules) {
    const step = planStep(name, found);
    if ('problem' in step) return step;
    if (rule.type === 'event_count' && step.counts) {
      return { problem: `"${name}" is a correlation; event_count counts detection rules alone` };
    }
    steps.push(step);
  }
  if (rule.type !== 'event_count') return { rule, steps };
  const bases = [...new Set(steps.flatMap((step) => step.bases))];
  return { rule, steps: [{ bases, counts: rule }] };
}

/** Matches without which a step cannot be; windows without a match do not exist, so it is never 0. */
export function atLeastOf({ counts }: PlanStep): number {
  if (!counts || counts.compare === 'lt' || counts.compare === 'lte') return 1;
  return Math.max(1, counts.compare === 'gt' ? counts.threshold + 1 : counts.threshold);
}

/** How far from a match, in seconds, it may change which others are members. */
export function reachOf({ rule, steps }: CorrelationPlan): number {
  return Math.max(rule.timespanSeconds, ...steps.map(({ counts }) => counts?.timespanSeconds ?? 0));
}
