/** How much there is in a JSON text, whether it is sound or not. */
export interface JsonWeight {
  /** Values and keys, about: commas, colons and opening brackets outside texts. */
  readonly values: number;
  /** Brackets open at once. */
  readonly depth: number;
}

/**
 * Most values that are read of one body: as objects in memory they take up to thirty times the bytes of their text, so
 * the bound of the body alone would bound nothing.
 */
export const MOST_JSON_VALUES = 1_000_000;
/** Deepest nesting that is read. */
export const MOST_JSON_DEPTH = 500;

const QUOTE = 34;
const BACKSLASH = 92;

/** Weighs a JSON text without reading it: one look at each byte, nothing kept. */
export function weighJson(text: Buffer): JsonWeight {
  let values = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case QUOTE:
        at = textEnd(text, at + 1);
        break;
      case 44: // ,
      case 58: // :
        values++;
        break;
      case 91: // [
      case 123: // {
        values++;
        depth++;
        if (depth > deepest) deepest = depth;
        break;
      case 93: // ]
      case 125: // }
        depth--;
    }
  }
  return { values, depth: deepest };
}

/** Where the quote stands that ends a text; the end of the bytes where there is none. */
function textEnd(text: Buffer, start: number): number {
  for (let at = text.indexOf(QUOTE, start); at >= 0; at = text.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (at - slashes > start && text[at - slashes - 1] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}
