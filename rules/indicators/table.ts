import { parseNetwork } from '../query/ip-address.ts';
import {
  addressWords,
  formatWords,
  type Indicator,
  type IndicatorType,
  MOST_CHARACTERS,
  maskWords,
} from './indicator.ts';

/** What lists hold, in memory that threads share. Made by `TableBuilder`, read by `IndicatorTable`. */
export interface SharedTable {
  readonly count: number;
  /** Random, so that nobody can choose values that all hash alike. */
  readonly seed: number;
  /** By slot: 32 bits of the hash that the slot's place does not tell, and the number of the entry plus one. */
  readonly slots: SharedArrayBuffer;
  /** A bit for each hash there is: most values are in no list, and this much stays in a processor's cache. */
  readonly filter: SharedArrayBuffer;
  /** Keys of all entries one after the other, and where each begins. */
  readonly keys: SharedArrayBuffer;
  readonly starts: SharedArrayBuffer;
  /** By entry: its list, the second at which it ends, and its confidence. */
  readonly lists: SharedArrayBuffer;
  readonly expires: SharedArrayBuffer;
  readonly confidence: SharedArrayBuffer;
  /** Lengths of the networks there are, as for IPv6, longest first. */
  readonly bits: readonly number[];
  readonly types: readonly IndicatorType[];
}

/** First byte of a key; a network has 0, the length, and sixteen bytes of address. */
const KIND: Readonly<Record<IndicatorType, number>> = { network: 0, domain: 100, url: 117, hash: 104, email: 101 };
const NETWORK_BYTES = 18;
const DOT = 46;
export const MOST_LISTS = 1_000;
/** Entries of all lists together, so that places in the keys fit 32 bits. */
export const MOST_ENTRIES = 10_000_000;

/** Two hashes of some bytes, as numbers of 32 bits, in `low` and `high`. */
class Hasher {
  low = 0;
  high = 0;

  run(bytes: Uint8Array, start: number, end: number, kind: number, seed: number): void {
    let low = Math.imul(seed ^ kind, 0x85ebca6b);
    let high = Math.imul(~seed ^ kind, 0xc2b2ae35);
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      low = Math.imul(low ^ byte, 0x01000193);
      high = Math.imul(high ^ byte, 0x5bd1e995);
      high ^= high >>> 15;
    }
    low ^= low >>> 16;
    low = Math.imul(low, 0x7feb352d);
    low ^= low >>> 15;
    this.low = (low ^ high) >>> 0;
    this.high = Math.imul(high ^ (high >>> 13), 0x846ca68b) >>> 0;
  }
}

