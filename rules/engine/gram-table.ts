import { FOLDED } from './text-bytes.ts';

/** Characters that are looked at together. */
const GRAM = 4;
/** Makes ASCII letters of a word small, and leaves every word that was small already. Other characters may fall together. */
const SMALL = 0x20202020;
/** Spreads a word over the filter (multiplicative hashing by the golden ratio). */
const MIX = 0x9e3779b1 | 0;
/** Bits of the filter for each word in it; and in all at least and most, as powers of two, for the processor's caches. */
const FILTER = { bitsPerWord: 32, least: 10, most: 20 } as const;

/** What a table finds: a literal's folded bytes, where in the text it must stand, and the questions that it answers. */
export interface TableEntry {
  readonly bytes: Uint8Array;
  /** Whether the text must begin, and end, with it. */
  readonly first: boolean;
  readonly last: boolean;
  readonly questions: readonly number[];
}

/** A text to be looked through: bytes `start` to before `end`; `escaped` where some of its characters are written as two, by a backslash. */
export interface TextPlace {
  bytes: Uint8Array;
  words: DataView;
  start: number;
  end: number;
  escaped: boolean;
}

/** A place and the word there wherever a text may hold a literal; the same for all tables, as one text is looked at at a time. */
const hits = { places: new Int32Array(1_024), words: new Int32Array(1_024), count: 0 };

function note(place: number, word: number): void {
  if (hits.count === hits.places.length) {
    for (const name of ['places', 'words'] as const) {
      const larger = new Int32Array(2 * hits.count);
      larger.set(hits[name]);
      hits[name] = larger;
    }
  }
  hits.places[hits.count] = place;
  hits.words[hits.count++] = word;
}

/** Notes the places from `start` to `last` whose words pass the filter. A function of its own, as most of the engine's time is spent in this loop. */
function probe(words: DataView, start: number, last: number, step: number, filter: Int32Array, shift: number): void {
  for (let at = start; at <= last; at += step) {
    const word = words.getInt32(at, true) | SMALL;
    const bit = Math.imul(word, MIX) >>> shift;
    if ((((filter[bit >>> 5] as number) >>> bit) & 1) !== 0) note(at, word);
  }
}

/** Four bytes from a place on as one word. */
function gram(bytes: Uint8Array, at: number): number {
  let word = 0;
  for (let index = 0; index < GRAM; index++) word |= (bytes[at + index] as number) << (8 * index);
  return word | SMALL;
}

