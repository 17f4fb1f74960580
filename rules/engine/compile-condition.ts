import type { Condition, FieldTest, StringTest } from '../query/condition.ts';
import { anyElement, compileValueTest, scalarText } from '../query/field-test.ts';
import { compareFields, compileMatcher } from '../query/matcher.ts';
import { compileStringTest, foldCase } from '../query/string-test.ts';
import type { Atom, AtomTable, Literal } from './atoms.ts';
import { LONG, literalOf, soughtBytes } from './atoms.ts';
import type { EventContext, FieldSlots } from './event-context.ts';
import { gateLiterals } from './gates.ts';

/** Whether the event in the context satisfies a condition. */
export type Check = (context: EventContext) => boolean;

/**
 * A condition with its tests ready. The `gate` of a test is a question that must be answered with yes for it to hold,
 * and where `exact` it says the same as the test.
 */
export type Part =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Part[] }
  | { readonly kind: 'not'; readonly of: Part }
  | { readonly kind: 'always' | 'never' }
  | TestPart;

export interface TestPart {
  readonly kind: 'test';
  readonly gate: Atom | undefined;
  readonly exact: boolean;
  readonly check: Check;
  /** How much the check costs where the gate does not spare it, roughly. */
  readonly cost: number;
}

const COST = { gated: 0.1, value: 1, string: 2, parsed: 4, text: 50, regex: 200 } as const;

/** What compiling shares between the rules of a set. Without `atoms` nothing is asked of an index. */
export interface Shared {
  readonly slots: FieldSlots;
  readonly atoms: AtomTable | undefined;
}

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

/** A field's test as it is without any index. */
function plainCheck(slot: number, test: Exclude<FieldTest, { kind: 'same-as' }>): Check {
  if (isFolded(test)) return foldedCheck(slot, compileStringTest(test));
  if (test.kind === 'exists') return (context) => (context.value(slot) !== undefined) === test.value;
  if (test.kind === 'null') return (context) => (context.value(slot) ?? null) === null;
  const passes = compileValueTest(test);
  return (context) => anyElement(context.value(slot), passes);
}

function costOf(test: FieldTest): number {
  if (test.kind === 'regex') return COST.regex;
  if (test.kind === 'cidr' || test.kind === 'time-part' || test.kind === 'range') return COST.parsed;
  return test.kind === 'string' || test.kind === 'wildcard' ? COST.string : COST.value;
}

function gatedPart(slot: number, test: FieldTest, check: Check, { atoms }: Shared): TestPart {
  const literals = atoms && gateLiterals(test);
  const gate = literals && atoms.atom(slot, literals);
  const always = costOf(test);
  const cost = gate && gate.shortest >= LONG ? COST.gated + always / 1_000 : always;
  return { kind: 'test', gate, exact: false, check: gate ? gated(gate, check) : check, cost };
}

/** Spares a check where the index says that its literals are not there. */
function gated({ id, slot, shortest }: Atom, check: Check): Check {
  if (shortest >= LONG) return (context) => context.yes[id] === context.turn && check(context);
  return (context) =>
    (context.yes[id] === context.turn || shortest < (context.limits[slot + 1] as number)) && check(context);
}

/** Several literals of one field, of which one must be there. */
function literalPart(slot: number, literals: readonly Literal[], { atoms }: Shared): TestPart {
  const passes = literals.map(literalTest);
  if (!atoms) {
    const check = foldedCheck(slot, (text) => passes.some((test) => test(text)));
    return { kind: 'test', gate: undefined, exact: false, check, cost: COST.string };
  }
  const gate = atoms.atom(slot, literals);
  const { id, shortest } = gate;
  if (shortest >= LONG) {
    return { kind: 'test', gate, exact: true, check: ({ yes, turn }) => yes[id] === turn, cost: COST.gated };
  }
  // Only these may be there where the index did not say so.
  const others = literals.filter((literal) => soughtBytes(literal) < LONG).map(literalTest);
  const search = foldedCheck(slot, (text) => {
    for (const test of others) if (test(text)) return true;
    return false;
  });
  const check: Check = (context) => {
    const { yes, no, turn } = context;
    if (yes[id] === turn) return true;
    if (no[id] === turn || shortest >= (context.limits[slot + 1] as number)) return false;
    const holds = search(context);
    (holds ? yes : no)[id] = turn;
    return holds;
  };
  return { kind: 'test', gate, exact: true, check, cost: COST.string };
}

