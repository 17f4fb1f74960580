// AssemblyScript. Reads a line of JSON (RFC 8259) by its bytes: where its scalars stand, and which of them are fields
// that are asked for. `ecs/line-scanner.ts` is its caller and says what is refused.
import { blank, isSpecial, lineEnd, markBytes, NONE, quoteFrom } from './line-bytes';
import { alloc, ENDS, FIELDS, KINDS, LINE, LINE_BYTES, MOST_LEAVES, SPECIAL, STARTS } from './memory';

export { answer, findLeaves, findText } from './find';
export { alloc, release, used } from './memory';

const PLAIN: u8 = 0;
const LINED: u8 = 2;
const CODED: u8 = 3;
const FOREIGN: u8 = 4;
const SCALAR: u8 = 5;
const COMPOSITE: u8 = 6;

const MOST_DEPTH: i32 = 32;
/** Most lists inside one another of a field. */
const MOST_LISTS: i32 = 8;
const LAST_TURN: u32 = 0x7fffffff;

/** The two letters outside ASCII whose small forms are, or begin, with one of ASCII. */
const DOTTED_I: i32 = 0x130;
const KELVIN: i32 = 0x212a;

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const BACKSLASH: u8 = 0x5c;
const OBJECT: u8 = 0x7b;
const OBJECT_END: u8 = 0x7d;
const LIST: u8 = 0x5b;
const LIST_END: u8 = 0x5d;

/** A way to a field: hash, parent, place and length of its key, field or -1, the line it was seen in last, whether any is below it. */
const NODE: u32 = 32;

// The tree at hand: nodes, and their numbers + 1 by hash; what is known of each field.
let nodes: usize = 0;
let slots: usize = 0;
let slotMask: u32 = 0;
let kinds: usize = 0;
let starts: usize = 0;
let ends: usize = 0;
let turns: usize = 0;
let turn: u32 = 0;

let count: i32 = 0;
let lists: i32 = 0;
let stringKind: u8 = PLAIN;

/**
 * Lays out a tree for so many nodes and fields; 0 where there is no room. Words: nodes, their number, slots, mask,
 * fields; where kind, start, end and line of each field are; which are fixed; the line at hand.
 */
export function newTree(most: u32, fields: u32): usize {
  let size: u32 = 2;
  while (size < 3 * most) size *= 2;
  const tree = alloc(48);
  const nodesAt = alloc(NODE * most);
  const slotsAt = alloc(4 * size);
  const words = alloc(4 * 3 * fields);
  const bytes = alloc(2 * fields);
  if (tree === 0 || nodesAt === 0 || slotsAt === 0 || words === 0 || bytes === 0) return 0;
  store<u32>(tree, nodesAt);
  store<u32>(tree + 4, 1);
  store<u32>(tree + 8, slotsAt);
  store<u32>(tree + 12, size - 1);
  store<u32>(tree + 16, fields);
  store<u32>(tree + 20, bytes);
  store<u32>(tree + 24, words);
  store<u32>(tree + 28, words + 4 * fields);
  store<u32>(tree + 32, words + 8 * fields);
  store<u32>(tree + 36, bytes + fields);
  store<i32>(nodesAt + 16, -1);
  return tree;
}

/** Adds a node below another one (the root is 0) by its key of `bytes` bytes; gives its number. */
export function addNode(tree: usize, parent: u32, key: usize, bytes: u32, field: i32): u32 {
  take(tree);
  const number = load<u32>(tree + 4);
  store<u32>(tree + 4, number + 1);
  const node = nodes + NODE * number;
  let hash = firstHash(nodes + NODE * parent);
  let at: u32 = 0;
  for (; at + 8 < bytes; at += 8) hash = mix(hash, load<u64>(key + at));
  hash = mix(hash, load<u64>(key + at) & lowBytes(bytes - at));
  store<u32>(node, <u32>hash);
  store<u32>(node + 4, nodes + NODE * parent);
  store<u32>(node + 8, key);
  store<u32>(node + 12, bytes);
  store<i32>(node + 16, field);
  store<u32>(nodes + NODE * parent + 24, 1);
  let slot = <u32>hash & slotMask;
  while (load<u32>(slots + 4 * slot) !== 0) slot = (slot + 1) & slotMask;
  store<u32>(slots + 4 * slot, node);
  return number;
}

