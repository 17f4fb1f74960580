// AssemblyScript. The words of one block of events: `server/store/embedded/word-block.ts` says what they are for.

/** By slot: hash (low half) and place of a word + 1 (high half); 0 where the slot is free. */
const SLOTS: usize = 4096;
const LEAST_SLOTS: u32 = 16 * 1024;
const MOST_SLOTS: u32 = 128 * 1024;
/** Slots looked at for a word: words made to share one must not make each other slow. */
const MOST_PROBES: u32 = 32;
/** The words, each with a space behind it. */
const WORDS: usize = SLOTS + 8 * MOST_SLOTS + 64;
const WORDS_BYTES: usize = 2 * 1024 * 1024;
/** A word or text handed in on its own. */
const WORD: usize = WORDS + WORDS_BYTES + 64;
const WORD_BYTES: usize = 512 * 1024;
/** The line; the line in small letters, with 0 for what is between words; and one bit a byte for two kinds of bytes. */
const LINE: usize = WORD + WORD_BYTES + 64;
const LINE_BYTES: usize = 4 * 1024 * 1024;
const SMALL: usize = LINE + LINE_BYTES + 64;
const IN_WORD: usize = SMALL + LINE_BYTES + 64;
const SPECIAL: usize = IN_WORD + LINE_BYTES / 8 + 64;
const END: usize = SPECIAL + LINE_BYTES / 8 + 64;

const BACKSLASH: u8 = 0x5c;
const LOWER_U: u8 = 0x75;
const SPACE: u8 = 0x20;
/** Bits of the maps looked at together: a shift by up to 7 must leave them whole. */
const CHUNK: usize = 56;

let slots: u32 = LEAST_SLOTS;
let count: u32 = 0;
let used: usize = 0;

export function linePlace(): usize {
  return LINE;
}

export function wordPlace(): usize {
  return WORD;
}

export function wordsPlace(): usize {
  return WORDS;
}

/** Bytes that the words take. */
export function length(): usize {
  return used;
}

export function clear(): void {
  memory.fill(SLOTS, 0, 8 * <usize>slots);
  slots = LEAST_SLOTS;
  count = 0;
  used = 0;
}

/** Prepares the line of `bytes` bytes that stands at its place. */
export function take(bytes: usize): void {
  if (SMALL + bytes > END) unreachable();
  store<u64>(LINE + bytes, 0);
  store<u64>(LINE + bytes + 8, 0);
  const caseBit = i8x16.splat(0x20);
  for (let at: usize = 0; at < bytes; at += 16) {
    const text = v128.load(LINE + at);
    const small = v128.or(text, caseBit);
    const letters = v128.and(i8x16.ge_u(small, i8x16.splat(97)), i8x16.le_u(small, i8x16.splat(122)));
    const digits = v128.and(i8x16.ge_u(text, i8x16.splat(48)), i8x16.le_u(text, i8x16.splat(57)));
    const special = v128.or(i8x16.eq(text, i8x16.splat(0x5c)), i8x16.lt_s(text, i8x16.splat(0)));
    v128.store(SMALL + at, v128.or(v128.and(letters, small), v128.and(digits, text)));
    store<u16>(IN_WORD + (at >> 3), <u16>i8x16.bitmask(v128.or(letters, digits)));
    store<u16>(SPECIAL + (at >> 3), <u16>i8x16.bitmask(special));
  }
}

/**
 * Adds the words from `from` to before `to` of the line, the inside of a JSON string. Where a word has letters past
 * ASCII, or escapes that may be letters, it stops and gives the word's beginning; else it gives `to` or more.
 */
