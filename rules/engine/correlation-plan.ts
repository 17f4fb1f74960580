import type { CorrelationRule, DetectionRule, EventCountRule, Rule, TemporalRule } from '../rule.ts';
import type { FieldMode } from './engine.ts';
import { ecsFieldName } from './field-names.ts';

/** A part of a correlation: matches of these rules, of any one of them, and how many it takes. */
export interface PlanStep {
  readonly bases: readonly DetectionRule[];
  /** The `event_count` that stands at this place, or nothing where one match will do. */
  readonly counts: EventCountRule | undefined;
}

/** A correlation with what it refers to: one step, or of a temporal one a step for each of its rules. */
export interface CorrelationPlan {
  readonly rule: CorrelationRule;
  readonly steps: readonly PlanStep[];
}

/** Whether a correlation puts several rules together; all others measure the matches of theirs. */
export function isTemporal(rule: CorrelationRule): rule is TemporalRule {
  return rule.type === 'temporal' || rule.type === 'temporal_ordered';
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
  if ((rule.compare !== 'gte' && rule.compare !== 'gt') || (rule.also ?? []).length > 0) {
    return { problem: `"${name}" counts with "${rule.compare}" or a range; only gt and gte can be a step` };
  }
  const bases = rule.rules.map((base) => found.get(base));
  const known = bases.filter((base) => base?.kind === 'detection');
  if (known.length < bases.length)
    return { problem: `"${name}" refers to rules that are not there, or are correlations` };
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
    if (!isTemporal(rule) && step.counts) {
      return { problem: `"${name}" is a correlation; ${rule.type} takes detection rules alone` };
    }
    steps.push(step);
  }
  const bases = [...new Set(steps.flatMap((step) => step.bases))];
  const wrong = wrongAlias(rule, bases);
  if (wrong !== undefined) return { problem: wrong };
  if (isTemporal(rule)) return { rule, steps };
  return { rule, steps: [{ bases, counts: rule.type === 'event_count' ? rule : undefined }] };
}

/** An alias says of every rule which field it is: of one that is left out, nothing could ever be put together. */
function wrongAlias({ aliases, groupBy }: CorrelationRule, bases: readonly DetectionRule[]): string | undefined {
  for (const [alias, fields] of aliases ?? []) {
    const strange = [...fields.keys()].find((name) => !bases.some((base) => isNamed(base, name)));
    if (strange !== undefined)
      return `Alias "${alias}" names "${strange}", which is none of the detection rules behind it`;
    const left = bases.find((base) => ![...fields.keys()].some((name) => isNamed(base, name)));
    if (left && groupBy.includes(alias))
      return `Alias "${alias}" does not say which field it is in "${left.name ?? left.id}"`;
  }
  return undefined;
}

function isNamed(rule: DetectionRule, name: string): boolean {
  return rule.id === name || rule.name === name;
}

/** The field of a base rule's events that a correlation means by a name: an alias, or a field as that rule would call it. */
export function correlatedField(rule: CorrelationRule, base: DetectionRule, name: string, mode: FieldMode): string {
  const fields = rule.aliases?.get(name);
  const field = fields?.get(base.id) ?? (base.name === undefined ? undefined : fields?.get(base.name)) ?? name;
  return mode === 'raw' ? field : ecsFieldName(field, base.logsource);
}

/** Matches without which a step cannot be; windows without a match do not exist, so it is never 0. */
export function atLeastOf({ counts }: PlanStep): number {
  if (!counts || (counts.compare !== 'gt' && counts.compare !== 'gte' && counts.compare !== 'eq')) return 1;
  return Math.max(1, counts.compare === 'gt' ? counts.threshold + 1 : counts.threshold);
}

/** How far from a match, in seconds, it may change which others are members. */
export function reachOf({ rule, steps }: CorrelationPlan): number {
  return Math.max(rule.timespanSeconds, ...steps.map(({ counts }) => counts?.timespanSeconds ?? 0));
}
