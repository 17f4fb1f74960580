import { anyElement, scalarText } from '../query/field-test.ts';
import { someLeaf } from '../query/matcher.ts';
import { foldCase } from '../query/string-test.ts';
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
    this.#anyField = byField.get(null)?.build();
    const fields: FieldIndex[] = [];
    for (const [field, builder] of byField) {
      if (field !== null) fields.push({ slot: slotOf(field), index: builder.build() });
    }
    this.#fields = fields;
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
      const text = context.folded(slot);
      if (text !== undefined) index.find(text, this.#mark);
      else this.#findInList(index, context.value(slot));
    }
    const anyField = this.#anyField;
    if (anyField) {
      someLeaf(context.event, (leaf) => {
        const text = scalarText(leaf);
        if (text !== undefined) anyField.find(foldCase(text), this.#mark);
        return false;
      });
    }
    for (const rule of this.#candidates) this.#confirm(rule, context, matches);
    for (const rule of this.#always) this.#confirm(rule, context, matches);
  }

  #findInList(index: LiteralIndex, value: unknown): void {
    if (!Array.isArray(value)) return;
    anyElement(value, (element) => {
      const text = scalarText(element);
      if (text !== undefined) index.find(foldCase(text), this.#mark);
      return false;
    });
  }

  #confirm(index: number, context: EventContext, matches: number[]): void {
    const rule = this.#rules[index];
    if (rule?.check(context)) matches.push(rule.order);
  }
}
