import type { CorrelationPlan } from '../../rules/engine/correlation-plan.ts';
import type { Rule } from '../../rules/rule.ts';

/** The rules that are needed to evaluate some of them: themselves, and what correlations among them refer to. */
export function rulesBehind(
  ids: ReadonlySet<string>,
  rules: readonly Rule[],
  plans: ReadonlyMap<string, CorrelationPlan>,
): readonly Rule[] {
  const needed = new Set<string>(ids);
  for (const id of ids) {
    const { steps, correlations } = plans.get(id) ?? { steps: [], correlations: [] };
    for (const { bases } of steps) for (const base of bases) needed.add(base.id);
    for (const correlation of correlations) needed.add(correlation.id);
  }
  return rules.filter(({ id }) => needed.has(id));
}