/** Fills a table; nothing is looked up before `finish`. */
export class TableBuilder {
  readonly #seed: number;
  #keys = new Uint8Array(1 << 20);
  #used = 0;
  #starts = new Uint32Array(1 << 15);
  #lists = new Uint16Array(1 << 15);
  #expires = new Uint32Array(1 << 15);
  #confidence = new Uint8Array(1 << 15);
  readonly #bits = new Set<number>();
  readonly #types = new Set<IndicatorType>();
  count = 0;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  /** Adds an indicator in its canonical spelling. @throws RangeError past the most entries */
  add({ type, value, expires, confidence }: Indicator, list: number): void {
    if (this.count >= MOST_ENTRIES) throw new RangeError(`There are more than ${MOST_ENTRIES} indicators.`);
    if (this.count + 1 >= this.#starts.length) this.#grow();
    while (this.#used + MOST_CHARACTERS + NETWORK_BYTES > this.#keys.length) this.#keys = doubled(this.#keys);
    this.#used = type === 'network' ? this.#network(value) : writeText(this.#keys, this.#used, KIND[type], value);
    this.#lists[this.count] = list;
    this.#expires[this.count] = Math.min(expires, 0xffffffff);
    this.#confidence[this.count] = confidence;
    this.#types.add(type);
    this.#starts[++this.count] = this.#used;
  }

  #network(value: string): number {
    const network = parseNetwork(value);
    if (!network) throw new RangeError(`"${value}" is no network.`);
    const bits = typeof network.address === 'number' ? network.bits + 96 : network.bits;
    this.#bits.add(bits);
    const words = addressWords(network.address);
    maskWords(words, bits);
    return writeNetwork(this.#keys, this.#used, words, bits);
  }

  #grow(): void {
    this.#starts = doubled(this.#starts);
    this.#lists = doubled(this.#lists);
    this.#expires = doubled(this.#expires);
    this.#confidence = doubled(this.#confidence);
  }

  /** The table, in memory of its own. */
  finish(): SharedTable {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, this.count * 1.5)));
    const slots = new SharedArrayBuffer(capacity * 8);
    const places = new Uint32Array(slots);
    const filter = new SharedArrayBuffer(capacity);
    const bits = new Uint32Array(filter);
    const hasher = new Hasher();
    for (let entry = 0; entry < this.count; entry++) {
      const start = this.#starts[entry] as number;
      hasher.run(this.#keys, start + 1, this.#starts[entry + 1] as number, this.#keys[start] as number, this.#seed);
      let slot = hasher.low & (capacity - 1);
      while (places[slot * 2 + 1] !== 0) slot = (slot + 1) & (capacity - 1);
      const bit = hasher.high & (bits.length * 32 - 1);
      bits[bit >>> 5] = (bits[bit >>> 5] as number) | (1 << (bit & 31));
      places[slot * 2] = hasher.high;
      places[slot * 2 + 1] = entry + 1;
    }
    return {
      count: this.count,
      seed: this.#seed,
      slots,
      filter,
      keys: shared(this.#keys.subarray(0, this.#used)),
      starts: shared(this.#starts.subarray(0, this.count + 1)),
      lists: shared(this.#lists.subarray(0, this.count)),
      expires: shared(this.#expires.subarray(0, this.count)),
      confidence: shared(this.#confidence.subarray(0, this.count)),
      bits: [...this.#bits].sort((left, right) => right - left),
      types: [...this.#types],
    };
  }
}

/** Looks values up in a table. One call of `find…` at a time. */
export class IndicatorTable {
  readonly count: number;
  readonly types: ReadonlySet<IndicatorType>;
  readonly #seed: number;
  readonly #mask: number;
  readonly #slots: Uint32Array;
  readonly #filter: Uint32Array;
  readonly #keys: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #lists: Uint16Array;
  readonly #expires: Uint32Array;
  readonly #confidence: Uint8Array;
  readonly #bits: readonly number[];
  readonly #sought = new Uint8Array(MOST_CHARACTERS + NETWORK_BYTES);
  readonly #words = new Uint32Array(4);
  readonly #hasher = new Hasher();
  /** An entry was met that had ended: whether its value is found depends on the second. */
  metEnded = false;

  constructor(table: SharedTable) {
    this.count = table.count;
    this.types = new Set(table.types);
    this.#seed = table.seed;
    this.#slots = new Uint32Array(table.slots);
    this.#mask = this.#slots.length / 2 - 1;
    this.#filter = new Uint32Array(table.filter);
    this.#keys = new Uint8Array(table.keys);
    this.#starts = new Uint32Array(table.starts);
    this.#lists = new Uint16Array(table.lists);
    this.#expires = new Uint32Array(table.expires);
    this.#confidence = new Uint8Array(table.confidence);
    this.#bits = table.bits;
  }

  /** Entries whose value is this one, in canonical spelling; those that ended by a second are left out. */
  findText(type: Exclude<IndicatorType, 'network' | 'domain'>, value: string, second: number, found: number[]): void {
    if (value.length === 0 || value.length > MOST_CHARACTERS) return;
    const end = writeText(this.#sought, 0, KIND[type], value);
    this.#find(0, end, second, found);
  }

  /** Entries that are this domain, or one that it lies in. */
  findDomain(value: string, second: number, found: number[]): void {
    if (value.length === 0 || value.length > 253) return;
    const end = writeText(this.#sought, 0, KIND.domain, value);
    for (let start = 0; ; ) {
      this.#sought[start] = KIND.domain;
      this.#find(start, end, second, found);
      // A dot gives its place to the first byte of the next key.
      start++;
      while (start < end && this.#sought[start] !== DOT) start++;
      if (start === end) return;
    }
  }

  /** Entries of networks that hold an address. */
  findAddress(address: number | readonly number[], second: number, found: number[]): void {
    addressWords(address, this.#words);
    for (const bits of this.#bits) {
      maskWords(this.#words, bits);
      this.#find(0, writeNetwork(this.#sought, 0, this.#words, bits), second, found);
    }
  }

  #find(start: number, end: number, second: number, found: number[]): void {
    const { low, high } = this.#hash(start, end);
    const bit = high & (this.#filter.length * 32 - 1);
    if (((this.#filter[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return;
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = (this.#slots[slot * 2 + 1] as number) - 1;
      if (entry < 0) return;
      if (this.#slots[slot * 2] !== high || !this.#isKey(entry, start, end)) continue;
      const expires = this.#expires[entry] as number;
      if (expires === 0 || expires > second) found.push(entry);
      else this.metEnded = true;
    }
  }

  #hash(start: number, end: number): Hasher {
    this.#hasher.run(this.#sought, start + 1, end, this.#sought[start] as number, this.#seed);
    return this.#hasher;
  }

  #isKey(entry: number, start: number, end: number): boolean {
    const first = this.#starts[entry] as number;
    if ((this.#starts[entry + 1] as number) - first !== end - start) return false;
    for (let at = 0; at < end - start; at++) if (this.#keys[first + at] !== this.#sought[start + at]) return false;
    return true;
  }

  /** Place of an entry's list among those that the table was built from. */
  list(entry: number): number {
    return this.#lists[entry] as number;
  }

  confidence(entry: number): number {
    return this.#confidence[entry] as number;
  }

  /** The value of an entry, in canonical spelling. */
  text(entry: number): string {
    const start = this.#starts[entry] as number;
    const end = this.#starts[entry + 1] as number;
    if (this.#keys[start] !== KIND.network) return Buffer.from(this.#keys.slice(start + 1, end)).toString('latin1');
    const bits = this.#keys[start + 1] as number;
    const view = new DataView(this.#keys.buffer, start + 2, 16);
    const words = Uint32Array.from([0, 4, 8, 12], (at) => view.getUint32(at));
    return networkText(words, bits);
  }

  /** The type of an entry. */
  type(entry: number): IndicatorType {
    const kind = this.#keys[this.#starts[entry] as number];
    return (Object.keys(KIND) as IndicatorType[]).find((type) => KIND[type] === kind) ?? 'domain';
  }
}

function networkText(words: Uint32Array, bits: number): string {
  const address = formatWords(words);
  if (bits === 128) return address;
  return `${address}/${address.includes(':') ? bits : bits - 96}`;
}

function writeText(bytes: Uint8Array, at: number, kind: number, text: string): number {
  let end = at;
  bytes[end++] = kind;
  // What is not ASCII is in no key: canonical spellings have none.
  for (let index = 0; index < text.length; index++) bytes[end++] = Math.min(255, text.charCodeAt(index));
  return end;
}

function writeNetwork(bytes: Uint8Array, at: number, words: Uint32Array, bits: number): number {
  let end = at;
  bytes[end++] = KIND.network;
  bytes[end++] = bits;
  for (let word = 0; word < 4; word++) {
    const value = words[word] as number;
    bytes[end++] = value >>> 24;
    bytes[end++] = (value >>> 16) & 255;
    bytes[end++] = (value >>> 8) & 255;
    bytes[end++] = value & 255;
  }
  return end;
}

type Growing = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

function doubled<T extends Growing>(before: T): T {
  const next = new (before.constructor as new (length: number) => T)(before.length * 2);
  next.set(before);
  return next;
}

function shared(from: Uint8Array | Uint16Array | Uint32Array): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(from.byteLength);
  new Uint8Array(buffer).set(new Uint8Array(from.buffer, from.byteOffset, from.byteLength));
  return buffer;
}
