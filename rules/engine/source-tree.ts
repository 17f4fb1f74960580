import type { Condition } from '../query/condition.ts';
import { type Check, checkOf, prepare } from './compile-condition.ts';
import type { EventContext, FieldSlots } from './event-context.ts';

/** Combinations of answers that are remembered, and values of one field; values come from outside. */
const LIMITS = { nodes: 4_096, values: 4_096, characters: 200 } as const;
/** Texts shorter than this are copied when they are cut out, longer ones hold on to the line. */
const SHORT = 13;
const NEVER = Symbol('never');
const ABSENT = 0;
const PRESENT = 1;

/** A field that tells the log source, and all that is asked of it. */
interface SourceField {
  readonly slot: number;
  readonly checks: readonly Check[];
  /** Nothing is asked but whether it is there, so that its value need not be read. */
  readonly presenceAlone: boolean;
  /** By the answers to all checks, the number of the class of values that have them. */
  readonly classes: Map<string, number>;
  /** Class of a scalar, and of the JSON of a list or object. */
  readonly scalars: Map<unknown, number>;
  readonly composites: Map<string, number>;
}

/** What is known of events that answer alike; `leaf` is for whoever asked. */
export class SourceNode<Leaf> {
  /** By class of the next field's value. */
  readonly next: SourceNode<Leaf>[] = [];
  leaf: Leaf | undefined;
  /** The value that came last, and where it leads: to compare costs less than to look up. */
  value: unknown = NEVER;
  after: SourceNode<Leaf> | undefined;
}

/**
 * Tells events apart by what conditions on their log sources answer, field after field. Values that answer alike are
 * one class, so that fields with endless values (names of hosts, of processes) make no more nodes than there are answers.
 */
export class SourceTree<Leaf> {
  readonly #fields: readonly SourceField[];
  #root = new SourceNode<Leaf>();
  /** Nodes remembered below the root. */
  size = 0;

  constructor(conditions: readonly Condition[], slots: FieldSlots) {
    const asked = new Map<string, Map<string, Condition>>();
    for (const condition of conditions) collect(condition, asked);
    this.#fields = [...asked].map(([field, tests]) => ({
      slot: slots.slot(field),
      checks: [...tests.values()].map((test) => checkOf(prepare(test, { slots, atoms: undefined }))),
      presenceAlone: [...tests.values()].every((test) => test.kind === 'field' && test.test.kind === 'exists'),
      classes: new Map(),
      scalars: new Map(),
      composites: new Map(),
    }));
  }

  /** The node of the event at hand: the same for all events that every condition answers alike. */
  at(context: EventContext): SourceNode<Leaf> {
    let node = this.#root;
    for (const field of this.#fields) {
      const value = field.presenceAlone ? context.has(field.slot) : context.value(field.slot);
      if (node.value === value && node.after) {
        node = node.after;
        continue;
      }
      const own = field.presenceAlone ? (value ? PRESENT : ABSENT) : classOf(field, value, context);
      let next = node.next[own];
      if (!next) {
        if (this.size >= LIMITS.nodes) {
          this.clear();
          return new SourceNode();
        }
        this.size++;
        next = new SourceNode();
        node.next[own] = next;
      }
      if (typeof value !== 'string' || value.length < SHORT) {
        node.value = value;
        node.after = next;
      }
      node = next;
    }
    return node;
  }

  /** Forgets all. */
  clear(): void {
    this.#root = new SourceNode();
    this.size = 0;
    for (const { classes, scalars, composites } of this.#fields) {
      classes.clear();
      scalars.clear();
      composites.clear();
    }
  }
}

/** Gathers the tests of a condition by field, each once. */
function collect(condition: Condition, into: Map<string, Map<string, Condition>>): void {
  if (condition.kind === 'and' || condition.kind === 'or') for (const part of condition.of) collect(part, into);
  else if (condition.kind === 'not') collect(condition.of, into);
  else if (condition.kind === 'field') {
    const tests = into.get(condition.field) ?? new Map<string, Condition>();
    tests.set(JSON.stringify(condition.test), condition);
    into.set(condition.field, tests);
  }
}

function classOf(field: SourceField, value: unknown, context: EventContext): number {
  if (typeof value === 'object' && value !== null) {
    const json = JSON.stringify(value);
    return field.composites.get(json) ?? learn(field, field.composites, json, context);
  }
  return field.scalars.get(value) ?? learn(field, field.scalars, value, context);
}

/** Asks all that is asked of the field, and remembers the answer. */
function learn<Key>(field: SourceField, known: Map<Key | string, number>, key: Key, context: EventContext): number {
  let answers = '';
  for (const check of field.checks) answers += check(context) ? '1' : '0';
  const own = field.classes.get(answers) ?? field.classes.size;
  field.classes.set(answers, own);
  // What is too long to be a log source is not remembered.
  if (typeof key === 'string' && key.length > LIMITS.characters) return own;
  if (known.size >= LIMITS.values) known.clear();
  // A text must not hold on to the line that it was cut from.
  known.set(typeof key === 'string' ? Buffer.from(key).toString() : key, own);
  return own;
}