export function addRange(from: usize, to: usize): usize {
  let at = from;
  let begin: usize = 0;
  let inside = false;
  while (at < to) {
    let bits = to - at < CHUNK ? to - at : CHUNK;
    let next = at + bits;
    let all: u64 = ((<u64>1) << (<u64>bits)) - 1;
    let stop = false;
    let words = (load<u64>(IN_WORD + (at >> 3)) >> <u64>(at & 7)) & all;
    let special = (load<u64>(SPECIAL + (at >> 3)) >> <u64>(at & 7)) & all;
    while (special !== 0) {
      const place = <usize>ctz(special);
      const byte = load<u8>(LINE + at + place);
      if (byte !== BACKSLASH || load<u8>(LINE + at + place + 1) === LOWER_U) {
        stop = true;
        bits = place;
        next = at + place;
        words &= ((<u64>1) << (<u64>place)) - 1;
        break;
      }
      // An escape parts words; what is behind the backslash is no letter.
      words &= ~((<u64>3) << (<u64>place));
      special &= ~((<u64>3) << (<u64>place));
      if (place + 1 === bits) next++;
    }
    // Each edge is where a word begins, or ends.
    all = ((<u64>1) << (<u64>bits)) - 1;
    let edges = (words ^ ((words << 1) | <u64>inside)) & all;
    while (edges !== 0) {
      const place = at + <usize>ctz(edges);
      edges &= edges - 1;
      if (inside) add(SMALL + begin, place - begin);
      else begin = place;
      inside = !inside;
    }
    if (stop) return inside ? begin : next;
    at = next;
  }
  if (inside) add(SMALL + begin, to - begin);
  return at;
}

/** Adds the word of `bytes` bytes that stands at its own place. */
export function addWord(bytes: usize): void {
  if (bytes > WORD_BYTES) unreachable();
  store<u64>(WORD + bytes, 0);
  add(WORD, bytes);
}

function hashOf(from: usize, bytes: usize): u32 {
  let hash: u64 = <u64>bytes * 0x9e3779b97f4a7c15;
  let at = from;
  let left = bytes;
  for (; left >= 8; left -= 8, at += 8) hash = mix(hash ^ load<u64>(at));
  if (left > 0) hash = mix(hash ^ (load<u64>(at) & lowBytes(left)));
  return <u32>hash;
}

function mix(value: u64): u64 {
  const mixed = value * 0x9fb21c651e98df25;
  return mixed ^ (mixed >> 32);
}

/** A mask for 1 to 7 bytes. */
function lowBytes(bytes: usize): u64 {
  return ((<u64>1) << (<u64>(8 * bytes))) - 1;
}

function same(left: usize, right: usize, bytes: usize): bool {
  let at: usize = 0;
  for (; at + 8 <= bytes; at += 8) if (load<u64>(left + at) !== load<u64>(right + at)) return false;
  return at === bytes || ((load<u64>(left + at) ^ load<u64>(right + at)) & lowBytes(bytes - at)) === 0;
}

function add(from: usize, bytes: usize): void {
  const hash = hashOf(from, bytes);
  const mask = slots - 1;
  let slot = hash & mask;
  let probes: u32 = 0;
  for (;;) {
    const entry = load<u64>(SLOTS + 8 * <usize>slot);
    if (entry === 0) break;
    if (<u32>entry === hash) {
      const place = WORDS + <usize>(entry >> 32) - 1;
      if (load<u8>(place + bytes) === SPACE && same(place, from, bytes)) return;
    }
    if (++probes === MOST_PROBES) break;
    slot = (slot + 1) & mask;
  }
  const place = used;
  if (place + bytes + 9 > WORDS_BYTES) unreachable();
  // Most words are short, for which a copy of memory is a call that costs more; what is behind the word is free.
  for (let at: usize = 0; at < bytes; at += 8) store<u64>(WORDS + place + at, load<u64>(from + at));
  store<u8>(WORDS + place + bytes, SPACE);
  used = place + bytes + 1;
  // A word for which there was no slot may be there twice, which only costs its space.
  if (probes === MOST_PROBES) return;
  store<u64>(SLOTS + 8 * <usize>slot, <u64>hash | ((<u64>(place + 1)) << 32));
  if (++count > slots >> 1 && slots < MOST_SLOTS) grow();
}

/** Doubles the slots; which words there are is read from the words. */
function grow(): void {
  slots *= 2;
  memory.fill(SLOTS, 0, 8 * <usize>slots);
  const mask = slots - 1;
  let begin: usize = 0;
  for (let at: usize = 0; at < used; at++) {
    if (load<u8>(WORDS + at) !== SPACE) continue;
    const hash = hashOf(WORDS + begin, at - begin);
    let slot = hash & mask;
    let probes: u32 = 0;
    while (load<u64>(SLOTS + 8 * <usize>slot) !== 0 && ++probes < MOST_PROBES) slot = (slot + 1) & mask;
    if (probes < MOST_PROBES) store<u64>(SLOTS + 8 * <usize>slot, <u64>hash | ((<u64>(begin + 1)) << 32));
    begin = at + 1;
  }
}
