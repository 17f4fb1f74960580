/**
 * How texts stand as bytes, and with them the literals that are looked for: as they are, or with the escapes of two
 * characters that JSON has for quotes, backslashes and controls (RFC 8259 §7), so that lines need not be decoded.
 */
export type Encoding = 'plain' | 'json';

/** Small letters for the capital ones of ASCII; all other bytes stay. */
export const FOLDED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 65 && byte <= 90 ? byte + 32 : byte,
);

const ESCAPED: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escapeText(text: string): string {
  return text.replace(/["\\\b\f\n\r\t]/g, (character) => ESCAPED[character] ?? character);
}

const FOREIGN = /[^\x00-\x7f]/;

export function isAscii(text: string): boolean {
  return !FOREIGN.test(text);
}

/** A folded literal of ASCII as it stands in folded texts. */
export function literalBytes(literal: string, encoding: Encoding): Uint8Array {
  return Buffer.from(encoding === 'json' ? escapeText(literal) : literal);
}

/** Texts up to here are copied character by character: a call into the engine costs more. */
const SHORT = 24;
const FIRST_LENGTH = 65_536;

/** Where one text at a time is copied to be looked through: reading bytes, and four of them as one word, is many times faster than reading characters. */
export class TextBytes {
  readonly #encoding: Encoding;
  bytes: Buffer = Buffer.alloc(FIRST_LENGTH);
  words: DataView = viewOf(this.bytes);
  /** Bytes of the text at hand. */
  length = 0;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  /** Takes a text as it is; false where it is not of ASCII alone. Its ASCII is found in the bytes all the same, as UTF-8 has it nowhere else. */
  take(text: string): boolean {
    if (this.#encoding === 'json') {
      const escaped = escapeText(text);
      return this.#write(escaped);
    }
    const { length } = text;
    if (length > SHORT) return this.#write(text);
    const { bytes } = this;
    let all = 0;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      bytes[at] = code;
      all |= code;
    }
    this.length = length;
    return all < 0x80 || this.#write(text);
  }

  /** Gives whether the text is of ASCII alone. */
  #write(text: string): boolean {
    // Three bytes are the most that UTF-8 takes for a UTF-16 unit.
    if (3 * text.length > this.bytes.length) {
      this.bytes = Buffer.alloc(6 * text.length);
      this.words = viewOf(this.bytes);
    }
    this.length = this.bytes.write(text);
    return this.length === text.length;
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
