import { correlatedField, isAliased } from '../../rules/engine/correlation-aliases.ts';
import type { PlanStep } from '../../rules/engine/correlation-plan.ts';
import { valueFields } from '../../rules/engine/correlation-values.ts';
import type { CorrelationRule, DetectionRule } from '../../rules/rule.ts';

/** ECS fields of one rule's events that a correlation puts them together by. */
export interface GroupFields {
  /** In the order of `haidang.group_by`: which alert row. */
  readonly row: readonly string[];
  /** In the order of `group-by`: who crosses the threshold. */
  readonly group: readonly string[];
  /** What is measured. */
  readonly measured: readonly string[];
}

/** The fields of a base rule's events for a correlation's names, with aliases looked up on the way down to the base. */
export function correlationFields(
  rule: CorrelationRule,
  { path, measures }: Pick<PlanStep, 'path' | 'measures'>,
  base: DetectionRule,
): GroupFields {
  const fieldOf = (name: string): string => correlatedField(path, base, name, 'ecs');
  return {
    // What is no alias is an ECS name here, as in every rule.
    row: rule.extension.groupBy.map((name) => (isAliased(path, name) ? fieldOf(name) : name)),
    group: rule.groupBy.map(fieldOf),
    // What a correlation measures it calls by its own names.
    measured: measures ? valueFields(measures).map((name) => correlatedField([measures], base, name, 'ecs')) : [],
  };
}
