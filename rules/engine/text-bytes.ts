import { foldCase } from '../query/string-test.ts';

/** Characters that are looked at together. */
export const GRAM = 4;

/** Makes ASCII letters of a word small, and leaves every word that was small already. Other characters may fall together. */
export const SMALL = 0x20202020;

/** Small letters for the capital ones of ASCII; all other bytes stay. */
export const FOLDED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 65 && byte <= 90 ? byte + 32 : byte,
);

/** Texts up to here are copied character by character: a call into the engine costs more. */
const SHORT = 24;

/**
 * Where one text at a time is copied to be probed: reading bytes, and four of them as one word, is many times faster
 * than reading characters. Words are little-endian, as on all platforms that this program is shipped for.
 */
export class TextBytes {
  bytes: Buffer = Buffer.alloc(0);
  words: Int32Array = new Int32Array(0);
  /** Characters of the text at hand. */
  length = 0;
  /** Whether they are all ASCII. */
  plain = true;

  constructor(characters = 65_536) {
    this.#grow(characters);
  }

  #grow(characters: number): void {
    // Three bytes are the most that UTF-8 takes for a UTF-16 unit.
    const memory = new ArrayBuffer((3 * characters + GRAM) & ~(GRAM - 1));
    const bytes = Buffer.from(memory);
    this.bytes.copy(bytes);
    this.bytes = bytes;
    this.words = new Int32Array(memory);
  }

  /** Begins a collection of texts. */
  clear(): void {
    this.length = 0;
    this.plain = true;
  }

  /** Adds a text of ASCII to the collection, apart from the one before; gives false for any other, which is left out. */
  add(text: string): boolean {
    const start = this.length;
    if (!this.#copy(text, start)) return false;
    this.bytes[start + text.length] = 0;
    this.length = start + text.length + 1;
    return true;
  }

  /** Takes a text: one of ASCII as it is, any other folded, by the low byte of each character. */
  take(text: string): void {
    this.length = text.length;
    this.plain = this.#copy(text, 0);
    if (this.plain) return;
    const folded = foldCase(text);
    this.length = folded.length;
    if (3 * folded.length > this.bytes.length) this.#grow(folded.length);
    this.bytes.write(folded, 'latin1');
  }

  /** Gives whether the text is ASCII, and copied to `start`. */
  #copy(text: string, start: number): boolean {
    const length = text.length;
    if (start + 3 * length + 1 > this.bytes.length) this.#grow(start + 2 * length);
    if (length > SHORT) return this.bytes.write(text, start) === length;
    const bytes = this.bytes;
    let all = 0;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      bytes[start + at] = code;
      all |= code;
    }
    return all < 0x80;
  }
}

/** The bytes of an ASCII literal. */
export function asciiBytes(literal: string): Uint8Array {
  return Uint8Array.from(literal, (character) => character.charCodeAt(0));
}
