import { foldWords, LONG_TEXT, LONGEST_TEXT } from './words.ts';

const BACKSLASH = 0x5c;
const SPACE = 0x20;
const LOWER_U = 0x75;
/** In `KINDS`: a byte that is not simply part of a word or between words. */
const SPECIAL = 255;
/** By byte: the letter or digit in lower case, 0 between words, `SPECIAL`. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 128 || byte === BACKSLASH) return SPECIAL;
  if ((byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 122)) return byte;
  return byte >= 65 && byte <= 90 ? byte + 32 : 0;
});
/** Parts numbers that lie close together: short words have such. */
function spread(hash: number): number {
  const mixed = Math.imul(hash, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/** Whether a byte that is not plain is part of a letter, or begins an escape that may be one. */
function isLetter(bytes: Uint8Array, at: number): boolean {
  return bytes[at] !== BACKSLASH || bytes[at + 1] === LOWER_U;
}

/** A part of a JSON string's inside as text; an escape that was cut off at its end is left away. */
function unescaped(json: string): string {
  return json.replace(/\\u([0-9a-fA-F]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Places looked at for a word: words made to share one place must not make each other slow. */
const MOST_PROBES = 32;
/** Bytes of words from which on a block takes no other event. */
const FULL = 256 * 1024;

/**
 * The different words of some events that follow each other, for one row of the word index. A word that many of them
 * have is in it once, which is what most words of logs are.
 */
export class WordBlock {
  #words = Buffer.alloc(64 * 1024);
  #used = 0;
  #slots = new Int32Array(16 * 1024);
  #hashes = new Int32Array(16 * 1024);
  #count = 0;
  /** Bytes of the event under way that may still be read. */
  #room = 0;

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  get isFull(): boolean {
    return this.#used >= FULL;
  }

  /** Turns to the next event: of each only the first `LONGEST_TEXT` bytes are taken. */
  nextEvent(): void {
    this.#room = LONGEST_TEXT;
  }

  /** The words, apart by spaces; the block is empty after it. */
  take(): string {
    const text = this.#words.toString('utf8', 0, this.#used);
    this.#slots.fill(0);
    this.#used = 0;
    this.#count = 0;
    return text;
  }

  /** Adds the words of a JSON string's inside, in any script. */
  addJson(bytes: Buffer, start: number, end: number): void {
    const last = this.#take(start, end);
    const slots = this.#slots;
    const hashes = this.#hashes;
    let at = start;
    while (at < last) {
      const from = at;
      let hash = 0;
      let kind = KINDS[bytes[at] as number] as number;
      while (kind !== 0 && kind !== SPECIAL) {
        hash = (Math.imul(hash, 31) + kind) | 0;
        at++;
        kind = at < last ? (KINDS[bytes[at] as number] as number) : 0;
      }
      if (kind === SPECIAL && isLetter(bytes, at)) {
        at = this.#addMixed(bytes, from, last);
        continue;
      }
      if (at > from) {
        // Most words were there before, at the first place that is looked at.
        const slot = spread(hash) & (slots.length - 1);
        const place = slots[slot] as number;
        if (place === 0 || hashes[slot] !== hash || !this.#isAt(place - 1, bytes, from, at)) {
          this.#add(bytes, from, at, hash);
        }
      }
      at += kind === SPECIAL ? 2 : 1;
    }
  }

  /** Adds words with letters past ASCII, up to what parts words for certain; gives the place behind. */
  #addMixed(bytes: Buffer, from: number, end: number): number {
    let at = from;
    for (let kind = SPECIAL; kind !== 0; kind = at < end ? (KINDS[bytes[at] as number] as number) : 0) {
      if (kind === SPECIAL && bytes[at] === BACKSLASH && bytes[at + 1] !== LOWER_U) break;
      at++;
    }
    const json = bytes.toString('utf8', from, at);
    for (const word of foldWords(json.includes('\\') ? unescaped(json) : json)) this.addWord(word);
    return at;
  }

  /** Adds the words of a text in any script. */
  addText(text: string): void {
    const bounded = text.slice(0, this.#take(0, text.length));
    for (const word of foldWords(bounded)) this.addWord(word);
  }

  /** Adds one word as it is, in lower case already. */
  addWord(word: string): void {
    const bytes = Buffer.from(word);
    let hash = 0;
    for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
    this.#add(bytes, 0, bytes.length, hash);
  }

  /** Where to stop reading a text, by what the event may still add. */
  #take(start: number, end: number): number {
    const length = end - start;
    if (length <= this.#room) {
      this.#room -= length;
      return end;
    }
    const last = start + this.#room;
    this.#room = 0;
    this.addWord(LONG_TEXT);
    return last;
  }

  #add(bytes: Uint8Array, from: number, to: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = spread(hash) & mask;
    for (let probe = 0; slots[slot] !== 0; probe++, slot = (slot + 1) & mask) {
      if (this.#hashes[slot] === hash && this.#isAt((slots[slot] as number) - 1, bytes, from, to)) return;
      if (probe < MOST_PROBES) continue;
      // The word may be there twice then, which only costs its space.
      this.#append(bytes, from, to);
      return;
    }
    slots[slot] = this.#append(bytes, from, to) + 1;
    this.#hashes[slot] = hash;
    if (++this.#count > slots.length >> 1) this.#grow();
  }

  #isAt(place: number, bytes: Uint8Array, from: number, to: number): boolean {
    const words = this.#words;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] as number;
      const kind = byte < 128 ? KINDS[byte] : byte;
      if (words[place + at - from] !== kind) return false;
    }
    return words[place + to - from] === SPACE;
  }

  #append(bytes: Uint8Array, from: number, to: number): number {
    const place = this.#used;
    if (place + to - from + 1 > this.#words.length) {
      const larger = Buffer.alloc(2 * this.#words.length + to - from);
      this.#words.copy(larger, 0, 0, place);
      this.#words = larger;
    }
    const words = this.#words;
    let next = place;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] as number;
      words[next++] = byte < 128 ? (KINDS[byte] as number) : byte;
    }
    words[next++] = SPACE;
    this.#used = next;
    return place;
  }

  #grow(): void {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = 2 * slots.length - 1;
    this.#slots = new Int32Array(2 * slots.length);
    this.#hashes = new Int32Array(2 * slots.length);
    for (const [at, place] of slots.entries()) {
      if (place === 0) continue;
      const hash = hashes[at] as number;
      let slot = spread(hash) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = place;
      this.#hashes[slot] = hash;
    }
  }
}
