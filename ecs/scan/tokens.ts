import { JsonBytes, KnownText } from './json-bytes.ts';

/** How a value stands in the text: a string of ASCII without escapes. */
export const PLAIN = 0;
/** ASCII in which quotes, backslashes or slashes are escaped, and nothing else. */
export const MARKED = 1;
/** ASCII in which quotes, backslashes or controls are escaped, each by the two characters that JSON has for it. */
export const LINED = 2;
/** A string with other escapes, or not of ASCII alone. */
export const CODED = 3;
/** As the one before, but what is not ASCII in it stays so in small letters, and no ASCII is written as a code. */
export const FOREIGN = 4;
/** A number, `true`, `false` or `null`. */
export const SCALAR = 5;
/** An object or a list. */
export const COMPOSITE = 6;

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
const DOT = 0x2e;

const TRUE = new KnownText(Buffer.from('true'));
const FALSE = new KnownText(Buffer.from('false'));
const NULL = new KnownText(Buffer.from('null'));

/** 1 for bytes that a string cannot hold as they are: controls, the quote, the backslash. */
export const SPECIAL: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 1 : 0,
);

/** What a string has been seen to hold, one bit each; the first is that of bytes outside ASCII. */
const SEEN = { foreign: 0x80, mark: 0x100, slash: 0x200, control: 0x400, code: 0x800 } as const;

/**
 * The highest bit of each of four bytes that is a control, the quote or the backslash. Only the lowest bit set is sure:
 * above a byte that is one, another may be taken for one.
 */
function specialIn(word: number): number {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  const found = ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | (word - 0x20202020);
  return found & ~word & 0x80808080;
}

/** Which of four bytes the lowest bit belongs to. */
function firstOf(bits: number): number {
  return (31 - Math.clz32(bits & -bits)) >> 3;
}

function isHex(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102);
}

/** By the byte behind a backslash: what the string then holds; 0 where JSON knows no such escape. */
const ESCAPES: Uint16Array = new Uint16Array(256);
for (const byte of [QUOTE, BACKSLASH]) ESCAPES[byte] = SEEN.mark;
for (const letter of 'bfnrt') ESCAPES[letter.charCodeAt(0)] = SEEN.control;
ESCAPES[0x2f] = SEEN.slash;
ESCAPES[0x75] = SEEN.code;

/** Reads the tokens of one JSON text (RFC 8259) by their places; -1 stands for what is none. */
export class Tokens {
  text: JsonBytes = new JsonBytes(Buffer.alloc(0));
  start = 0;
  /** Place after the last byte. */
  end = 0;
  #seen = 0;

  take(text: JsonBytes, start: number, end: number): void {
    this.text = text;
    this.start = start;
    this.end = end;
  }

  /** `PLAIN`, `MARKED` or `CODED`: of the string read last. */
  get stringKind(): number {
    if (this.#seen === 0) return PLAIN;
    return (this.#seen & ~(SEEN.mark | SEEN.slash)) === 0 ? MARKED : CODED;
  }

  /** The byte at a place, 0 past the end: no token begins or goes on with it. */
  byte(at: number): number {
    return at < this.end ? (this.text.bytes[at] as number) : 0;
  }

  /** The next place that is not white space. */
  blank(from: number): number {
    // Nearly always there is none.
    const { bytes } = this.text;
    if ((bytes[from] as number) > 0x20) return from;
    let at = from;
    while (at < this.end) {
      const byte = bytes[at] as number;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return at;
      at++;
    }
    return at;
  }

  /** From behind the opening quote to the closing one. */
  string(from: number): number {
    const { bytes, words } = this.text;
    const end = this.end;
    let seen = 0;
    let at = from;
    for (;;) {
      while (at + 4 <= end) {
        const word = words.getInt32(at, true);
        const unusual = specialIn(word) | (word & 0x80808080);
        if (unusual !== 0) {
          at += firstOf(unusual);
          break;
        }
        at += 4;
      }
      if (at >= end) return -1;
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        this.#seen = seen;
        return at;
      }
      if (byte === BACKSLASH) {
        const after = at + 1 < end ? (ESCAPES[bytes[at + 1] as number] as number) : 0;
        if (after === 0 || (after === SEEN.code && !this.#isUnicode(at + 2))) return -1;
        seen |= after;
        // The digits of a code are ordinary bytes of which it is known that they are there.
        at += 2;
      } else {
        if (byte < 0x20) return -1;
        seen |= byte & SEEN.foreign;
        at++;
      }
    }
  }

  #isUnicode(from: number): boolean {
    for (let at = from; at < from + 4; at++) if (!isHex(this.byte(at))) return false;
    return true;
  }

  /** A number, `true`, `false` or `null`, to behind it; numbers with an exponent are left to the caller. */
  literal(from: number): number {
    const first = this.byte(from);
    if (first === 0x74) return this.#word(TRUE, from);
    if (first === 0x66) return this.#word(FALSE, from);
    if (first === 0x6e) return this.#word(NULL, from);
    let at = first === 0x2d ? from + 1 : from;
    const leading = this.byte(at);
    const whole = this.#digits(at);
    if (whole === at || (leading === 0x30 && whole > at + 1)) return -1;
    at = whole;
    if (this.byte(at) === DOT) {
      const fraction = this.#digits(at + 1);
      if (fraction === at + 1) return -1;
      at = fraction;
    }
    const after = this.byte(at);
    return after === 0x65 || after === 0x45 ? -1 : at;
  }

  #word(word: KnownText, from: number): number {
    const end = from + word.length;
    return end <= this.end && word.isAt(this.text, from) ? end : -1;
  }

  #digits(from: number): number {
    const { bytes } = this.text;
    let at = from;
    while (at < this.end && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at++;
    return at;
  }
}
