import { asciiBytes, FOLDED, GRAM, SMALL, type TextBytes } from './text-bytes.ts';

/** Rules that want a literal, by their numbers. */
export type RulesByLiteral = ReadonlyMap<string, readonly number[]>;
/** Takes the rules of a literal that was found; the same may come more than once. */
export type Found = (rules: readonly number[]) => void;

/** Spreads a word over the filter (multiplicative hashing by the golden ratio). */
const MIX = 0x9e3779b1 | 0;
/** Bits of the filter for each word in it; and in all at least and most, as powers of two, for the processor's caches. */
const FILTER = { bitsPerWord: 48, least: 10, most: 19 } as const;

interface Entry {
  readonly literal: Uint8Array;
  readonly offset: number;
  readonly rules: readonly number[];
}

/** Four bytes from a place on as one word. */
function gram(bytes: Uint8Array, at: number): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + GRAM);
  return first | (second << 8) | (third << 16) | (fourth << 24) | SMALL;
}

/** How often each word occurs in the literals: what is common in them is common in events. */
function gramCounts(literals: readonly Uint8Array[]): ReadonlyMap<number, number> {
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
function rarestStart(literal: Uint8Array, stride: number, counts: ReadonlyMap<number, number>): number {
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (let start = 0; start + stride + GRAM - 1 <= literal.length; start++) {
    let sum = 0;
    for (let offset = start; offset < start + stride; offset++) sum += counts.get(gram(literal, offset)) ?? 0;
    if (sum < fewest) [best, fewest] = [start, sum];
  }
  return best;
}

/** A place and the word there wherever a text may hold a literal. */
interface Hits {
  places: Int32Array;
  words: Int32Array;
  count: number;
}

/** The same for all tables, so that a text leaves nothing behind: one is looked at at a time. */
const hits: Hits = { places: new Int32Array(1_024), words: new Int32Array(1_024), count: 0 };

/**
 * Notes the places `phase`, `phase + 4`, … of a text whose words pass the filter. It is a function of its own, over plain
 * arrays, because nearly all of the engine's time on long texts is spent in this loop.
 */
function probe(words: Int32Array, last: number, phase: number, filter: Int32Array, shift: number): void {
  if (phase === 0) {
    const end = last >> 2;
    for (let index = 0; index <= end; index++) {
      const word = (words[index] as number) | SMALL;
      const bit = Math.imul(word, MIX) >>> shift;
      if ((((filter[bit >>> 5] as number) >>> bit) & 1) !== 0) note(index << 2, word);
    }
    return;
  }
  const [right, left] = [8 * phase, 32 - 8 * phase];
  const end = (last - phase) >> 2;
  for (let index = 0; index <= end; index++) {
    const word = ((words[index] as number) >>> right) | ((words[index + 1] as number) << left) | SMALL;
    const bit = Math.imul(word, MIX) >>> shift;
    if ((((filter[bit >>> 5] as number) >>> bit) & 1) !== 0) note((index << 2) + phase, word);
  }
}

function note(place: number, word: number): void {
  if (hits.count === hits.places.length) {
    hits.places = twice(hits.places);
    hits.words = twice(hits.words);
  }
  hits.places[hits.count] = place;
  hits.words[hits.count++] = word;
}

function twice(full: Int32Array): Int32Array {
  const larger = new Int32Array(2 * full.length);
  larger.set(full);
  return larger;
}

/**
 * A table of four-character words of ASCII literals. A text is probed at every `stride`-th position: a literal of
 * `stride + 3` characters or more covers a whole probed word wherever it stands, so `stride` of its words in a row,
 * the rarest there are, are in the table.
 */
export class GramTable {
  readonly #stride: 1 | 2 | 4;
  readonly #shift: number;
  /** One bit a word: set where some literal has it. */
  readonly #filter: Int32Array;
  readonly #chains = new Map<number, Entry[]>();

  constructor(literals: RulesByLiteral, stride: 1 | 2 | 4) {
    this.#stride = stride;
    const wanted = 32 - Math.clz32(literals.size * stride * FILTER.bitsPerWord);
    const bits = Math.min(FILTER.most, Math.max(FILTER.least, wanted));
    this.#shift = 32 - bits;
    this.#filter = new Int32Array(2 ** (bits - 5));
    const entries = [...literals].map(([literal, rules]) => ({ literal: asciiBytes(literal), rules }));
    const counts = gramCounts(entries.map(({ literal }) => literal));
    for (const { literal, rules } of entries) {
      const start = rarestStart(literal, stride, counts);
      for (let offset = start; offset < start + stride; offset++) {
        this.#add(gram(literal, offset), { literal, offset, rules });
      }
    }
  }

  #add(word: number, entry: Entry): void {
    const bit = Math.imul(word, MIX) >>> this.#shift;
    this.#filter[bit >>> 5] = (this.#filter[bit >>> 5] as number) | (1 << bit);
    const chain = this.#chains.get(word);
    if (chain) chain.push(entry);
    else this.#chains.set(word, [entry]);
  }

  find(text: TextBytes, found: Found): void {
    const last = text.length - GRAM;
    if (last < 0) return;
    for (let phase = 0; phase < GRAM; phase += this.#stride) probe(text.words, last, phase, this.#filter, this.#shift);
    const { places, words, count } = hits;
    for (let index = 0; index < count; index++) {
      const chain = this.#chains.get(words[index] as number);
      if (!chain) continue;
      const place = places[index] as number;
      for (const { literal, offset, rules } of chain) if (standsAt(literal, text, place - offset)) found(rules);
    }
    hits.count = 0;
  }
}

function standsAt(literal: Uint8Array, { bytes, length }: TextBytes, start: number): boolean {
  if (start < 0 || start + literal.length > length) return false;
  for (let at = 0; at < literal.length; at++) {
    if (FOLDED[bytes[start + at] as number] !== literal[at]) return false;
  }
  return true;
}
