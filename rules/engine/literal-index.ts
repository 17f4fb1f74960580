import type { LineKernel } from '../../ecs/scan/line-kernel.ts';
import { type Atom, LEAST, type Literal, LONG, soughtBytes } from './atoms.ts';
import { ForeignLiterals } from './foreign-literals.ts';
import { layTable, type TableEntry } from './gram-table.ts';
import { type Encoding, isAscii, literalBytes } from './text-bytes.ts';

/** Parts of numbers and booleans as texts. */
const SCALAR = /^([0-9.e+-]+|[truefals]+|[infty]+)$/;
/** Words of a group that hold where candidates are, and how many (`ecs/kernels/source/find.ts`). */
const [CANDIDATES, CANDIDATE_COUNT] = [7, 8] as const;

/** The rules that hang on questions, and where answers are kept. */
export interface Hanging {
  /** By question, the rules that are to be checked where it is answered with yes. */
  readonly rules: readonly (readonly number[])[];
  readonly ruleCount: number;
  /** Where in the kernel's memory the event is noted in which a question was answered with yes last, by its `id`. */
  readonly yes: number;
}

/** What is looked for in the texts of one field. */
interface FieldIndex {
  /** Place of its table in the kernel's memory. */
  readonly table: number;
  /** The fewest bytes of a text that can hold any of it. */
  readonly least: number;
  readonly foreign: ForeignLiterals | undefined;
}

/** `limit`: the fewest bytes of a literal that is looked for. */
function layField(
  kernel: LineKernel,
  literals: Iterable<readonly [Literal, readonly number[]]>,
  limit: number,
  encoding: Encoding,
): FieldIndex {
  const entries: TableEntry[] = [];
  let foreign: ForeignLiterals | undefined;
  let least = limit;
  for (const [literal, questions] of literals) {
    const whole = literal.match === 'equals';
    if (!isAscii(literal.text)) {
      foreign ??= new ForeignLiterals();
      foreign.add(literal, questions);
      least = 0;
      continue;
    }
    const bytes = literalBytes(literal.text, encoding);
    if (whole && bytes.length < limit) least = Math.min(least, bytes.length);
    const [first, last] = [whole || literal.match === 'starts', whole || literal.match === 'ends'];
    entries.push({ bytes, first, last, questions });
  }
  return { table: layTable(kernel, entries, limit - LEAST + 1, least, foreign !== undefined), least, foreign };
}

/**
 * Finds which of many questions an event's texts answer with yes: which literals they hold, without regard to case; in time
 * linear in the texts, whatever the number of literals. Its tables are in a kernel's memory, and the kernel looks through
 * the texts.
 */
export class LiteralIndex {
  readonly kernel: LineKernel;
  /** Its place in the kernel's memory. */
  readonly place: number;
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
  constructor(kernel: LineKernel, atoms: readonly Atom[], limits: Uint8Array, encoding: Encoding, hanging: Hanging) {
    this.kernel = kernel;
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
      // A literal of both is one entry for each: which question is told of twice does not matter.
      this.#fields[slot + 1] = layField(kernel, [...ofSlot.values(), ...any], limit, encoding);
    }
    this.slots = slots;
    if (this.anyField) {
      const others = layField(kernel, any, anyLimit, encoding);
      for (let place = 0; place < limits.length; place++) this.#fields[place] ??= others;
    }
    this.place = this.#layGroup(atoms, hanging);
  }

  #layGroup(atoms: readonly Atom[], { rules, ruleCount, yes }: Hanging): number {
    const { kernel } = this;
    const hangs = new Int32Array(rules.length + 1);
    for (const [question, list] of rules.entries()) hangs[question + 1] = (hangs[question] as number) + list.length;
    return kernel.roomFor([
      this.count,
      this.scalars ? 1 : 0,
      kernel.roomFor(this.#fields.map((field) => field?.table ?? 0)),
      kernel.roomFor(atoms.map(({ id }) => id)),
      kernel.roomFor(hangs),
      kernel.roomFor(rules.flat()),
      kernel.room(4 * ruleCount),
      kernel.room(4 * ruleCount),
      0,
      yes,
    ]);
  }

  /** Whether texts of so many bytes of a field can hold anything that is looked for. */
  asks(slot: number, length: number): boolean {
    const field = this.#fields[slot + 1];
    return field !== undefined && length >= field.least;
  }

  /** Answers what lies outside ASCII, in a folded text. `turn`: the number of the event. */
  findForeign(slot: number, folded: string, turn: number): void {
    const { functions } = this.kernel;
    this.#fields[slot + 1]?.foreign?.find(folded, (question) => functions.answer(this.place, question, turn));
  }

  /** Takes out the rules that are to be checked; gives how many there are, from the place given in words on. */
  takeCandidates(): { readonly from: number; readonly count: number } {
    const { words } = this.kernel;
    const at = this.place / 4;
    const count = words[at + CANDIDATE_COUNT] as number;
    words[at + CANDIDATE_COUNT] = 0;
    return { from: (words[at + CANDIDATES] as number) / 4, count };
  }
}
