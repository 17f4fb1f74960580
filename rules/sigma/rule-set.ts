import { type CorrelationPlan, planCorrelation } from '../engine/correlation-plan.ts';
import { ruleProblem } from '../errors.ts';
import type { CorrelationRule, DetectionRule, Rule, RuleProblem } from '../rule.ts';
import { applyFilters } from './apply-filters.ts';
import type { FilterRule } from './filter.ts';

/** Rules of several files that fit together. */
export interface RuleSet {
  readonly detections: readonly DetectionRule[];
  readonly correlations: readonly CorrelationRule[];
  /** What each correlation refers to, step by step, by the correlation's id. */
  readonly plans: ReadonlyMap<string, CorrelationPlan>;
  /** All detection rules whose matches a correlation takes, through other correlations too, by the correlation's id. */
  readonly counted: ReadonlyMap<string, readonly DetectionRule[]>;
  /** Ids of rules which only feed correlations, and raise no alert by themselves (`generate` is not set). */
  readonly silent: ReadonlySet<string>;
  readonly problems: readonly RuleProblem[];
}

/**
 * Puts parsed rules together: refuses the second rule of an id or name, and correlations that refer to what is not there.
 * Filters become part of the rules that they name: what is given back needs no filters any more.
 */
export function joinRules(parsed: readonly Rule[], filters: readonly FilterRule[] = []): RuleSet {
  const problems: RuleProblem[] = [];
  const byName = new Map<string, Rule>();
  const kept: Rule[] = [];
  const report = (
    code: 'HD_RULE_DUPLICATE' | 'HD_RULE_REFERENCE',
    what: string,
    rule: Rule,
    { line, column } = { line: 0, column: 1 },
  ): void => {
    problems.push(ruleProblem(code, what, { file: rule.file, line: rule.line + line, column, rule: rule.id }));
  };
  const filtered = applyFilters(parsed, filters);
  problems.push(...filtered.problems);
  for (const rule of filtered.rules) {
    const names = rule.name === undefined ? [rule.id] : [rule.id, rule.name];
    const taken = names.find((name) => byName.has(name));
    const other = taken === undefined ? undefined : byName.get(taken);
    if (other) report('HD_RULE_DUPLICATE', `"${taken}" is already the rule at ${other.file}:${other.line}`, rule);
    else kept.push(rule);
    if (!other) for (const name of names) byName.set(name, rule);
  }
  const correlations: CorrelationRule[] = [];
  const plans = new Map<string, CorrelationPlan>();
  const counted = new Map<string, readonly DetectionRule[]>();
  const silent = new Set<string>();
  const loud = new Set<string>();
  for (const rule of kept) {
    if (rule.kind !== 'correlation') continue;
    const plan = planCorrelation(rule, byName);
    if ('problem' in plan) {
      report('HD_RULE_REFERENCE', plan.problem, rule, rule.places?.[plan.entry ?? -1]);
      continue;
    }
    correlations.push(rule);
    plans.set(rule.id, plan);
    counted.set(rule.id, [...new Set(plan.steps.flatMap((step) => step.bases))]);
    // A correlation that is a step of another rule alerts all the same, and decides for what it refers to.
    const own = plan.steps.filter(({ path }) => path.length === 1);
    for (const { id } of own.flatMap((step) => step.bases)) (rule.generate ? loud : silent).add(id);
  }
  for (const id of loud) silent.delete(id);
  const detections = kept.filter((rule) => rule.kind === 'detection');
  return { detections, correlations, plans, counted, silent, problems };
}
