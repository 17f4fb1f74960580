// AssemblyScript. Looks for the literals of rules in texts, and says which questions are answered with yes and which
// rules must be checked. `rules/engine/gram-table.ts` and `rules/engine/rule-group.ts` lay out what it reads.
import { ENDS, FIELDS, KINDS, LEFT, LINE, STARTS } from './memory';

const LINED: u8 = 2;
const CODED: u8 = 3;
const FOREIGN: u8 = 4;
const SCALAR: u8 = 5;

const GRAM: usize = 4;
/** Makes ASCII letters of a word small, and leaves every word that was small already. */
const SMALL: u32 = 0x20202020;
const MIX: u32 = 0x9e3779b1;
/** Whole texts up to here are found by their bytes as one number. */
const SHORT_WHOLE: usize = 7;
/** Whole numbers up to so many digits stand in a line as the rules' language writes them. */
const DIGITS: usize = 15;
const BACKSLASH: u8 = 0x5c;
const LOWER_U: u8 = 0x75;

// Words of a table: step of the places that are looked at, shift for the filter, filter; by word, where its chain
// begins and ends (0: no chains); mask of that; chains: entry and offset; entries: place, length, ends of the text at
// which it must stand (1 begin, 2 end), event in which it was found last, its questions from and to; questions; by
// whole text, its questions from and to (0: none); mask of that; the fewest bytes of a text that can hold any of it;
// whether it has literals outside ASCII.
// Words of a group: how many slots; whether numbers and literals are looked through for any field; tables by slot + 1;
// of each question its number in the rule set; where in the list behind it its rules begin; that list; by rule, the
// event in which it was marked last; rules to check, and how many; by question of the rule set, the event in which it
// was answered with yes last.

/**
 * Looks through the scalars of the line read last, of a tree. Gives how many the caller must look at: those that do
 * not stand as they are meant.
 */
export function findLeaves(group: usize, tree: usize, count: i32, turn: u32): i32 {
  const slotCount = load<i32>(group);
  const scalars = load<u32>(group + 4);
  const tables = <usize>load<u32>(group + 8);
  const fixed = <usize>load<u32>(tree + 36);
  let left = 0;
  for (let leaf = 0; leaf < count; leaf++) {
    const field = load<i32>(FIELDS + 4 * leaf);
    const named = field >= -1 ? field : -2 - field;
    // Fields that no rule names are none to the index.
    const slot = named < slotCount ? named : -1;
    const table = <usize>load<u32>(tables + 4 * (slot + 1));
    if (table === 0) continue;
    const start = LINE + load<u32>(STARTS + 4 * leaf);
    const end = LINE + load<u32>(ENDS + 4 * leaf);
    const kind = load<u8>(KINDS + leaf);
    // Letters outside ASCII may be more bytes once they are folded.
    const bytes: usize = kind === CODED || kind === FOREIGN ? 3 * (end - start) : end - start;
    if (<u32>bytes < load<u32>(table + 40)) continue;
    if (named >= 0 && load<u8>(fixed + named) !== 0) continue;
    if (kind === SCALAR) {
      if (slot < 0 && scalars === 0) continue;
      if (!isAsWritten(start, end)) {
        store<u32>(LEFT + 4 * left++, leaf);
        continue;
      }
    } else if (kind === CODED || (kind === FOREIGN && load<u32>(table + 44) !== 0)) {
      store<u32>(LEFT + 4 * left++, leaf);
      continue;
    }
    find(group, table, start, end, kind === LINED || kind === FOREIGN, turn);
  }
  return left;
}

/** Looks through a text of a slot, wherever it stands; `escaped`: its quotes, backslashes and controls as in JSON. */
export function findText(group: usize, slot: i32, start: usize, end: usize, escaped: bool, turn: u32): void {
  const table = <usize>load<u32>(<usize>load<u32>(group + 8) + 4 * (slot + 1));
  if (table !== 0) find(group, table, start, end, escaped, turn);
}

/** Answers a question of a group with yes. */
export function answer(group: usize, question: u32, turn: u32): void {
  const id = load<u32>(<usize>load<u32>(group + 12) + 4 * question);
  const yes = <usize>load<u32>(group + 36) + 4 * id;
  if (load<u32>(yes) === turn) return;
  store<u32>(yes, turn);
  const hangs = <usize>load<u32>(group + 16) + 4 * question;
  const last = load<u32>(hangs + 4);
  for (let index = load<u32>(hangs); index < last; index++) {
    const rule = load<u32>(<usize>load<u32>(group + 20) + 4 * index);
    const marked = <usize>load<u32>(group + 24) + 4 * rule;
    if (load<u32>(marked) === turn) continue;
    store<u32>(marked, turn);
    const candidates = load<u32>(group + 32);
    store<u32>(<usize>load<u32>(group + 28) + 4 * candidates, rule);
    store<u32>(group + 32, candidates + 1);
  }
}

/** Whether a number or literal stands as the rules' language writes it: `true`, `false`, short whole numbers. */
function isAsWritten(start: usize, end: usize): bool {
  const first = load<u8>(start);
  if (first === 0x74 || first === 0x66) return true;
  if (first === 0x30) return end === start + 1;
  if (end - start > DIGITS) return false;
  for (let at = first === 0x2d && load<u8>(start + 1) !== 0x30 ? start + 1 : start; at < end; at++) {
    if (load<u8>(at) < 0x30 || load<u8>(at) > 0x39) return false;
  }
  return true;
}

