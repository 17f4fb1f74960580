import { readField } from '../../ecs/event.ts';
import type { Condition, FieldCondition, FieldTest } from './condition.ts';
import { anyElement, compileValueTest, scalarText } from './field-test.ts';
import { compileStringTest, foldCase } from './string-test.ts';

/** Whether an event satisfies a condition. */
export type Matcher = (event: object) => boolean;

/** How many levels of objects and lists a search over all fields goes down. */
export const LEAF_DEPTH = 24;

/** Calls `visit` with each scalar of an event and its dotted name until it gives true; gives whether it did. */
export function someLeaf(
  value: unknown,
  visit: (leaf: unknown, name: string) => boolean,
  name = '',
  depth = 0,
): boolean {
  if (value === null || typeof value !== 'object') return visit(value, name);
  if (depth >= LEAF_DEPTH) return false;
  if (Array.isArray(value)) return value.some((element) => someLeaf(element, visit, name, depth + 1));
  for (const key of Object.keys(value)) {
    const inside = (value as Record<string, unknown>)[key];
    if (someLeaf(inside, visit, name === '' ? key : `${name}.${key}`, depth + 1)) return true;
  }
  return false;
}

/** The pattern of a field name with `*`, as a test on dotted names. */
export function fieldNamePattern(field: string): (name: string) => boolean {
  const pieces = field
    .split('*')
    .flatMap((piece, index) => (index === 0 ? [piece] : [{ any: 'many' } as const, piece]));
  return compileStringTest({ kind: 'wildcard', pieces, cased: true });
}

/** Texts that `text` conditions of scope `message` look into. */
export const MESSAGE_FIELDS = ['message', 'event.original'] as const;

function compileText(condition: Extract<Condition, { kind: 'text' }>): Matcher {
  const { test, scope } = condition;
  const passes = compileStringTest(test, scope === 'message');
  const holds = (value: unknown): boolean => {
    const text = scalarText(value);
    return text !== undefined && passes(test.cased ? text : foldCase(text));
  };
  if (scope === 'any-field') return (event) => someLeaf(event, holds);
  return (event) => MESSAGE_FIELDS.some((field) => anyElement(readField(event, field), holds));
}

/** Whether the value of one field is as that of another, or holds it. */
export function compareFields(
  test: Extract<FieldTest, { kind: 'same-as' }>,
): (value: unknown, others: unknown) => boolean {
  const fold = test.cased ? (text: string) => text : foldCase;
  const holds = (text: string, other: string): boolean => {
    if (test.part === 'whole') return text === other;
    if (test.part === 'starts') return text.startsWith(other);
    return test.part === 'ends' ? text.endsWith(other) : text.includes(other);
  };
  return (value, others) =>
    anyElement(value, (element) => {
      const text = scalarText(element);
      if (text === undefined) return false;
      return anyElement(others, (element) => {
        const other = scalarText(element);
        return other !== undefined && holds(fold(text), fold(other));
      });
    });
}

function compileField({ field, test }: FieldCondition): Matcher {
  if (field.includes('*')) return compileManyFields(field, test);
  switch (test.kind) {
    case 'exists':
      return (event) => (readField(event, field) !== undefined) === test.value;
    case 'null':
      return (event) => (readField(event, field) ?? null) === null;
    case 'same-as': {
      const holds = compareFields(test);
      return (event) => holds(readField(event, field), readField(event, test.field));
    }
    default: {
      const passes = compileValueTest(test);
      return (event) => anyElement(readField(event, field), passes);
    }
  }
}

function compileManyFields(field: string, test: FieldTest): Matcher {
  const named = fieldNamePattern(field);
  if (test.kind === 'exists') return (event) => someLeaf(event, (_leaf, name) => named(name)) === test.value;
  if (test.kind === 'null') return (event) => someLeaf(event, (leaf, name) => leaf === null && named(name));
  if (test.kind === 'same-as') {
    throw new Error('A comparison of two fields needs both by name, without "*".');
  }
  const passes = compileValueTest(test);
  return (event) => someLeaf(event, (leaf, name) => named(name) && passes(leaf));
}

/**
 * Compiles a condition into a predicate over one event. This matcher defines what conditions mean; every store's
 * translation must agree with it.
 * @throws RegexError where a regular expression is not supported.
 */
export function compileMatcher(condition: Condition): Matcher {
  switch (condition.kind) {
    case 'always':
      return () => true;
    case 'never':
      return () => false;
    case 'not': {
      const inside = compileMatcher(condition.of);
      return (event) => !inside(event);
    }
    case 'and': {
      const parts = condition.of.map(compileMatcher);
      return (event) => parts.every((part) => part(event));
    }
    case 'or': {
      const parts = condition.of.map(compileMatcher);
      return (event) => parts.some((part) => part(event));
    }
    case 'text':
      return compileText(condition);
    case 'field':
      return compileField(condition);
  }
}