/** Reads the line of so many bytes that stands at its place; gives how many scalars it holds, -1 where it is refused. */
export function scan(tree: usize, bytes: usize): i32 {
  if (bytes > LINE_BYTES) return -1;
  take(tree);
  turn = load<u32>(tree + 44) + 1;
  if (turn === LAST_TURN) forgetTurns(tree);
  store<u32>(tree + 44, turn);
  markBytes(bytes);
  count = 0;
  lists = 0;
  let at = blank(0);
  if (load<u8>(at, LINE) !== OBJECT) return -1;
  at = readObject(at + 1, nodes, 1);
  return <i32>at < 0 || blank(at) !== lineEnd ? -1 : count;
}

function take(tree: usize): void {
  nodes = load<u32>(tree);
  slots = load<u32>(tree + 8);
  slotMask = load<u32>(tree + 12);
  kinds = load<u32>(tree + 20);
  starts = load<u32>(tree + 24);
  ends = load<u32>(tree + 28);
  turns = load<u32>(tree + 32);
}

function forgetTurns(tree: usize): void {
  turn = 1;
  memory.fill(turns, 0, 4 * load<u32>(tree + 16));
  for (let node: u32 = 0; node < load<u32>(tree + 4); node++) store<u32>(nodes + NODE * node + 20, 0);
}

/** From behind the opening quote to the closing one; -1 where it is no string. Sets `stringKind`. */
function readString(from: usize): usize {
  const to = quoteFrom(from);
  if (<i32>to < 0) return NONE;
  if (!isSpecial(from, to)) {
    stringKind = PLAIN;
    return to;
  }
  return readSpecial(from, to);
}

/** A string with escapes, or not of ASCII. */
function readSpecial(from: usize, to: usize): usize {
  let kind = LINED;
  let at = from;
  while (at < to) {
    const bits = load<u64>(SPECIAL + (at >> 3)) >> <u64>(at & 7);
    if (bits === 0) {
      at = (at & ~7) + 64;
      continue;
    }
    at += <usize>ctz(bits);
    if (at >= to) break;
    const byte = load<u8>(at, LINE);
    if (byte === BACKSLASH) {
      const code = load<u8>(at + 1, LINE);
      at += 2;
      if (code === BACKSLASH || code === QUOTE || code === 0x6e || code === 0x72 || code === 0x74) continue;
      if (code === 0x62 || code === 0x66) continue;
      if (code === 0x2f) kind = CODED;
      else if (code === 0x75) {
        const unit = unitAt(at);
        if (unit < 0) return NONE;
        kind = kind === CODED || unit < 0x80 || unit === DOTTED_I || unit === KELVIN ? CODED : FOREIGN;
        at += 4;
      } else return NONE;
    } else {
      if (byte < 0x20) return NONE;
      if (kind !== CODED) {
        const isDotted = byte === 0xc4 && load<u8>(at + 1, LINE) === 0xb0;
        const isKelvin = byte === 0xe2 && load<u16>(at + 1, LINE) === 0xaa84;
        kind = isDotted || isKelvin ? CODED : FOREIGN;
      }
      at++;
    }
  }
  stringKind = kind;
  return to;
}

/** The UTF-16 unit that four digits stand for; -1 where they are none. */
function unitAt(from: usize): i32 {
  let unit: i32 = 0;
  for (let at = from; at < from + 4; at++) {
    const byte = load<u8>(at, LINE);
    if (!isHex(byte)) return -1;
    unit = (unit << 4) | <i32>(byte < 0x40 ? byte - 48 : (byte | 0x20) - 87);
  }
  return unit;
}

