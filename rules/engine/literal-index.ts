/** Characters that are looked at together. */
const GRAM = 4;

/** The four characters from a place on as one word. Only the low byte of each counts: a match is looked at again anyway. */
function gram(text: string, at: number): number {
  return (
    (text.charCodeAt(at) & 0xff) |
    ((text.charCodeAt(at + 1) & 0xff) << 8) |
    ((text.charCodeAt(at + 2) & 0xff) << 16) |
    ((text.charCodeAt(at + 3) & 0xff) << 24)
  );
}

/** Texts are copied here before they are probed: reading bytes is several times faster than reading characters. */
let scratch = Buffer.alloc(65_536);

/** Copies the low byte of each character; gives where. */
function lowBytes(text: string): Uint8Array {
  if (text.length > scratch.length) scratch = Buffer.alloc(2 * text.length);
  if (text.length < 24) for (let at = 0; at < text.length; at++) scratch[at] = text.charCodeAt(at);
  else scratch.write(text, 'latin1');
  return scratch;
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
  /** One bit a word, so that it stays in the processor's nearest cache. */
  readonly #filter: Int32Array;
  readonly #chains = new Map<number, Entry[]>();

  constructor(literals: ReadonlyMap<string, readonly number[]>, stride: number) {
    this.#stride = stride;
    const bits = Math.min(18, Math.max(10, 32 - Math.clz32(literals.size * stride * 16)));
    this.#shift = 32 - bits;
    this.#filter = new Int32Array(2 ** (bits - 5));
    const common = gramCounts(literals.keys());
    for (const [literal, rules] of literals) {
      const start = rarestStart(literal, stride, common);
      for (let offset = start; offset < start + stride; offset++) {
        const word = gram(literal, offset);
        const hash = Math.imul(word, MIX) >>> this.#shift;
        this.#filter[hash >> 5] = (this.#filter[hash >> 5] ?? 0) | (1 << (hash & 31));
        const chain = this.#chains.get(word);
        if (chain) chain.push({ literal, offset, rules });
        else this.#chains.set(word, [{ literal, offset, rules }]);
      }
    }
  }

  find(text: string, bytes: Uint8Array, found: (rules: readonly number[]) => void): void {
    const last = text.length - GRAM;
    const filter = this.#filter;
    const shift = this.#shift;
    const stride = this.#stride;
    for (let at = 0; at <= last; at += stride) {
      const word =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      const hash = Math.imul(word, MIX) >>> shift;
      if (((filter[hash >> 5] as number) & (1 << (hash & 31))) !== 0) this.#verify(text, at, word, found);
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
    if (this.#tables.length > 0 && text.length >= GRAM) {
      const bytes = lowBytes(text);
      for (const table of this.#tables) table.find(text, bytes, found);
    }
    for (const [literal, rules] of this.#tiny) if (text.includes(literal)) found(rules);
    if (this.#foreign.length === 0 || !NOT_ASCII.test(text)) return;
    for (const [literal, rules] of this.#foreign) if (text.includes(literal)) found(rules);
  }
}
