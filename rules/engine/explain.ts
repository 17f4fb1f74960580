import type { Condition } from '../query/condition.ts';
import { compileMatcher, fieldNamePattern, MESSAGE_FIELDS, someLeaf } from '../query/matcher.ts';
import type { DetectionRule } from '../rule.ts';
import { ruleCondition } from './compile.ts';
import type { FieldMode } from './engine.ts';

function leavesWhere(event: object, passes: (leaf: unknown, name: string) => boolean): string[] {
  const names: string[] = [];
  someLeaf(event, (leaf, name) => {
    if (passes(leaf, name)) names.push(name);
    return false;
  });
  return names;
}

/** Fields of which the condition, which the event satisfies, rests on; what "not" excludes has no part in it. */
function restsOn(condition: Condition, event: object): string[] {
  switch (condition.kind) {
    case 'and':
      return condition.of.flatMap((part) => restsOn(part, event));
    case 'or':
      return condition.of.filter((part) => compileMatcher(part)(event)).flatMap((part) => restsOn(part, event));
    case 'field': {
      const { field, test } = condition;
      if (test.kind === 'null' || (test.kind === 'exists' && !test.value)) return [];
      if (!field.includes('*')) return test.kind === 'same-as' ? [field, test.field] : [field];
      const named = fieldNamePattern(field);
      const holds = compileMatcher({ kind: 'field', field: 'value', test });
      return leavesWhere(event, (leaf, name) => named(name) && holds({ value: leaf }));
    }
    case 'text': {
      const holds = compileMatcher({ kind: 'text', scope: 'any-field', test: condition.test });
      if (condition.scope === 'any-field') return leavesWhere(event, (leaf) => holds({ value: leaf }));
      const message = compileMatcher(condition);
      return MESSAGE_FIELDS.filter((field) => message({ [field]: leavesOf(event, field) }));
    }
    default:
      return [];
  }
}

function leavesOf(event: object, field: string): unknown[] {
  const values: unknown[] = [];
  someLeaf(event, (leaf, name) => {
    if (name === field) values.push(leaf);
    return false;
  });
  return values;
}

/** The dotted names of the fields which made an event match a rule, for marking them; empty where it does not match. */
export function explain(rule: DetectionRule, event: object, mode: FieldMode = 'ecs'): string[] {
  const condition = ruleCondition(rule, mode);
  if (!compileMatcher(condition)(event)) return [];
  return [...new Set(restsOn(condition, event))];
}