/** How often each word occurs in the literals: what is common in them is common in events. */
function gramCounts(entries: readonly TableEntry[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { bytes } of entries) {
    for (let at = 0; at + GRAM <= bytes.length; at++) {
      const word = gram(bytes, at);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

/** What one more literal on a word's chain weighs, against one that only has the word in it. */
const CHAIN_WEIGHT = 4;

/** Where in the literal `step` words in a row are together the rarest, in the literals and on the chains so far. */
function rarestStart(
  bytes: Uint8Array,
  step: number,
  counts: ReadonlyMap<number, number>,
  chains: ReadonlyMap<number, number>,
): number {
  const weight = (at: number): number => {
    const word = gram(bytes, at);
    return (counts.get(word) ?? 0) + CHAIN_WEIGHT * (chains.get(word) ?? 0);
  };
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (let start = 0; start + step + GRAM - 1 <= bytes.length; start++) {
    let sum = 0;
    for (let offset = start; offset < start + step; offset++) sum += weight(offset);
    if (sum < fewest) [best, fewest] = [start, sum];
  }
  return best;
}

/** Which words of each literal lead to it. Short literals have the least choice, so they go first. */
function chainsOf(entries: readonly TableEntry[], step: number): Chained[] {
  const counts = gramCounts(entries);
  const chains = new Map<number, number>();
  const chained: Chained[] = [];
  const order = [...entries.keys()].sort((left, right) => lengthOf(entries, left) - lengthOf(entries, right));
  for (const entry of order) {
    const { bytes } = entries[entry] as TableEntry;
    const start = rarestStart(bytes, step, counts, chains);
    for (let offset = start; offset < start + step; offset++) {
      const word = gram(bytes, offset);
      chains.set(word, (chains.get(word) ?? 0) + 1);
      chained.push({ word, entry, offset });
    }
  }
  return chained.sort((left, right) => left.word - right.word);
}

function lengthOf(entries: readonly TableEntry[], entry: number): number {
  return entries[entry]?.bytes.length ?? 0;
}

interface Chained {
  readonly word: number;
  readonly entry: number;
  readonly offset: number;
}

/**
 * A table of four-byte words of literals. A text is probed at every `step`-th place: a literal of `step + 3` bytes or
 * more covers a whole probed word wherever it stands, so `step` of its words in a row, the rarest there are, are in
 * the table. What is found is compared byte by byte, so that a literal that is told of is there.
 */
export class GramTable {
  readonly #step: number;
  readonly #shift: number;
  /** One bit a word: set where some literal has it. */
  readonly #filter: Int32Array;
  /** By the hash of a word, or the next that is free: the word, and where its chain begins and ends. */
  readonly #keys: Int32Array;
  readonly #begins: Int32Array;
  readonly #ends: Int32Array;
  readonly #entries: Int32Array;
  readonly #offsets: Int32Array;
  /** By entry: which ends of the text it must stand at, and its bytes in `#pool`. */
  readonly #anchors: Uint8Array;
  readonly #pool: Uint8Array;
  readonly #starts: Int32Array;
  /** The text in which an entry was found last. */
  readonly #turns: Int32Array;
  /** By entry, where its questions begin in the list after. */
  readonly #asked: Int32Array;
  readonly #questions: Int32Array;

  /** Entries must be of `step + 3` bytes at least. */
  constructor(entries: readonly TableEntry[], step: number) {
    this.#step = step;
    const chained = chainsOf(entries, step);
    const wanted = 32 - Math.clz32(chained.length * FILTER.bitsPerWord);
    const bits = Math.min(FILTER.most, Math.max(FILTER.least, wanted));
    this.#shift = 32 - bits;
    this.#filter = new Int32Array(2 ** (bits - 5));
    const size = 2 ** Math.ceil(Math.log2(2 * chained.length + 2));
    this.#keys = new Int32Array(size);
    this.#begins = new Int32Array(size);
    this.#ends = new Int32Array(size);
    this.#entries = Int32Array.from(chained, ({ entry }) => entry);
    this.#offsets = Int32Array.from(chained, ({ offset }) => offset);
    for (const [index, { word }] of chained.entries()) {
      const place = this.#place(word);
      if (this.#ends[place] === 0) this.#begins[place] = index;
      this.#keys[place] = word;
      this.#ends[place] = index + 1;
      const bit = Math.imul(word, MIX) >>> this.#shift;
      this.#filter[bit >>> 5] = (this.#filter[bit >>> 5] as number) | (1 << bit);
    }
    this.#anchors = Uint8Array.from(entries, ({ first, last }) => (first ? 1 : 0) | (last ? 2 : 0));
    this.#pool = Buffer.concat(entries.map(({ bytes }) => bytes));
    this.#starts = new Int32Array(entries.length + 1);
    for (const [entry, { bytes }] of entries.entries()) {
      this.#starts[entry + 1] = (this.#starts[entry] as number) + bytes.length;
    }
    this.#turns = new Int32Array(entries.length);
    this.#asked = new Int32Array(entries.length + 1);
    for (const [entry, { questions }] of entries.entries()) {
      this.#asked[entry + 1] = (this.#asked[entry] as number) + questions.length;
    }
    this.#questions = Int32Array.from(entries.flatMap(({ questions }) => questions));
  }

  /** Where a word's chain is told of, or would be. */
  #place(word: number): number {
    const mask = this.#keys.length - 1;
    let place = (Math.imul(word, MIX) >>> 7) & mask;
    while (this.#ends[place] !== 0 && this.#keys[place] !== word) place = (place + 1) & mask;
    return place;
  }

  /** Calls `found` with the questions of each entry that the text holds, unless it was found in the same `turn` before. */
  find(text: TextPlace, turn: number, found: (question: number) => void): void {
    const { words, start, end } = text;
    probe(words, start, end - GRAM, this.#step, this.#filter, this.#shift);
    const count = hits.count;
    if (count === 0) return;
    hits.count = 0;
    for (let hit = 0; hit < count; hit++) {
      const place = this.#place(hits.words[hit] as number);
      const chainEnd = this.#ends[place] as number;
      for (let index = this.#begins[place] as number; index < chainEnd; index++) {
        const entry = this.#entries[index] as number;
        if (this.#turns[entry] === turn) continue;
        const at = (hits.places[hit] as number) - (this.#offsets[index] as number);
        if (!this.#standsAt(entry, text, at)) continue;
        this.#turns[entry] = turn;
        const last = this.#asked[entry + 1] as number;
        for (let asked = this.#asked[entry] as number; asked < last; asked++) found(this.#questions[asked] as number);
      }
    }
  }

  #standsAt(entry: number, { bytes, start, end, escaped }: TextPlace, at: number): boolean {
    const from = this.#starts[entry] as number;
    const length = (this.#starts[entry + 1] as number) - from;
    const anchors = this.#anchors[entry] as number;
    const after = at + length;
    if (at < start || after > end) return false;
    if (((anchors & 1) !== 0 && at !== start) || ((anchors & 2) !== 0 && after !== end)) return false;
    const pool = this.#pool;
    for (let index = 0; index < length; index++) {
      if (FOLDED[bytes[at + index] as number] !== pool[from + index]) return false;
    }
    return !escaped || isWholeAt(bytes, start, at);
  }
}

/** Whether no character that is written as two, by a backslash, is parted at a place. */
function isWholeAt(bytes: Uint8Array, start: number, at: number): boolean {
  let before = at;
  while (before > start && bytes[before - 1] === 0x5c) before--;
  return ((at - before) & 1) === 0;
}
