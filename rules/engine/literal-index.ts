import { type Atom, LEAST, type Literal, LONG, soughtBytes } from './atoms.ts';
import { ForeignLiterals } from './foreign-literals.ts';
import { GramTable, type TableEntry, type TextPlace } from './gram-table.ts';
import { type Encoding, FOLDED, isAscii, literalBytes } from './text-bytes.ts';

/** Parts of numbers and booleans as texts. */
const SCALAR = /^([0-9.e+-]+|[truefals]+|[infty]+)$/;
/** Whole texts up to here are found by their bytes as one number. */
const SHORT_WHOLE = 6;

/** Takes a question that a text answers with yes, by its place among those of the index; the same may come more than once. */
export type Found = (question: number) => void;

/** What is looked for in the texts of one field. */
class FieldIndex {
  readonly inside: GramTable | undefined;
  /** The fewest bytes of a text that can hold any of it. */
  readonly least: number;
  readonly wholes: ReadonlyMap<number, readonly number[]> | undefined;
  readonly foreign: ForeignLiterals | undefined;

  /** `limit`: the fewest bytes of a literal that is looked for. */
  constructor(literals: ReadonlyMap<Literal, readonly number[]>, limit: number, encoding: Encoding) {
    const entries: TableEntry[] = [];
    const wholes = new Map<number, readonly number[]>();
    let foreign: ForeignLiterals | undefined;
    for (const [literal, questions] of literals) {
      if (!isAscii(literal.text)) {
        foreign ??= new ForeignLiterals();
        foreign.add(literal, questions);
        continue;
      }
      const bytes = literalBytes(literal.text, encoding);
      const whole = literal.match === 'equals';
      if (whole && bytes.length <= SHORT_WHOLE) {
        const key = wholeKey(bytes, 0, bytes.length);
        wholes.set(key, [...(wholes.get(key) ?? []), ...questions]);
        continue;
      }
      const [first, last] = [whole || literal.match === 'starts', whole || literal.match === 'ends'];
      entries.push({ bytes, first, last, questions });
    }
    this.inside = entries.length > 0 ? new GramTable(entries, limit - LEAST + 1) : undefined;
    this.wholes = wholes.size > 0 ? wholes : undefined;
    this.foreign = foreign;
    this.least = this.wholes || foreign ? 0 : limit;
  }
}

/** Finds which of many questions an event's texts answer with yes: which literals they hold, without regard to case; in time linear in the texts, whatever the number of literals. */
export class LiteralIndex {
  /** By slot, and before them for any other field. */
  readonly #fields: (FieldIndex | undefined)[];
  /** The fields that have literals of their own. */
  readonly slots: readonly number[];
  /** Whether all fields are looked through, and whether a number or a boolean may then hold a literal. */
  readonly anyField: boolean;
  /** How many slots there are. */
  readonly count: number;
  readonly scalars: boolean;

  /** `limits`: by slot, and before them for any field, the fewest bytes of a literal that is looked for. */
  constructor(atoms: readonly Atom[], limits: Uint8Array, encoding: Encoding) {
    const bySlot = new Map<number, Map<string, [Literal, number[]]>>();
    for (const [question, { slot, literals }] of atoms.entries()) {
      const ofSlot = bySlot.get(slot) ?? new Map<string, [Literal, number[]]>();
      bySlot.set(slot, ofSlot);
      for (const literal of literals) {
        if (soughtBytes(literal) < (limits[slot + 1] as number)) continue;
        const key = `${literal.match} ${literal.text}`;
        const known = ofSlot.get(key);
        if (known) known[1].push(question);
        else ofSlot.set(key, [literal, [question]]);
      }
    }
    const any = [...(bySlot.get(-1)?.values() ?? [])];
    const anyLimit = limits[0] as number;
    this.anyField = any.length > 0;
    this.count = limits.length - 1;
    this.scalars = any.some(([{ text }]) => SCALAR.test(text));
    this.#fields = new Array<undefined>(limits.length).fill(undefined);
    const slots: number[] = [];
    for (const [slot, ofSlot] of bySlot) {
      if (slot === -1 || ofSlot.size === 0) continue;
      slots.push(slot);
      const limit = Math.min(limits[slot + 1] as number, this.anyField ? anyLimit : LONG);
      this.#fields[slot + 1] = new FieldIndex(new Map([...ofSlot.values(), ...any]), limit, encoding);
    }
    this.slots = slots;
    if (!this.anyField) return;
    const others = new FieldIndex(new Map(any), anyLimit, encoding);
    for (let place = 0; place < limits.length; place++) this.#fields[place] ??= others;
  }

  /** Whether texts of so many bytes of a field can hold anything that is looked for. */
  asks(slot: number, length: number): boolean {
    const field = this.#fields[slot + 1];
    return field !== undefined && length >= field.least;
  }

  /** Calls `found` with each question that the text of a field answers with yes. `turn`: the number of the event. */
  find(slot: number, text: TextPlace, turn: number, found: Found): void {
    const field = this.#fields[slot + 1];
    if (field === undefined) return;
    const length = text.end - text.start;
    if (field.wholes !== undefined && length <= SHORT_WHOLE) {
      const questions = field.wholes.get(wholeKey(text.bytes, text.start, text.end));
      if (questions) for (const question of questions) found(question);
    }
    if (field.inside !== undefined && length >= LEAST) field.inside.find(text, turn, found);
  }

  /** The same for what lies outside ASCII, in a folded text. */
  findForeign(slot: number, folded: string, found: Found): void {
    this.#fields[slot + 1]?.foreign?.find(folded, found);
  }
}

/** A text of up to six bytes, folded, as a number that no other has. */
function wholeKey(bytes: Uint8Array, start: number, end: number): number {
  let key = end - start;
  for (let at = start; at < end; at++) key = key * 256 + (FOLDED[bytes[at] as number] as number);
  return key;
}
