import type { Condition, FieldCondition, FieldTest, StringTest } from '../query/condition.ts';
import { anyElement, compileValueTest, scalarText } from '../query/field-test.ts';
import { compileMatcher } from '../query/matcher.ts';
import { compileStringTest, foldCase } from '../query/string-test.ts';
import type { EventContext, FieldSlots } from './event-context.ts';

/** Whether the event in the context satisfies a condition. */
export type Check = (context: EventContext) => boolean;

function isFolded(test: FieldTest): test is StringTest {
  return (test.kind === 'string' || test.kind === 'wildcard') && !test.cased;
}

/** A test on the folded text of a field; lists, which are rare, go element by element. */
function foldedCheck(slot: number, passes: (text: string) => boolean): Check {
  const element = (value: unknown): boolean => {
    const text = scalarText(value);
    return text !== undefined && passes(foldCase(text));
  };
  return (context) => {
    const text = context.folded(slot);
    if (text !== undefined) return passes(text);
    const value = context.value(slot);
    return Array.isArray(value) && anyElement(value, element);
  };
}

function fieldCheck({ field, test }: FieldCondition, slots: FieldSlots): Check {
  if (field.includes('*') || test.kind === 'same-as') {
    const matcher = compileMatcher({ kind: 'field', field, test });
    return (context) => matcher(context.event);
  }
  const slot = slots.slot(field);
  if (isFolded(test)) return foldedCheck(slot, compileStringTest(test));
  if (test.kind === 'exists') return (context) => (context.value(slot) !== undefined) === test.value;
  if (test.kind === 'null') return (context) => (context.value(slot) ?? null) === null;
  const passes = compileValueTest(test);
  if (test.kind !== 'regex') return (context) => anyElement(context.value(slot), passes);
  return (context) => anyElement(context.value(slot), passes);
}

/** Alternatives of one field become one test: a set of whole values, and a list of the other tests. */
function alternatives(field: string, tests: readonly StringTest[], slots: FieldSlots): Check {
  const whole = new Set<string>();
  const others: ((text: string) => boolean)[] = [];
  for (const test of tests) {
    if (test.kind === 'string' && test.match === 'equals') whole.add(foldCase(test.value));
    else others.push(compileStringTest(test));
  }
  // A set hashes the whole text, which for a long one costs more than all other tests.
  const longest = Math.max(-1, ...[...whole].map(({ length }) => length));
  return foldedCheck(slots.slot(field), (text) => {
    if (text.length <= longest && whole.has(text)) return true;
    for (const passes of others) if (passes(text)) return true;
    return false;
  });
}

function orCheck(of: readonly Condition[], slots: FieldSlots): Check {
  const byField = new Map<string, StringTest[]>();
  const checks: Check[] = [];
  for (const part of of) {
    if (part.kind === 'field' && isFolded(part.test) && !part.field.includes('*')) {
      const tests = byField.get(part.field);
      if (tests) tests.push(part.test);
      else byField.set(part.field, [part.test]);
    } else checks.push(compileCheck(part, slots));
  }
  const merged = [...byField].map(([field, tests]) => alternatives(field, tests, slots));
  const all = [...merged, ...checks];
  const [only] = all;
  if (all.length === 1 && only) return only;
  return (context) => {
    for (const check of all) if (check(context)) return true;
    return false;
  };
}

/** Long literals are rare, so they go first: the others are then seldom looked for. */
function stringCost(test: StringTest): number {
  if (test.kind === 'wildcard') return 4;
  return (test.match === 'contains' ? 2 : 1) - Math.min(test.value.length, 40) / 50;
}

/** How much a check costs, roughly: what is cheap goes first in an "and". */
function cost(condition: Condition): number {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.of.reduce((sum, part) => sum + cost(part), 0);
    case 'not':
      return cost(condition.of);
    case 'text':
      return 1_000;
    case 'field':
      if (condition.test.kind === 'string' || condition.test.kind === 'wildcard') return stringCost(condition.test);
      return condition.test.kind === 'regex' ? 200 : 1;
    default:
      return 0;
  }
}

/** Compiles a condition into a check that shares the fields read and folded with all other checks of the event. */
export function compileCheck(condition: Condition, slots: FieldSlots): Check {
  switch (condition.kind) {
    case 'always':
      return () => true;
    case 'never':
      return () => false;
    case 'not': {
      const inside = compileCheck(condition.of, slots);
      return (context) => !inside(context);
    }
    case 'and': {
      const parts = [...condition.of].sort((left, right) => cost(left) - cost(right));
      const checks = parts.map((part) => compileCheck(part, slots));
      return (context) => {
        for (const check of checks) if (!check(context)) return false;
        return true;
      };
    }
    case 'or':
      return orCheck(condition.of, slots);
    case 'text': {
      const matcher = compileMatcher(condition);
      return (context) => matcher(context.event);
    }
    case 'field':
      return fieldCheck(condition, slots);
  }
}
