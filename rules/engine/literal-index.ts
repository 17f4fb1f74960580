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

function mix(word: number, shift: number): number {
  return Math.imul(word, 0x9e3779b1) >>> shift;
}

interface Entry {
  readonly literal: string;
  readonly offset: number;
  readonly rules: readonly number[];
}

/**
 * A table of four-character words of literals. A text is probed at every `stride`-th position: a literal of
 * `stride + 3` characters or more covers a whole probed word wherever it stands, so all its first `stride` words are in
 * the table.
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
    for (const [literal, rules] of literals) {
      for (let offset = 0; offset < stride; offset++) {
        const word = gram(literal, offset);
        this.#filter[mix(word, this.#shift)] = 1;
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
      if (filter[Math.imul(word, 0x9e3779b1) >>> shift] !== 0) this.#verify(text, at, word, found);
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

/** Finds which of many folded literals a folded text is, or holds; in time linear in the text, whatever their number. */
export class LiteralIndex {
  readonly #whole: ReadonlyMap<string, readonly number[]>;
  readonly #long: GramTable | undefined;
  readonly #short: GramTable | undefined;
  readonly #tiny: readonly (readonly [string, readonly number[]])[];

  /** Rules by the literal that must be the whole text, and by the literal that must be in it. */
  constructor(whole: ReadonlyMap<string, readonly number[]>, inside: ReadonlyMap<string, readonly number[]>) {
    this.#whole = whole;
    const long = new Map<string, readonly number[]>();
    const short = new Map<string, readonly number[]>();
    const tiny: [string, readonly number[]][] = [];
    for (const [literal, rules] of inside) {
      if (literal.length >= 2 * GRAM - 1) long.set(literal, rules);
      else if (literal.length >= GRAM) short.set(literal, rules);
      else tiny.push([literal, rules]);
    }
    this.#long = long.size > 0 ? new GramTable(long, GRAM) : undefined;
    this.#short = short.size > 0 ? new GramTable(short, 1) : undefined;
    this.#tiny = tiny;
  }

  /** Calls `found` with the rules of each literal in the text; the same rules may come more than once. */
  find(text: string, found: (rules: readonly number[]) => void): void {
    const whole = this.#whole.get(text);
    if (whole) found(whole);
    this.#long?.find(text, found);
    this.#short?.find(text, found);
    for (const [literal, rules] of this.#tiny) if (text.includes(literal)) found(rules);
  }
}