function literalTest({ match, text }: Literal): (text: string) => boolean {
  return compileStringTest({ kind: 'string', match, value: text, cased: false });
}

/** Alternatives of one field become one test. */
function orPart(of: readonly Condition[], shared: Shared): Part {
  const byField = new Map<string, Literal[]>();
  const parts: Part[] = [];
  for (const part of of) {
    const literal =
      part.kind === 'field' && isFolded(part.test) && !part.field.includes('*') ? literalOf(part.test) : undefined;
    if (part.kind !== 'field' || !literal) {
      parts.push(prepare(part, shared));
      continue;
    }
    const literals = byField.get(part.field);
    if (literals) literals.push(literal);
    else byField.set(part.field, [literal]);
  }
  const merged = [...byField].map(([field, literals]) => literalPart(shared.slots.slot(field), literals, shared));
  const all = [...merged, ...parts];
  const [only] = all;
  return all.length === 1 && only ? only : { kind: 'or', of: all };
}

/** Prepares a condition's tests, sharing fields and questions with those of all other conditions. */
export function prepare(condition: Condition, shared: Shared): Part {
  switch (condition.kind) {
    case 'always':
    case 'never':
      return condition;
    case 'not':
      return { kind: 'not', of: prepare(condition.of, shared) };
    case 'and':
      return { kind: 'and', of: condition.of.map((part) => prepare(part, shared)) };
    case 'or':
      return orPart(condition.of, shared);
    case 'text': {
      const matcher = compileMatcher(condition);
      const check: Check = (context) => matcher(context.event);
      const part = gatedPart(
        -1,
        condition.test,
        check,
        condition.scope === 'any-field' ? shared : { ...shared, atoms: undefined },
      );
      return { ...part, cost: part.cost + COST.text };
    }
    case 'field': {
      const { field, test } = condition;
      if (field.includes('*')) {
        const matcher = compileMatcher(condition);
        return { kind: 'test', gate: undefined, exact: false, check: ({ event }) => matcher(event), cost: COST.text };
      }
      const slot = shared.slots.slot(field);
      if (test.kind === 'same-as') {
        const other = shared.slots.slot(test.field);
        const holds = compareFields(test);
        const check: Check = (context) => holds(context.value(slot), context.value(other));
        return { kind: 'test', gate: undefined, exact: false, check, cost: COST.parsed };
      }
      const literal = isFolded(test) ? literalOf(test) : undefined;
      return literal ? literalPart(slot, [literal], shared) : gatedPart(slot, test, plainCheck(slot, test), shared);
    }
  }
}

function cost(part: Part): number {
  switch (part.kind) {
    case 'and':
    case 'or':
      return part.of.reduce((sum, inner) => sum + cost(inner), 0);
    case 'not':
      return cost(part.of);
    case 'test':
      return part.cost;
    default:
      return 0;
  }
}

/** The check of a prepared condition: what is cheap goes first in an "and". */
export function checkOf(part: Part): Check {
  switch (part.kind) {
    case 'always':
      return () => true;
    case 'never':
      return () => false;
    case 'test':
      return part.check;
    case 'not': {
      const inside = checkOf(part.of);
      return (context) => !inside(context);
    }
    case 'and': {
      const checks = [...part.of].sort((left, right) => cost(left) - cost(right)).map(checkOf);
      return (context) => {
        for (const check of checks) if (!check(context)) return false;
        return true;
      };
    }
    case 'or': {
      const checks = [...part.of].sort((left, right) => cost(left) - cost(right)).map(checkOf);
      return (context) => {
        for (const check of checks) if (check(context)) return true;
        return false;
      };
    }
  }
}

/** The questions that a condition asks of an index. */
export function questionsOf(part: Part): Atom[] {
  if (part.kind === 'and' || part.kind === 'or') return part.of.flatMap(questionsOf);
  if (part.kind === 'not') return questionsOf(part.of);
  return part.kind === 'test' && part.gate ? [part.gate] : [];
}
