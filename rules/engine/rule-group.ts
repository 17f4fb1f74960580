import type { LineScanner } from '../../ecs/line-scanner.ts';
import { anyElement, scalarText } from '../query/field-test.ts';
import { LEAF_DEPTH } from '../query/matcher.ts';
import type { Check } from './compile-condition.ts';
import type { EventContext } from './event-context.ts';
import { LiteralIndex } from './literal-index.ts';
import type { Witness } from './witness.ts';

/** A rule ready to be checked; `order` is its place in the rule set. */
export interface CompiledRule {
  readonly order: number;
  readonly check: Check;
  /** Literals of which one must be there; undefined: always a candidate. */
  readonly witnesses: readonly Witness[] | undefined;
}

/** Texts longer than this are not looked through twice, by their field and as one of all. */
const LONG = 200;

interface FieldIndex {
  readonly slot: number;
  readonly index: LiteralIndex;
}

class IndexBuilder {
  readonly whole = new Map<string, number[]>();
  readonly inside = new Map<string, number[]>();

  add(witness: Witness, rule: number): void {
    const table = witness.whole ? this.whole : this.inside;
    const rules = table.get(witness.literal);
    if (!rules) table.set(witness.literal, [rule]);
    else if (rules[rules.length - 1] !== rule) rules.push(rule);
  }

  addAll(other: IndexBuilder): void {
    for (const [literal, rules] of other.whole) this.whole.set(literal, [...(this.whole.get(literal) ?? []), ...rules]);
    for (const [literal, rules] of other.inside) {
      this.inside.set(literal, [...(this.inside.get(literal) ?? []), ...rules]);
    }
  }

  build(): LiteralIndex {
    return new LiteralIndex(this.whole, this.inside);
  }
}

/** Rules that look at the same events: finds the few whose literals an event holds, and checks only these. */
export class RuleGroup {
  readonly #rules: readonly CompiledRule[];
  readonly #always: readonly number[];
  readonly #fields: readonly FieldIndex[];
  readonly #anyField: LiteralIndex | undefined;
  /** Fields' slots by their names, to know texts again that were looked through by their field. */
  readonly #slots: ReadonlyMap<string, number>;
  readonly #slotsSeen: ReadonlySet<number>;
  readonly #markedIn: Int32Array;
  readonly #candidates: number[] = [];
  #turn = 0;

  constructor(rules: readonly CompiledRule[], slotOf: (field: string) => number) {
    this.#rules = rules;
    this.#markedIn = new Int32Array(rules.length);
    const always: number[] = [];
    const byField = new Map<string | null, IndexBuilder>();
    for (const [index, { witnesses }] of rules.entries()) {
      if (!witnesses) always.push(index);
      for (const witness of witnesses ?? []) {
        const builder = byField.get(witness.field) ?? new IndexBuilder();
        byField.set(witness.field, builder);
        builder.add(witness, index);
      }
    }
    this.#always = always;
    const anyField = byField.get(null);
    this.#anyField = anyField?.build();
    byField.delete(null);
    const fields: FieldIndex[] = [];
    const slots = new Map<string, number>();
    for (const [field, builder] of byField) {
      if (field === null) continue;
      if (anyField) builder.addAll(anyField);
      const slot = slotOf(field);
      slots.set(field, slot);
      fields.push({ slot, index: builder.build() });
    }
    this.#fields = fields;
    this.#slots = slots;
    this.#slotsSeen = new Set(slots.values());
  }

  readonly #mark = (rules: readonly number[]): void => {
    for (const rule of rules) {
      if (this.#markedIn[rule] === this.#turn) continue;
      this.#markedIn[rule] = this.#turn;
      this.#candidates.push(rule);
    }
  };

  /** Adds the order numbers of the rules that the event matches. */
  evaluate(context: EventContext, matches: number[]): void {
    this.#turn = (this.#turn + 1) | 0;
    this.#candidates.length = 0;
    for (const { slot, index } of this.#fields) {
      const value = context.value(slot);
      if (typeof value === 'string') index.find(value, this.#mark);
      else if (value !== undefined && value !== null) this.#findInList(index, value);
    }
    if (this.#anyField) {
      if (context.line === undefined) this.#collectLeaves(this.#anyField, context, context.event, '', 0);
      else this.#collectLine(this.#anyField, context.line);
      this.#anyField.findCollected(this.#mark);
    }
    for (const rule of this.#candidates) this.#confirm(rule, context, matches);
    for (const rule of this.#always) this.#confirm(rule, context, matches);
  }

  /** Collects everything that a search over all fields looks through (`someLeaf`). */
  #collectLeaves(index: LiteralIndex, context: EventContext, value: object, name: string, depth: number): void {
    if (depth >= LEAF_DEPTH) return;
    const list = Array.isArray(value);
    for (const key in value) {
      const inside = (value as Record<string, unknown>)[key];
      if (inside === null || inside === undefined) continue;
      const inner = list ? name : name === '' ? key : `${name}.${key}`;
      if (typeof inside === 'object') this.#collectLeaves(index, context, inside, inner, depth + 1);
      else if (typeof inside !== 'string') {
        if (index.scalars) index.collect(String(inside), this.#mark);
      } else if (inside.length <= LONG || !this.#isSeen(inside, inner, context)) index.collect(inside, this.#mark);
    }
  }

  #collectLine(index: LiteralIndex, line: LineScanner): void {
    for (let leaf = 0; leaf < line.count; leaf++) {
      if (line.isString(leaf)) {
        const text = line.text(leaf);
        if (text.length <= LONG || !this.#slotsSeen.has(line.field(leaf))) index.collect(text, this.#mark);
      } else if (index.scalars && !line.isNull(leaf)) index.collect(String(JSON.parse(line.text(leaf))), this.#mark);
    }
  }

  /** Whether a text was looked through by its field. */
  #isSeen(text: string, name: string, context: EventContext): boolean {
    const slot = this.#slots.get(name);
    return slot !== undefined && context.value(slot) === text;
  }

  #findInList(index: LiteralIndex, value: unknown): void {
    anyElement(value, (element) => {
      const text = scalarText(element);
      if (text !== undefined) index.find(text, this.#mark);
      return false;
    });
  }

  #confirm(index: number, context: EventContext, matches: number[]): void {
    const rule = this.#rules[index];
    if (rule?.check(context)) matches.push(rule.order);
  }
}
