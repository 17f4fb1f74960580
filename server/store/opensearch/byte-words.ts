import { LONGEST_WORD } from './words.ts';

/** Characters of words, folded, by their byte; 0 for what parts words. */
const LETTER: Uint8Array = Uint8Array.from({ length: 128 }, (_, byte) => {
  if (byte >= 0x41 && byte <= 0x5a) return byte + 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) ? byte : 0;
});
/** Whether a character of ASCII belongs to a word. */
export function isLetter(byte: number): boolean {
  return LETTER[byte] !== 0;
}

const SPACE = 0x20;
/** A power of two, and so many words at the most that a free place is soon found. */
const PLACES = 4_096;
const MOST_WORDS = 2_000;

/** Writes the distinct words of texts of ASCII, parted by spaces: the same as `wordsOfTexts`, from bytes to bytes. */
export class ByteWords {
  readonly #turns: Uint32Array = new Uint32Array(PLACES);
  readonly #hashes: Int32Array = new Int32Array(PLACES);
  readonly #starts: Int32Array = new Int32Array(PLACES);
  readonly #lengths: Int32Array = new Int32Array(PLACES);
  #turn = 0;
  #count = 0;

  /** Begins anew: the words so far count no longer. */
  begin(): void {
    this.#turn = (this.#turn + 1) >>> 0;
    if (this.#turn === 0) {
      this.#turns.fill(0);
      this.#turn = 1;
    }
    this.#count = 0;
  }

  /**
   * Writes the words of a text that were not yet met since `begin`, each with a space behind. `out` must have one byte more
   * room than the text is long. Gives the place behind; -1 where there are too many words.
   */
  write(out: Uint8Array, to: number, text: Uint8Array, start: number, end: number): number {
    let word = to;
    let at = to;
    let hash = 0;
    for (let place = start; place < end; place++) {
      const letter = LETTER[text[place] as number] as number;
      if (letter !== 0) {
        out[at++] = letter;
        hash = (Math.imul(hash, 31) + letter) | 0;
        continue;
      }
      if (at === word) continue;
      at = this.#end(out, word, at, hash);
      if (at < 0) return -1;
      word = at;
      hash = 0;
    }
    return at === word ? at : this.#end(out, word, at, hash);
  }

  /** Keeps a word that is new, and forgets one that is not. */
  #end(out: Uint8Array, start: number, end: number, hash: number): number {
    const length = Math.min(end - start, LONGEST_WORD);
    let place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    for (; this.#turns[place] === this.#turn; place = (place + 1) & (PLACES - 1)) {
      if (this.#hashes[place] === hash && this.#lengths[place] === length && this.#isAt(out, place, start))
        return start;
    }
    if (++this.#count > MOST_WORDS) return -1;
    this.#turns[place] = this.#turn;
    this.#hashes[place] = hash;
    this.#starts[place] = start;
    this.#lengths[place] = length;
    out[start + length] = SPACE;
    return start + length + 1;
  }

  #isAt(out: Uint8Array, place: number, start: number): boolean {
    const known = this.#starts[place] as number;
    for (let at = 0; at < (this.#lengths[place] as number); at++) if (out[known + at] !== out[start + at]) return false;
    return true;
  }
}
