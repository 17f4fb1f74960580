import { JsonBytes, KnownText } from './json-bytes.ts';

/** How a value stands in the text. */
export const PLAIN = 0;
/** ASCII in which quotes, backslashes or slashes are escaped, and nothing else. */
export const MARKED = 1;
/** A string with other escapes, or not of ASCII alone. */
export const CODED = 2;
/** A number, `true`, `false` or `null`. */
export const SCALAR = 3;
/** An object or a list. */
export const COMPOSITE = 4;

export const QUOTE = 0x22;
export const DOT = 0x2e;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;

const TRUE = new KnownText(Buffer.from('true'));
const FALSE = new KnownText(Buffer.from('false'));
const NULL = new KnownText(Buffer.from('null'));

/** 1 for bytes that a string cannot hold as they are: controls, the quote, the backslash. */
export const SPECIAL: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 1 : 0,
);

/** Whether one of four bytes is a control, the quote, the backslash, or not ASCII. */
function isUnusual(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  const found =
    ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | ((word - 0x20202020) & ~word) | word;
  return (found & 0x80808080) !== 0;
}

function isHex(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102);
}

/** Reads the tokens of one JSON text (RFC 8259) by their places; -1 stands for what is none. */
export class Tokens {
  text: JsonBytes = new JsonBytes(Buffer.alloc(0));
  start = 0;
  /** Place after the last byte. */
  end = 0;
  /** `PLAIN`, `MARKED` or `CODED`: of the string read last. */
  stringKind = PLAIN;

  take(text: JsonBytes, start: number, end: number): void {
    this.text = text;
    this.start = start;
    this.end = end;
  }

  /** The byte at a place, 0 past the end: no token begins or goes on with it. */
  byte(at: number): number {
    return at < this.end ? (this.text.bytes[at] as number) : 0;
  }

  /** The next place that is not white space. */
  blank(from: number): number {
    const { bytes } = this.text;
    let at = from;
    while (at < this.end) {
      const byte = bytes[at] as number;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return at;
      at++;
    }
    return at;
  }

  /** From behind the opening quote to the closing one. Sets `stringKind`. */
  string(from: number): number {
    const { bytes, words } = this.text;
    const end = this.end;
    let seen = 0;
    for (let at = from; at < end; at++) {
      while (at + 4 <= end && !isUnusual(words.getInt32(at, true))) at += 4;
      if (at >= end) return -1;
      const byte = bytes[at] as number;
      seen |= byte;
      if (SPECIAL[byte] === 0) continue;
      if (byte === QUOTE) {
        this.stringKind = (seen & 0x280) !== 0 ? CODED : (seen & 0x100) !== 0 ? MARKED : PLAIN;
        return at;
      }
      if (byte !== BACKSLASH) return -1;
      const escaped = this.byte(at + 1);
      seen |= escaped === QUOTE || escaped === BACKSLASH || escaped === SLASH ? 0x100 : 0x200;
      at = this.#escape(at + 1);
      if (at < 0) return -1;
    }
    return -1;
  }

  /** From behind a backslash to the last byte of the escape. */
  #escape(at: number): number {
    switch (this.byte(at)) {
      case QUOTE:
      case BACKSLASH:
      case SLASH:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return at;
      case 0x75:
        for (let digit = at + 1; digit <= at + 4; digit++) if (!isHex(this.byte(digit))) return -1;
        return at + 4;
      default:
        return -1;
    }
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
