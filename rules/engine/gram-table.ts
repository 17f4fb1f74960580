import type { LineKernel } from '../../ecs/scan/line-kernel.ts';

/** Characters that are looked at together. */
const GRAM = 4;
/** Makes ASCII letters of a word small, and leaves every word that was small already. Other characters may fall together. */
const SMALL = 0x20202020;
/** Spreads a word over the filter (multiplicative hashing by the golden ratio). */
const MIX = 0x9e3779b1 | 0;
const MIX_LONG = 0x9e3779b97f4a7c15n;
const LONG_MASK = 0xffff_ffff_ffff_ffffn;
/** Bits of the filter for each word in it; and in all at least and most, as powers of two, for the processor's caches. */
const FILTER = { bitsPerWord: 32, least: 10, most: 20 } as const;
/** Whole texts up to here are found by their bytes as one number. */
const SHORT_WHOLE = 7;

/** What a table finds: a literal's folded bytes, where in the text it must stand, and the questions that it answers. */
export interface TableEntry {
  readonly bytes: Uint8Array;
  /** Whether the text must begin, and end, with it. */
  readonly first: boolean;
  readonly last: boolean;
  readonly questions: readonly number[];
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

/** The words of a table in the kernel's memory, in the order of `ecs/kernels/source/find.ts`. */
const TABLE_WORDS = 12;
const ENTRY_WORDS = 6;

/**
 * Lays out a table of four-byte words of literals in a kernel's memory; gives its place. A text is probed at every
 * `step`-th place: a literal of `step + 3` bytes or more covers a whole probed word wherever it stands, so `step` of its
 * words in a row, the rarest there are, are in the table. What is found is compared byte by byte, so that a literal that
 * is told of is there. Entries must be so long, or whole texts. `least`: the fewest bytes of a text that can hold any;
 * `foreign`: whether literals outside ASCII are looked for too.
 */
export function layTable(
  kernel: LineKernel,
  entries: readonly TableEntry[],
  step: number,
  least: number,
  foreign: boolean,
): number {
  const table = new Int32Array(TABLE_WORDS);
  const wholes = entries.filter(isShortWhole);
  const inside = entries.filter((entry) => !isShortWhole(entry));
  table[0] = step;
  table[10] = least;
  table[11] = foreign ? 1 : 0;
  const questions: number[] = [];
  /** Where the questions of an entry begin and end. */
  const ask = (own: readonly number[]): readonly [number, number] => {
    const first = questions.length;
    for (const question of own) questions.push(question);
    return [first, questions.length];
  };
  if (inside.length > 0) {
    const chained = chainsOf(inside, step);
    const wanted = 32 - Math.clz32(chained.length * FILTER.bitsPerWord);
    const bits = Math.min(FILTER.most, Math.max(FILTER.least, wanted));
    const { filter, chains, mask } = layWords(chained, bits);
    table[1] = 32 - bits;
    table[2] = kernel.roomFor(filter);
    table[3] = kernel.roomFor(chains);
    table[4] = mask;
    table[5] = kernel.roomFor(chained.flatMap(({ entry, offset }) => [entry, offset]));
    table[6] = layEntries(kernel, inside, ask);
  }
  if (wholes.length > 0) [table[8], table[9]] = layWholes(kernel, wholes, ask);
  table[7] = kernel.roomFor(questions);
  return kernel.roomFor(table);
}

function isShortWhole({ bytes, first, last }: TableEntry): boolean {
  return first && last && bytes.length <= SHORT_WHOLE;
}

/** The filter, one bit a word; and by the hash of a word, or the next that is free: the word, and where its chain begins and ends. */
function layWords(chained: readonly Chained[], bits: number): { filter: Int32Array; chains: Int32Array; mask: number } {
  const filter = new Int32Array(2 ** (bits - 5));
  const size = 2 ** Math.ceil(Math.log2(2 * chained.length + 2));
  const chains = new Int32Array(3 * size);
  const mask = size - 1;
  for (const [index, { word }] of chained.entries()) {
    const mixed = Math.imul(word, MIX);
    const bit = mixed >>> (32 - bits);
    filter[bit >>> 5] = (filter[bit >>> 5] as number) | (1 << bit);
    let place = (mixed >>> 7) & mask;
    while (chains[3 * place + 2] !== 0 && chains[3 * place] !== word) place = (place + 1) & mask;
    if (chains[3 * place + 2] === 0) chains[3 * place + 1] = index;
    chains[3 * place] = word;
    chains[3 * place + 2] = index + 1;
  }
  return { filter, chains, mask };
}

type Ask = (questions: readonly number[]) => readonly [number, number];

function layEntries(kernel: LineKernel, entries: readonly TableEntry[], ask: Ask): number {
  const words = new Int32Array(ENTRY_WORDS * entries.length);
  let place = kernel.room(entries.reduce((sum, { bytes }) => sum + bytes.length, 0));
  for (const [index, { bytes, first, last, questions }] of entries.entries()) {
    kernel.bytes.set(bytes, place);
    words.set([place, bytes.length, (first ? 1 : 0) | (last ? 2 : 0), 0, ...ask(questions)], ENTRY_WORDS * index);
    place += bytes.length;
  }
  return kernel.roomFor(words);
}

/** Short whole texts by their bytes as a number: place and mask. */
function layWholes(kernel: LineKernel, entries: readonly TableEntry[], ask: Ask): [place: number, mask: number] {
  const byKey = new Map<bigint, number[]>();
  for (const { bytes, questions } of entries) {
    let key = BigInt(bytes.length + 1);
    for (let at = SHORT_WHOLE - 1; at >= 0; at--) key = (key << 8n) | BigInt(bytes[at] ?? 0);
    byKey.set(key, [...(byKey.get(key) ?? []), ...questions]);
  }
  const size = 2 ** Math.ceil(Math.log2(2 * byKey.size + 2));
  const room = kernel.room(16 * size);
  for (const [key, questions] of byKey) {
    let slot = Number((((key * MIX_LONG) & LONG_MASK) >> 32n) & BigInt(size - 1));
    while (kernel.longs[room / 8 + 2 * slot] !== 0n) slot = (slot + 1) & (size - 1);
    kernel.longs[room / 8 + 2 * slot] = key;
    kernel.words.set(ask(questions), room / 4 + 4 * slot + 2);
  }
  return [room, size - 1];
}
