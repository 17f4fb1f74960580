import { foldCase } from '../query/string-test.ts';
import { type Found, GramTable, type RulesByLiteral } from './gram-table.ts';
import { GRAM, TextBytes } from './text-bytes.ts';

const NOT_ASCII = /[^\x00-\x7f]/;
const LETTER = /[a-z]/;
/** Parts of numbers and booleans as texts. */
const SCALAR = /^([0-9.e+-]+|[truefals]+|[infty]+)$/;

type Literals = Map<string, readonly number[]>;

interface Foreign {
  readonly literal: string;
  /** Where in the literal its key stands. */
  readonly offset: number;
  readonly rules: readonly number[];
}

/** All indexes share them: one text, or one collection of texts, is looked at at a time. */
const text = new TextBytes();
const collection = new TextBytes();

/** So many short literals are looked for one by one: a search is quick, and probing for them is several times as dense. */
const FEW = { 2: 3, 1: 6 } as const;

/** By their last character outside ASCII: of an emoji that is the half which tells it from others. */
function indexForeign(literals: Iterable<readonly [string, readonly number[]]>): ReadonlyMap<number, Foreign[]> {
  const byUnit = new Map<number, Foreign[]>();
  for (const [literal, rules] of literals) {
    let offset = literal.length - 1;
    while (literal.charCodeAt(offset) < 0x80) offset--;
    const unit = literal.charCodeAt(offset);
    const own = byUnit.get(unit);
    if (own) own.push({ literal, offset, rules });
    else byUnit.set(unit, [{ literal, offset, rules }]);
  }
  return byUnit;
}

/** Finds which of many folded literals a text is, or holds, once folded; in time linear in the text, whatever their number. */
export class LiteralIndex {
  readonly #whole: RulesByLiteral;
  /** By length, whether some whole literal has it. */
  readonly #wholeLengths: Uint8Array;
  readonly #tables: readonly GramTable[];
  /** Short literals, tried one by one; whether they have letters. */
  readonly #single: readonly (readonly [literal: string, letters: boolean, rules: readonly number[]])[];
  /** Rules on look-alike letters and emoji, by UTF-16 unit; looked for only in texts that are not plain ASCII. */
  readonly #foreign: ReadonlyMap<number, readonly Foreign[]>;
  readonly #shortest: number;
  /** Whether texts may be collected and looked through at once. */
  readonly #collects: boolean;
  /** Whether a number or a boolean may hold a literal. */
  readonly scalars: boolean;

  /** Rules by the literal that must be the whole text, and by the literal that must be in it. */
  constructor(whole: RulesByLiteral, inside: RulesByLiteral) {
    this.#whole = whole;
    this.#wholeLengths = new Uint8Array(Math.max(-1, ...[...whole.keys()].map(({ length }) => length)) + 1);
    for (const { length } of whole.keys()) this.#wholeLengths[length] = 1;
    const byStride: Readonly<Record<1 | 2 | 4, Literals>> = { 1: new Map(), 2: new Map(), 4: new Map() };
    const single: [string, boolean, readonly number[]][] = [];
    const foreign: [string, readonly number[]][] = [];
    for (const [literal, rules] of inside) {
      if (NOT_ASCII.test(literal)) foreign.push([literal, rules]);
      else if (literal.length < GRAM) single.push([literal, LETTER.test(literal), rules]);
      else byStride[literal.length >= 2 * GRAM - 1 ? 4 : literal.length > GRAM ? 2 : 1].set(literal, rules);
    }
    // Where all places are probed anyway, longer literals are found on the way.
    if (byStride[1].size > FEW[1] && byStride[2].size > FEW[2]) {
      for (const [literal, rules] of byStride[2]) byStride[1].set(literal, rules);
      byStride[2].clear();
    }
    const tables: GramTable[] = [];
    for (const stride of [4, 2, 1] as const) {
      const literals = byStride[stride];
      const few = stride !== 4 && literals.size <= FEW[stride];
      if (few) for (const [literal, rules] of literals) single.push([literal, LETTER.test(literal), rules]);
      else if (literals.size > 0) tables.push(new GramTable(literals, stride));
    }
    this.#tables = tables;
    this.#single = single;
    this.#foreign = indexForeign(foreign);
    this.#collects = whole.size === 0 && single.length === 0;
    this.scalars = [...whole.keys(), ...inside.keys()].some((literal) => SCALAR.test(literal));
    this.#shortest = Math.min(...[...whole.keys(), ...inside.keys()].map(({ length }) => length));
  }

  /** Calls `found` with the rules of each literal in the text; the same rules may come more than once. */
  find(raw: string, found: Found): void {
    // One character folds to at most three.
    if (3 * raw.length < this.#shortest) return;
    text.take(raw);
    if (text.length < this.#wholeLengths.length && this.#wholeLengths[text.length] === 1) {
      const whole = this.#whole.get(foldCase(raw));
      if (whole) found(whole);
    }
    for (const table of this.#tables) table.find(text, found);
    if (this.#single.length > 0) this.#findSingle(raw, found);
    if (!text.plain && this.#foreign.size > 0) this.#findForeign(foldCase(raw), found);
  }

  /** Takes one text after another, and then looks for literals in all of them by `findCollected`. */
  collect(raw: string, found: Found): void {
    if (3 * raw.length < this.#shortest) return;
    if (!this.#collects || !collection.add(raw)) this.find(raw, found);
  }

  findCollected(found: Found): void {
    for (const table of this.#tables) table.find(collection, found);
    collection.clear();
  }

  #findSingle(raw: string, found: Found): void {
    let folded: string | undefined;
    for (const [literal, letters, rules] of this.#single) {
      if (letters) folded ??= foldCase(raw);
      if ((letters && folded !== undefined ? folded : raw).includes(literal)) found(rules);
    }
  }

  #findForeign(folded: string, found: Found): void {
    for (let at = 0; at < folded.length; at++) {
      const unit = folded.charCodeAt(at);
      if (unit < 0x80) continue;
      for (const { literal, offset, rules } of this.#foreign.get(unit) ?? []) {
        if (at >= offset && folded.startsWith(literal, at - offset)) found(rules);
      }
    }
  }
}
