import { ruleProblem } from '../errors.ts';
import type { DetectionRule, LogSource, Rule, RuleProblem } from '../rule.ts';
import type { FilterRule } from './filter.ts';

/** Whether a filter is for rules of a log source: each part that the filter names is the rule's. */
function fits(filter: LogSource, rule: LogSource): boolean {
  return (['category', 'product', 'service'] as const).every(
    (part) => filter[part] === undefined || filter[part] === rule[part],
  );
}

function suppress(rule: DetectionRule, filters: readonly FilterRule[]): DetectionRule {
  if (filters.length === 0) return rule;
  const without = filters.map(({ suppresses }) => ({ kind: 'not', of: suppresses }) as const);
  return { ...rule, condition: { kind: 'and', of: [rule.condition, ...without] } };
}

/**
 * Makes filters part of the detection rules that they are for (Sigma 2.1, *Filters*). A filter that names a rule which is
 * not there, is no detection rule, or has another log source, is reported: it would be believed to work.
 */
export function applyFilters(
  rules: readonly Rule[],
  filters: readonly FilterRule[],
): { readonly rules: readonly Rule[]; readonly problems: readonly RuleProblem[] } {
  const problems: RuleProblem[] = [];
  if (filters.length === 0) return { rules, problems };
  const byName = new Map<string, Rule>();
  for (const rule of rules) {
    for (const name of [rule.id, rule.name]) if (name !== undefined && !byName.has(name)) byName.set(name, rule);
  }
  const taken = new Map<Rule, FilterRule[]>();
  const take = (rule: Rule, filter: FilterRule): void => {
    const own = taken.get(rule) ?? [];
    if (!own.includes(filter)) own.push(filter);
    taken.set(rule, own);
  };
  for (const filter of filters) {
    if (filter.rules === 'any') {
      for (const rule of rules)
        if (rule.kind === 'detection' && fits(filter.logsource, rule.logsource)) take(rule, filter);
      continue;
    }
    for (const { name, at } of filter.rules) {
      const rule = byName.get(name);
      if (rule?.kind === 'detection' && fits(filter.logsource, rule.logsource)) {
        take(rule, filter);
        continue;
      }
      const what =
        rule === undefined
          ? `The filter names "${name}", and there is no such rule`
          : rule.kind === 'detection'
            ? `The filter's log source is not that of "${name}"`
            : `The filter names "${name}", a correlation; name the rules that it counts`;
      problems.push(ruleProblem('HD_RULE_FILTER', what, { ...at, file: filter.file, rule: filter.id }));
    }
  }
  const applied = rules.map((rule) => (rule.kind === 'detection' ? suppress(rule, taken.get(rule) ?? []) : rule));
  return { rules: applied, problems };
}