function folded(text: v128): v128 {
  const capital = i8x16.lt_u(i8x16.sub(text, i8x16.splat(65)), i8x16.splat(26));
  return v128.or(text, v128.and(capital, i8x16.splat(0x20)));
}

/** Whether a bit of the filter is set, in the lowest bit. */
function passes(filter: usize, bit: u32): u32 {
  return load<u32>(filter + ((bit >> 5) << 2)) >> (bit & 31);
}

function find(group: usize, table: usize, start: usize, end: usize, escaped: bool, turn: u32): void {
  const wholes = <usize>load<u32>(table + 32);
  if (wholes !== 0 && end - start <= SHORT_WHOLE) findWhole(group, table, wholes, start, end - start, turn);
  const words = <usize>load<u32>(table + 12);
  if (words === 0 || end - start < GRAM) return;
  const step = <usize>load<u32>(table);
  const shift = load<u32>(table + 4);
  const filter = <usize>load<u32>(table + 8);
  const mask = load<u32>(table + 16);
  const last = end - GRAM;
  const afterFour = 3 * step;
  for (let at = start; at <= last; at += step) {
    // Four places at once, as hardly any passes.
    while (at + afterFour <= last) {
      const a = passes(filter, ((load<u32>(at) | SMALL) * MIX) >> shift);
      const b = passes(filter, ((load<u32>(at + step) | SMALL) * MIX) >> shift);
      const c = passes(filter, ((load<u32>(at + 2 * step) | SMALL) * MIX) >> shift);
      const d = passes(filter, ((load<u32>(at + afterFour) | SMALL) * MIX) >> shift);
      const any = (a & 1) | ((b & 1) << 1) | ((c & 1) << 2) | ((d & 1) << 3);
      if (any === 0) {
        at += 4 * step;
        continue;
      }
      at += step * ctz(any);
      break;
    }
    if (at > last) return;
    const word = load<u32>(at) | SMALL;
    const mixed = word * MIX;
    if ((passes(filter, mixed >> shift) & 1) === 0) continue;
    let place = (mixed >> 7) & mask;
    while (true) {
      const chain = words + 12 * place;
      const chainEnd = load<u32>(chain + 8);
      if (chainEnd === 0) break;
      if (load<u32>(chain) === word) {
        const chains = <usize>load<u32>(table + 20);
        const entries = <usize>load<u32>(table + 24);
        for (let index = load<u32>(chain + 4); index < chainEnd; index++) {
          const entry = entries + 24 * load<u32>(chains + 8 * index);
          if (load<u32>(entry + 12) === turn) continue;
          if (!standsAt(entry, start, end, escaped, at - load<u32>(chains + 8 * index + 4))) continue;
          store<u32>(entry + 12, turn);
          tell(group, table, load<u32>(entry + 16), load<u32>(entry + 20), turn);
        }
        break;
      }
      place = (place + 1) & mask;
    }
  }
}

function tell(group: usize, table: usize, from: u32, to: u32, turn: u32): void {
  const questions = <usize>load<u32>(table + 28);
  for (let asked = from; asked < to; asked++) answer(group, load<u32>(questions + 4 * asked), turn);
}

function findWhole(group: usize, table: usize, wholes: usize, start: usize, bytes: usize, turn: u32): void {
  const text = v128.extract_lane<u64>(folded(v128.load(start)), 0) & (((<u64>1) << (<u64>(8 * bytes))) - 1);
  const key = text | ((<u64>(bytes + 1)) << 56);
  const mask = load<u32>(table + 36);
  let place = <u32>((key * 0x9e3779b97f4a7c15) >> 32) & mask;
  while (true) {
    const known = load<u64>(wholes + 16 * place);
    if (known === 0) return;
    if (known === key) {
      tell(group, table, load<u32>(wholes + 16 * place + 8), load<u32>(wholes + 16 * place + 12), turn);
      return;
    }
    place = (place + 1) & mask;
  }
}

function standsAt(entry: usize, start: usize, end: usize, escaped: bool, at: usize): bool {
  const bytes = <usize>load<u32>(entry + 4);
  const after = at + bytes;
  if (<i32>at < <i32>start || after > end) return false;
  const anchors = load<u32>(entry + 8);
  if (((anchors & 1) !== 0 && at !== start) || ((anchors & 2) !== 0 && after !== end)) return false;
  const literal = <usize>load<u32>(entry);
  if (bytes < 16) {
    const differs = v128.xor(folded(v128.load(at)), v128.load(literal));
    const inside = i8x16.lt_u(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<u8>bytes));
    if (v128.any_true(v128.and(differs, inside))) return false;
  } else {
    for (let index: usize = 0; ; index += 16) {
      // The last bytes together with some that were compared already.
      const from = index + 16 < bytes ? index : bytes - 16;
      if (v128.any_true(v128.xor(folded(v128.load(at + from)), v128.load(literal + from)))) return false;
      if (from !== index || index + 16 === bytes) break;
    }
  }
  return !escaped || isWholeAt(start, at);
}

/** Whether no character that is written as several, by a backslash, is parted at a place. */
function isWholeAt(start: usize, at: usize): bool {
  if (!isBehindPairs(start, at)) return false;
  // The digits of a code, of which up to three may stand before.
  for (let code = at - 2; code >= start && code >= at - 5; code--) {
    if (load<u8>(code) === BACKSLASH && load<u8>(code + 1) === LOWER_U && isBehindPairs(start, code)) return false;
  }
  return true;
}

function isBehindPairs(start: usize, at: usize): bool {
  let before = at;
  while (before > start && load<u8>(before - 1) === BACKSLASH) before--;
  return ((at - before) & 1) === 0;
}