function isHex(byte: u8): bool {
  const small = byte | 0x20;
  return (byte >= 48 && byte <= 57) || (small >= 97 && small <= 102);
}

/** Whether a key can be a field's: no controls and no escapes. */
function isKey(from: usize, to: usize): bool {
  for (let at = from; at < to; at++) {
    const byte = load<u8>(at, LINE);
    if (byte < 0x20 || byte === BACKSLASH) return false;
  }
  return true;
}

/** Of eight bytes, the highest bits of those that are dots; only whether there is any is sure. */
function dotsIn(word: u64): u64 {
  const dots = word ^ 0x2e2e2e2e2e2e2e2e;
  return (dots - 0x0101010101010101) & ~dots & 0x8080808080808080;
}

function firstHash(parent: usize): u64 {
  return <u64>parent * 0x9e3779b97f4a7c15;
}

function mix(hash: u64, word: u64): u64 {
  const mixed = (hash ^ word) * 0x9fb21c651e98df25;
  return mixed ^ (mixed >> 32);
}

/** A mask for 0 to 8 bytes. */
function lowBytes(bytes: usize): u64 {
  return bytes >= 8 ? <u64>-1 : ((<u64>1) << (<u64>(8 * bytes))) - 1;
}

/** The node of a key below a parent: 0 where there is none, -1 where the key has a dot, as fields then lie elsewhere. */
function childOf(parent: usize, from: usize, to: usize): usize {
  let hash = firstHash(parent);
  let dots: u64 = 0;
  let at = from;
  for (; at + 8 < to; at += 8) {
    const word = load<u64>(at, LINE);
    dots |= dotsIn(word);
    hash = mix(hash, word);
  }
  const word = load<u64>(at, LINE) & lowBytes(to - at);
  if ((dots | dotsIn(word)) !== 0) return NONE;
  hash = mix(hash, word);
  let slot = <u32>hash & slotMask;
  while (true) {
    const node = <usize>load<u32>(slots + 4 * slot);
    if (node === 0) return 0;
    if (
      load<u32>(node) === <u32>hash &&
      load<u32>(node + 4) === <u32>parent &&
      load<u32>(node + 12) === <u32>(to - from)
    ) {
      if (isSame(load<u32>(node + 8), from, to - from)) return node;
    }
    slot = (slot + 1) & slotMask;
  }
}

function isSame(key: usize, from: usize, bytes: usize): bool {
  let at: usize = 0;
  for (; at + 8 < bytes; at += 8) if (load<u64>(key + at) !== load<u64>(from + at, LINE)) return false;
  return ((load<u64>(key + at) ^ load<u64>(from + at, LINE)) & lowBytes(bytes - at)) === 0;
}

/** A number, `true`, `false` or `null`, to behind it; -1 where it is none, or has an exponent. */
function readLiteral(from: usize): usize {
  const first = load<u8>(from, LINE);
  if (first === 0x74) return load<u32>(from, LINE) === 0x65757274 ? from + 4 : NONE;
  if (first === 0x66) return load<u32>(from + 1, LINE) === 0x65736c61 ? from + 5 : NONE;
  if (first === 0x6e) return load<u32>(from, LINE) === 0x6c6c756e ? from + 4 : NONE;
  let at = first === 0x2d ? from + 1 : from;
  const leading = load<u8>(at, LINE);
  const whole = digits(at);
  if (whole === at || (leading === 0x30 && whole > at + 1)) return NONE;
  at = whole;
  if (load<u8>(at, LINE) === 0x2e) {
    const fraction = digits(at + 1);
    if (fraction === at + 1) return NONE;
    at = fraction;
  }
  return (load<u8>(at, LINE) | 0x20) === 0x65 ? NONE : at;
}

function digits(from: usize): usize {
  let at = from;
  while (<u8>(load<u8>(at, LINE) - 0x30) < 10) at++;
  return at;
}

