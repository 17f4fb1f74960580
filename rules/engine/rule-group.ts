import type { LineScanner } from '../../ecs/line-scanner.ts';
import type { LineKernel } from '../../ecs/scan/line-kernel.ts';
import { type Atom, LONG } from './atoms.ts';
import type { Check } from './compile-condition.ts';
import type { EventContext } from './event-context.ts';
import { EventTexts, LineTexts, type Texts } from './event-texts.ts';
import { LiteralIndex } from './literal-index.ts';
import type { Encoding } from './text-bytes.ts';

/** A rule ready to be checked; `order` is its place in the rule set. */
export interface CompiledRule {
  readonly order: number;
  readonly check: Check;
  /** All questions that it asks of an index. */
  readonly questions: readonly Atom[];
  /** Those of which one must be answered with yes; undefined: always a candidate. */
  readonly witnesses: readonly Atom[] | undefined;
}

/** Rules that look at the same events: finds the few whose literals an event holds, and checks only these. */
export class RuleGroup {
  readonly #rules: readonly CompiledRule[];
  readonly #always: readonly number[];
  readonly #limits: Uint8Array;
  readonly #index: LiteralIndex;
  readonly #texts: Texts;

  /** `names`: the fields by their slots. `encoding`: plain for events, json for lines. `yes`: as `Hanging` has it. */
  constructor(
    kernel: LineKernel,
    rules: readonly CompiledRule[],
    names: readonly string[],
    encoding: Encoding,
    yes: number,
  ) {
    this.#rules = rules;
    this.#limits = new Uint8Array(names.length + 1).fill(LONG);
    const hanging = new Map<Atom, number[]>();
    const always: number[] = [];
    for (const [rule, { questions, witnesses }] of rules.entries()) {
      for (const atom of questions) if (!hanging.has(atom)) hanging.set(atom, []);
      if (!witnesses) always.push(rule);
      for (const atom of witnesses ?? []) {
        hanging.get(atom)?.push(rule);
        this.#limits[atom.slot + 1] = Math.min(atom.shortest, this.#limits[atom.slot + 1] as number);
      }
    }
    this.#always = always;
    this.#index = new LiteralIndex(kernel, [...hanging.keys()], this.#limits, encoding, {
      rules: [...hanging.values()],
      ruleCount: rules.length,
      yes,
    });
    this.#texts = encoding === 'json' ? new LineTexts(this.#index) : new EventTexts(this.#index, names);
  }

  /** Adds the order numbers of the rules that the event matches; `line`: where it is one. */
  evaluate(context: EventContext, line: LineScanner | undefined, matches: number[]): void {
    context.limits = this.#limits;
    this.#texts.find(context, line);
    // After the texts, as a very long one may have made the memory grow.
    context.refresh();
    const { from, count } = this.#index.takeCandidates();
    const { words } = this.#index.kernel;
    for (let at = from; at < from + count; at++) this.#confirm(words[at] as number, context, matches);
    for (const rule of this.#always) this.#confirm(rule, context, matches);
  }

  #confirm(index: number, context: EventContext, matches: number[]): void {
    const rule = this.#rules[index];
    if (rule?.check(context)) matches.push(rule.order);
  }
}
