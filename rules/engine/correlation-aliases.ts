import type { CorrelationRule, DetectionRule, RuleHead } from '../rule.ts';
import type { PlanStep } from './correlation-plan.ts';
import type { FieldMode } from './engine.ts';
import { ecsFieldName } from './field-names.ts';

/**
 * The field of a base rule's events that a correlation means by a name (*Field Name Aliases*). `path` are the correlations
 * from the one that uses the name down to the one that refers to the base. The outermost that has such an alias says it,
 * for the base itself or for the correlation nearest to it; without one it is a field as the base rule would call it.
 */
export function correlatedField(
  path: readonly CorrelationRule[],
  base: DetectionRule,
  name: string,
  mode: FieldMode,
): string {
  const field = aliasedField(path, base, name) ?? name;
  return mode === 'raw' ? field : ecsFieldName(field, base.logsource);
}

/** Whether any correlation of a path has an alias of this name. */
export function isAliased(path: readonly CorrelationRule[], name: string): boolean {
  return path.some(({ aliases }) => aliases?.has(name));
}

function aliasedField(path: readonly CorrelationRule[], base: DetectionRule, name: string): string | undefined {
  for (const [depth, { aliases }] of path.entries()) {
    const fields = aliases?.get(name);
    if (!fields) continue;
    for (const one of [base, ...path.slice(depth + 1).reverse()]) {
      const field = fields.get(one.id) ?? (one.name === undefined ? undefined : fields.get(one.name));
      if (field !== undefined) return field;
    }
  }
  return undefined;
}

/** An alias says of every rule which field it is: of one that is left out, nothing could ever be put together. */
export function wrongAlias(rule: CorrelationRule, steps: readonly PlanStep[]): string | undefined {
  for (const [alias, fields] of rule.aliases ?? []) {
    const behind = steps.flatMap(({ bases, path }): readonly RuleHead[] => [...bases, ...path.slice(1)]);
    const strange = [...fields.keys()].find((name) => !behind.some((one) => one.id === name || one.name === name));
    if (strange !== undefined) return `Alias "${alias}" names "${strange}", which is none of the rules behind it`;
    if (!rule.groupBy.includes(alias)) continue;
    for (const { bases, path } of steps) {
      const left = bases.find((base) => aliasedField(path, base, alias) === undefined);
      if (left) return `Alias "${alias}" does not say which field it is in "${left.name ?? left.id}"`;
    }
  }
  return undefined;
}