/** Adds a scalar; false where there are too many, or the field has a value already. */
function addLeaf(kind: u8, from: usize, to: usize, field: i32, within: i32): bool {
  const leaf = count;
  if (leaf >= MOST_LEAVES) return false;
  store<u8>(KINDS + leaf, kind);
  store<u32>(STARTS + 4 * leaf, from);
  store<u32>(ENDS + 4 * leaf, to);
  store<i32>(FIELDS + 4 * leaf, field >= 0 ? field : within);
  count = leaf + 1;
  return field < 0 || setField(field, kind, from, to);
}

/** False where the field has a value in this line already, under another of its names. */
function setField(field: i32, kind: u8, from: usize, to: usize): bool {
  if (load<u32>(turns + 4 * field) === turn) return false;
  store<u32>(turns + 4 * field, turn);
  store<u8>(kinds + field, kind);
  store<u32>(starts + 4 * field, from);
  store<u32>(ends + 4 * field, to);
  return true;
}

/** To behind a value; -1 where it is none, or unusual. `node`: 0 for none. */
function readValue(at: usize, node: usize, within: i32, depth: i32): usize {
  const field = node === 0 ? -1 : load<i32>(node + 16);
  const byte = load<u8>(at, LINE);
  if (byte === QUOTE) {
    const end = readString(at + 1);
    return <i32>end < 0 || !addLeaf(stringKind, at + 1, end, field, within) ? NONE : end + 1;
  }
  if (byte !== OBJECT && byte !== LIST) {
    const end = readLiteral(at);
    return <i32>end < 0 || !addLeaf(SCALAR, at, end, field, within) ? NONE : end;
  }
  if (depth >= MOST_DEPTH) return NONE;
  const inside = field >= 0 ? -2 - field : within;
  let end: usize;
  if (byte === OBJECT) end = readObject(at + 1, node, depth + 1);
  else if (inside === -1) end = readList(at + 1, inside, depth + 1);
  else {
    if (++lists > MOST_LISTS) return NONE;
    end = readList(at + 1, inside, depth + 1);
    lists--;
  }
  if (<i32>end > 0 && field >= 0 && !setField(field, COMPOSITE, at, end)) return NONE;
  return end;
}

/** From behind `{` to behind `}`. */
function readObject(from: usize, parent: usize, depth: i32): usize {
  let at = blank(from);
  if (load<u8>(at, LINE) === OBJECT_END) return at + 1;
  while (true) {
    if (load<u8>(at, LINE) !== QUOTE) return NONE;
    const start = at + 1;
    let node: usize = 0;
    if (parent === 0) at = readString(start);
    else {
      at = quoteFrom(start);
      if (<i32>at < 0 || (isSpecial(start, at) && !isKey(start, at))) return NONE;
      node = childOf(parent, start, at);
      if (node === NONE) return NONE;
      if (node !== 0) {
        // Of two keys that are the same, the last one counts.
        if (load<u32>(node + 20) === turn) return NONE;
        store<u32>(node + 20, turn);
      }
    }
    if (<i32>at < 0) return NONE;
    at = blank(at + 1);
    if (load<u8>(at, LINE) !== COLON) return NONE;
    at = readValue(blank(at + 1), node, -1, depth);
    if (<i32>at < 0) return NONE;
    at = blank(at);
    const byte = load<u8>(at, LINE);
    if (byte === OBJECT_END) return at + 1;
    if (byte !== COMMA) return NONE;
    at = blank(at + 1);
  }
}

/** From behind `[` to behind `]`. */
function readList(from: usize, within: i32, depth: i32): usize {
  let at = blank(from);
  if (load<u8>(at, LINE) === LIST_END) return at + 1;
  while (true) {
    at = readValue(at, 0, within, depth);
    if (<i32>at < 0) return NONE;
    at = blank(at);
    const byte = load<u8>(at, LINE);
    if (byte === LIST_END) return at + 1;
    if (byte !== COMMA) return NONE;
    at = blank(at + 1);
  }
}
