// AssemblyScript. The line's bytes sixty-four at a time: maps of its quotes and of what is special in it (as in G. Langdale and
// D. Lemire, Parsing Gigabytes of JSON per Second, 2019), and the questions that they answer.
import { LINE, QUOTES, SPECIAL } from './memory';

/** Stands for a place that is none. */
export const NONE: usize = -1;

/** Place after the line's last byte. */
export let lineEnd: usize = 0;

/** Makes the two maps of the line's bytes. */
export function markBytes(bytes: usize): void {
  lineEnd = bytes;
  for (let after: usize = 0; after < 64; after += 16) v128.store(LINE + bytes + after, i8x16.splat(0));
  const quote = i8x16.splat(0x22);
  const backslash = i8x16.splat(0x5c);
  /** Whether the first byte of the next 64 is escaped. */
  let carry: u64 = 0;
  let at: usize = 0;
  for (; at < bytes; at += 64) {
    const a = v128.load(LINE + at);
    const b = v128.load(LINE + at, 16);
    const c = v128.load(LINE + at, 32);
    const d = v128.load(LINE + at, 48);
    let quotes = bitsOf(i8x16.eq(a, quote), i8x16.eq(b, quote), i8x16.eq(c, quote), i8x16.eq(d, quote));
    const backslashes = bitsOf(
      i8x16.eq(a, backslash),
      i8x16.eq(b, backslash),
      i8x16.eq(c, backslash),
      i8x16.eq(d, backslash),
    );
    const special = bitsOf(special16(a), special16(b), special16(c), special16(d)) | backslashes;
    if ((backslashes | carry) !== 0) {
      // What stands behind the first, third, … of backslashes in a row is escaped.
      let escaped = carry;
      let left = backslashes & ~carry;
      carry = 0;
      while (left !== 0) {
        const first = left & (0 - left);
        const behind = first << 1;
        if (behind === 0) carry = 1;
        escaped |= behind;
        left &= ~(first | behind);
      }
      quotes &= ~escaped;
    }
    store<u64>(QUOTES + (at >> 3), quotes);
    store<u64>(SPECIAL + (at >> 3), special);
  }
  v128.store(QUOTES + (at >> 3), i8x16.splat(0));
  v128.store(SPECIAL + (at >> 3), i8x16.splat(0));
}

function special16(text: v128): v128 {
  // As signed bytes, what is not ASCII is less than any control.
  return i8x16.lt_s(text, i8x16.splat(0x20));
}

function bitsOf(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    <u64>i8x16.bitmask(a) |
    ((<u64>i8x16.bitmask(b)) << 16) |
    ((<u64>i8x16.bitmask(c)) << 32) |
    ((<u64>i8x16.bitmask(d)) << 48)
  );
}

/** The next place that is not white space. */
export function blank(from: usize): usize {
  // Nearly always there is none.
  return load<u8>(from, LINE) > 0x20 ? from : blankSlowly(from);
}

function blankSlowly(from: usize): usize {
  let at = from;
  while (at < lineEnd) {
    const byte = load<u8>(at, LINE);
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return at;
    at++;
  }
  return at;
}

/** The next quote that ends a string; -1 where there is none. */
export function quoteFrom(from: usize): usize {
  const bits = load<u64>(QUOTES + (from >> 3)) >> <u64>(from & 7);
  return bits !== 0 ? from + <usize>ctz(bits) : quoteFar(from);
}

function quoteFar(from: usize): usize {
  for (let at = (from & ~7) + 64; at < lineEnd; at += 64) {
    const bits = load<u64>(QUOTES + (at >> 3));
    if (bits !== 0) return at + <usize>ctz(bits);
  }
  return NONE;
}

/** Whether a part of the line holds controls, backslashes or what is not ASCII. */
export function isSpecial(from: usize, to: usize): bool {
  const bits = load<u64>(SPECIAL + (from >> 3)) >> <u64>(from & 7);
  const bytes = to - from;
  return bytes <= 56 ? (bits & (((<u64>1) << (<u64>bytes)) - 1)) !== 0 : isSpecialFar(from, to);
}

function isSpecialFar(from: usize, to: usize): bool {
  let at = from;
  while (to - at > 56) {
    if (load<u64>(SPECIAL + (at >> 3)) >> <u64>(at & 7) !== 0) return true;
    at = (at & ~7) + 64;
    if (at >= to) return false;
  }
  const bits = load<u64>(SPECIAL + (at >> 3)) >> <u64>(at & 7);
  return (bits & (((<u64>1) << (<u64>(to - at))) - 1)) !== 0;
}
