import type { LineKernel } from '../../ecs/scan/line-kernel.ts';

/**
 * How texts stand as bytes, and with them the literals that are looked for: as they are, or with the escapes of two
 * characters that JSON has for quotes, backslashes and controls (RFC 8259 §7), so that lines need not be decoded.
 */
export type Encoding = 'plain' | 'json';

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

/** Writes one text at a time to where a kernel looks through it. */
export class TextBytes {
  readonly #kernel: LineKernel;
  readonly #encoding: Encoding;
  /** Where in the kernel's memory the text at hand begins and ends. */
  start = 0;
  end = 0;

  constructor(kernel: LineKernel, encoding: Encoding) {
    this.#kernel = kernel;
    this.#encoding = encoding;
  }

  /** Takes a text as it is; false where it is not of ASCII alone. Its ASCII is found in the bytes all the same, as UTF-8 has it nowhere else. */
  take(text: string): boolean {
    if (this.#encoding === 'json') return this.#write(escapeText(text));
    const { length } = text;
    if (length > SHORT) return this.#write(text);
    const place = this.#kernel.textPlace(SHORT);
    const { bytes } = this.#kernel;
    let all = 0;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      bytes[place + at] = code;
      all |= code;
    }
    this.start = place;
    this.end = place + length;
    return all < 0x80 || this.#write(text);
  }

  /** Gives whether the text is of ASCII alone. */
  #write(text: string): boolean {
    // Three bytes are the most that UTF-8 takes for a UTF-16 unit.
    this.start = this.#kernel.textPlace(3 * text.length);
    const written = this.#kernel.bytes.write(text, this.start);
    this.end = this.start + written;
    return written === text.length;
  }
}
