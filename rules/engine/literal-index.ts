/** Characters that are looked at together. */
const GRAM = 4;

function gram(text: string, at: number): number {
  return (
    text.charCodeAt(at) ^
    (text.charCodeAt(at + 1) << 8) ^
    (text.charCodeAt(at + 2) << 16) ^
    (text.charCodeAt(at + 3) << 24)
  );
}

/** Spreads a word over the filter (multiplicative hashing by the golden ratio). */
const MIX = 0x9e3779b1 | 0;

interface Entry {
  readonly literal: string;
  readonly offset: number;
  readonly rules: readonly number[];
}

/** How often each word occurs in the literals: what is common in them is common in events. */
function gramCounts(literals: Iterable<string>): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const literal of literals) {
    for (let at = 0; at + GRAM <= literal.length; at++) {
      const word = gram(literal, at);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

/** Where in the literal `stride` words in a row are together the rarest. */
function rarestStart(literal: string, stride: number, counts: ReadonlyMap<number, number>): number {
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (let start = 0; start + stride + GRAM - 1 <= literal.length; start++) {
    let sum = 0;
    for (let offset = start; offset < start + stride; offset++) sum += counts.get(gram(literal, offset)) ?? 0;
    if (sum < fewest) [best, fewest] = [start, sum];
  }
  return best;
}

/**
 * A table of four-character words of literals. A text is probed at every `stride`-th position: a literal of
 * `stride + 3` characters or more covers a whole probed word wherever it stands, so `stride` of its words in a row,
 * the rarest there are, are in the table.
 */
class GramTable {
  readonly #stride: number;
  readonly #shift: number;
  readonly #filter: Uint8Array;
  readonly #chains = new Map<number, Entry[]>();

  constructor(literals: ReadonlyMap<string, readonly number[]>, stride: number) {
    this.#stride = stride;
    const bits = Math.min(18, Math.max(10, 32 - Math.clz32(literals.size * stride * 16)));
    this.#shift = 32 - bits;
    this.#filter = new Uint8Array(2 ** bits);
    const common = gramCounts(literals.keys());
    for (const [literal, rules] of literals) {
      const start = rarestStart(literal, stride, common);
      for (let offset = start; offset < start + stride; offset++) {
        const word = gram(literal, offset);
        this.#filter[Math.imul(word, MIX) >>> this.#shift] = 1;
        const chain = this.#chains.get(word);
        if (chain) chain.push({ literal, offset, rules });
        else this.#chains.set(word, [{ literal, offset, rules }]);
      }
    }
  }

  find(text: string, found: (rules: readonly number[]) => void): void {
    const last = text.length - GRAM;
    const filter = this.#filter;
    const shift = this.#shift;
    const stride = this.#stride;
    for (let at = 0; at <= last; at += stride) {
      const word = gram(text, at);
      if (filter[Math.imul(word, MIX) >>> shift] !== 0) this.#verify(text, at, word, found);
    }
  }

  #verify(text: string, at: number, word: number, found: (rules: readonly number[]) => void): void {
    const chain = this.#chains.get(word);
    if (!chain) return;
    for (const { literal, offset, rules } of chain) {
      if (at >= offset && text.startsWith(literal, at - offset)) found(rules);
    }
  }
}

const NOT_ASCII = /[^\x00-\x7f]/;

type Literals = Map<string, readonly number[]>;

function table(literals: Literals, stride: number): GramTable[] {
  return literals.size > 0 ? [new GramTable(literals, stride)] : [];
}

/** Finds which of many folded literals a folded text is, or holds; in time linear in the text, whatever their number. */
export class LiteralIndex {
  readonly #whole: ReadonlyMap<string, readonly number[]>;
  readonly #tables: readonly GramTable[];
  /** Literals shorter than a gram, tried one by one. */
  readonly #tiny: readonly (readonly [string, readonly number[]])[];
  /** The same, but looked for only in texts that are not plain ASCII: rules on look-alike letters and emoji. */
  readonly #foreign: readonly (readonly [string, readonly number[]])[];

  /** Rules by the literal that must be the whole text, and by the literal that must be in it. */
  constructor(whole: ReadonlyMap<string, readonly number[]>, inside: ReadonlyMap<string, readonly number[]>) {
    this.#whole = whole;
    const byStride: readonly [Literals, Literals, Literals] = [new Map(), new Map(), new Map()];
    const tiny: [string, readonly number[]][] = [];
    const foreign: [string, readonly number[]][] = [];
    for (const [literal, rules] of inside) {
      if (NOT_ASCII.test(literal)) foreign.push([literal, rules]);
      else if (literal.length < GRAM) tiny.push([literal, rules]);
      else byStride[literal.length >= 2 * GRAM - 1 ? 0 : literal.length > GRAM ? 1 : 2].set(literal, rules);
    }
    this.#tables = [...table(byStride[0], GRAM), ...table(byStride[1], 2), ...table(byStride[2], 1)];
    this.#tiny = tiny;
    this.#foreign = foreign;
  }

  /** Calls `found` with the rules of each literal in the text; the same rules may come more than once. */
  find(text: string, found: (rules: readonly number[]) => void): void {
    const whole = this.#whole.get(text);
    if (whole) found(whole);
    for (const table of this.#tables) table.find(text, found);
    for (const [literal, rules] of this.#tiny) if (text.includes(literal)) found(rules);
    if (this.#foreign.length === 0 || !NOT_ASCII.test(text)) return;
    for (const [literal, rules] of this.#foreign) if (text.includes(literal)) found(rules);
  }
}
