import { type Atom, LEAST, type Literal, LONG, soughtBytes } from './atoms.ts';
import { GramTable, type TableEntry, type TextPlace } from './gram-table.ts';
import { type Encoding, FOLDED, literalBytes } from './text-bytes.ts';

/** Parts of numbers and booleans as texts. */
const SCALAR = /^([0-9.e+-]+|[truefals]+|[infty]+)$/;
/** Whole texts up to here are found by their bytes as one number. */
const SHORT_WHOLE = 6;

/** What is done with the texts of a field, one bit each. */
const PLAN = { long: 1, short: 2, whole: 4 } as const;

const NONE: readonly number[] = [];

/** Takes the question that a text answers with yes; the same may come more than once. */
export type Found = (question: number) => void;

/** One literal of one field, and the questions of which it is an answer, by their places among those of the index. */
interface Sought {
  readonly literal: Literal;
  readonly slot: number;
  readonly questions: number[];
}

/** Finds which of many questions an event's texts answer with yes: which literals they hold, without regard to case; in time linear in the texts, whatever the number of literals. */
export class LiteralIndex {
  readonly #plans: Uint8Array;
  readonly #long: GramTable;
  readonly #short: GramTable;
  /** By slot, short whole texts. */
  readonly #wholes: (Map<number, number[]> | undefined)[];
  /** The fields that are looked through. */
  readonly slots: readonly number[];
  /** Whether all fields are looked through, and whether a number or a boolean may then hold a literal. */
  readonly anyField: boolean;
  readonly scalars: boolean;

  /** `limits`: by slot, and before them for any field, the fewest bytes of a literal that is looked for. */
  constructor(atoms: readonly Atom[], limits: Uint8Array, encoding: Encoding) {
    const all = gather(atoms, limits);
    this.#plans = new Uint8Array(limits.length);
    this.#wholes = new Array<undefined>(limits.length).fill(undefined);
    const long: TableEntry[] = [];
    const short: TableEntry[] = [];
    const plan = (slot: number, bit: number): void => {
      this.#plans[slot + 1] = (this.#plans[slot + 1] as number) | bit;
    };
    for (const { literal, slot, questions } of all) {
      const bytes = literalBytes(literal.text, encoding);
      const whole = literal.match === 'equals';
      if (whole && bytes.length <= SHORT_WHOLE) {
        plan(slot, PLAN.whole);
        const wholes = this.#wholes[slot + 1] ?? new Map<number, number[]>();
        this.#wholes[slot + 1] = wholes;
        wholes.set(wholeKey(bytes, 0, bytes.length), questions);
        continue;
      }
      const isLong = bytes.length >= LONG;
      plan(slot, isLong ? PLAN.long : PLAN.short);
      const [first, last] = [whole || literal.match === 'starts', whole || literal.match === 'ends'];
      (isLong ? long : short).push({ bytes, slot, first, last, questions });
    }
    this.#long = new GramTable(long, 4);
    this.#short = new GramTable(short, 1);
    const any = this.#plans[0] as number;
    this.anyField = any !== 0;
    this.slots = [...this.#plans.keys()].flatMap((place) => (place > 0 && this.#plans[place] !== 0 ? [place - 1] : []));
    for (let place = 1; place < limits.length; place++) this.#plans[place] = (this.#plans[place] as number) | any;
    this.scalars = all.some(({ literal, slot }) => slot === -1 && SCALAR.test(literal.text));
  }

  /** Whether texts of so many bytes of a field are looked through at all. */
  asks(slot: number, length: number): boolean {
    const plan = this.#plans[slot + 1] as number;
    if (plan === 0) return false;
    return plan !== PLAN.long || length >= LONG;
  }

  /** Calls `found` with each question that the text answers with yes. `turn`: the number of the event. */
  find(text: TextPlace, turn: number, found: Found): void {
    const plan = this.#plans[text.slot + 1] as number;
    const length = text.end - text.start;
    if ((plan & PLAN.whole) !== 0 && length <= SHORT_WHOLE) {
      const key = wholeKey(text.bytes, text.start, text.end);
      for (const question of this.#wholes[text.slot + 1]?.get(key) ?? NONE) found(question);
      if (text.slot >= 0) for (const question of this.#wholes[0]?.get(key) ?? NONE) found(question);
    }
    if ((plan & PLAN.long) !== 0 && length >= LONG) this.#long.find(text, turn, found);
    if ((plan & PLAN.short) !== 0 && length >= LEAST) this.#short.find(text, turn, found);
  }
}

/** Every literal that is looked for, once a field. */
function gather(atoms: readonly Atom[], limits: Uint8Array): readonly Sought[] {
  const byKey = new Map<string, Sought>();
  for (const [question, { slot, literals }] of atoms.entries()) {
    for (const literal of literals) {
      if (soughtBytes(literal) < (limits[slot + 1] as number)) continue;
      const key = `${slot} ${literal.match} ${literal.text}`;
      const known = byKey.get(key);
      if (known) known.questions.push(question);
      else byKey.set(key, { literal, slot, questions: [question] });
    }
  }
  return [...byKey.values()];
}

/** A text of up to six bytes, folded, as a number that no other has. */
function wholeKey(bytes: Uint8Array, start: number, end: number): number {
  let key = end - start;
  for (let at = start; at < end; at++) key = key * 256 + (FOLDED[bytes[at] as number] as number);
  return key;
}
