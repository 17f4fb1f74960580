/** Text as UTF-16 bytes, one character a byte. */
export function utf16Bytes(text: string, bigEndian: boolean): string {
  let bytes = '';
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const [low, high] = [String.fromCharCode(unit & 0xff), String.fromCharCode(unit >> 8)];
    bytes += bigEndian ? high + low : low + high;
  }
  return bytes;
}

/** Text as UTF-8 bytes, one character a byte. */
export function utf8Bytes(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** Base64 (RFC 4648 §4) of bytes. */
export function base64(bytes: string): string {
  return btoa(bytes);
}

/**
 * The parts of base64 text that are the same whatever surrounds the bytes, when they begin at an offset of 0, 1 or 2
 * (Sigma 2.1, `base64offset`).
 */
export function base64Offsets(bytes: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = btoa('\0'.repeat(offset) + bytes).replace(/=+$/, '');
    const start = [0, 2, 3][offset] ?? 0;
    const bits = (offset + bytes.length) * 8;
    return encoded.slice(start, Math.floor(bits / 6));
  });
}

const DASHES = ['-', '/', '\u2013', '\u2014', '\u2015'] as const;
const FLAG = /(?<![\p{L}\p{N}_])[-/\u2013\u2014\u2015](?=[\p{L}\p{N}_])/gu;

/** Most texts one value may become. */
export const WINDASH_LIMIT = 3_125;

/** All ways to write the flags of a command line: each dash that begins a word by each of five characters. */
export function dashVariants(raw: string): string[] | undefined {
  const places = Array.from(raw.matchAll(FLAG), (found) => found.index);
  if (DASHES.length ** places.length > WINDASH_LIMIT) return undefined;
  let variants = [raw];
  for (const place of places) {
    variants = variants.flatMap((text) => DASHES.map((dash) => text.slice(0, place) + dash + text.slice(place + 1)));
  }
  return variants;
}
