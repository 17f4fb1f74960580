import type { LineScanner } from '../../ecs/line-scanner.ts';
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
  /** Of the index's questions, their numbers in the rule set, and where the rules that hang on each begin in the list before. */
  readonly #ids: Int32Array;
  readonly #hanging: Int32Array;
  readonly #hangs: Int32Array;
  readonly #limits: Uint8Array;
  readonly #index: LiteralIndex;
  readonly #markedIn: Int32Array;
  readonly #candidates: number[] = [];
  readonly #texts: Texts;
  #context: EventContext | undefined;

  /** `names`: the fields by their slots. `encoding`: plain for events, json for lines. */
  constructor(rules: readonly CompiledRule[], names: readonly string[], encoding: Encoding) {
    this.#rules = rules;
    this.#markedIn = new Int32Array(rules.length);
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
    const atoms = [...hanging.keys()];
    this.#ids = Int32Array.from(atoms, ({ id }) => id);
    const lists = [...hanging.values()];
    this.#hangs = new Int32Array(lists.length + 1);
    for (const [question, list] of lists.entries()) {
      this.#hangs[question + 1] = (this.#hangs[question] as number) + list.length;
    }
    this.#hanging = Int32Array.from(lists.flat());
    this.#index = new LiteralIndex(atoms, this.#limits, encoding);
    this.#texts = encoding === 'json' ? new LineTexts(this.#index) : new EventTexts(this.#index, names);
  }

  readonly #found = (question: number): void => {
    const { yes, turn } = this.#context as EventContext;
    const id = this.#ids[question] as number;
    if (yes[id] === turn) return;
    yes[id] = turn;
    const last = this.#hangs[question + 1] as number;
    for (let index = this.#hangs[question] as number; index < last; index++) {
      const rule = this.#hanging[index] as number;
      if (this.#markedIn[rule] === turn) continue;
      this.#markedIn[rule] = turn;
      this.#candidates.push(rule);
    }
  };

  /** Adds the order numbers of the rules that the event matches; `line`: where it is one. */
  evaluate(context: EventContext, line: LineScanner | undefined, matches: number[]): void {
    this.#context = context;
    context.limits = this.#limits;
    this.#candidates.length = 0;
    this.#texts.find(context, line, this.#found);
    for (const rule of this.#candidates) this.#confirm(rule, context, matches);
    for (const rule of this.#always) this.#confirm(rule, context, matches);
  }

  #confirm(index: number, context: EventContext, matches: number[]): void {
    const rule = this.#rules[index];
    if (rule?.check(context)) matches.push(rule.order);
  }
}
