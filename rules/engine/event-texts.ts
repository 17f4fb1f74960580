import type { LineScanner } from '../../ecs/line-scanner.ts';
import { CODED, LINED, SCALAR } from '../../ecs/scan/tokens.ts';
import { LEAF_DEPTH } from '../query/matcher.ts';
import { foldCase } from '../query/string-test.ts';
import { type EventContext, partedName } from './event-context.ts';
import type { TextPlace } from './gram-table.ts';
import type { Found, LiteralIndex } from './literal-index.ts';
import { TextBytes } from './text-bytes.ts';

/** How deep lists inside lists are looked into for a field, as in `anyElement`. */
const LIST_DEPTH = 8;
/** Whole numbers up to so many digits stand in a line as this language writes them. */
const DIGITS = 15;
const [ZERO, NINE, MINUS, LETTER_T, LETTER_F] = [0x30, 0x39, 0x2d, 0x74, 0x66];

/** Looks through the texts of an event. */
export interface Texts {
  find(context: EventContext, line: LineScanner | undefined, found: Found): void;
}

/** All groups share them: one text is looked at at a time. */
const plainText = new TextBytes('plain');
const jsonText = new TextBytes('json');
const nothing = Buffer.alloc(0);
const place: TextPlace = {
  bytes: nothing,
  words: new DataView(nothing.buffer, 0, 0),
  start: 0,
  end: 0,
  escaped: false,
};

function findIn(index: LiteralIndex, text: string, slot: number, copy: TextBytes, turn: number, found: Found): void {
  if (!copy.take(text)) {
    // Folding is no matter of single letters outside ASCII, and may lead into it.
    const folded = foldCase(text);
    index.findForeign(slot, folded, found);
    copy.take(folded);
  }
  place.bytes = copy.bytes;
  place.words = copy.words;
  place.start = 0;
  place.end = copy.length;
  place.escaped = copy === jsonText;
  index.find(slot, place, turn, found);
}

/** A value of a field, and what is in it where it is a list; and, where all fields are looked through, in an object. */
function findInValue(
  index: LiteralIndex,
  value: unknown,
  slot: number,
  copy: TextBytes,
  turn: number,
  found: Found,
  depth = 1,
): void {
  if (typeof value === 'string') {
    // One character is three bytes at most.
    if (index.asks(slot, 3 * value.length)) findIn(index, value, slot, copy, turn, found);
  } else if (typeof value === 'number' || typeof value === 'boolean') {
    if (slot >= 0 || index.scalars) findIn(index, String(value), slot, copy, turn, found);
  } else if (typeof value === 'object' && value !== null) {
    const list = Array.isArray(value);
    if (depth >= LEAF_DEPTH || (!list && !index.anyField)) return;
    const inside = list && depth <= LIST_DEPTH ? slot : -1;
    for (const key in value) {
      findInValue(index, (value as Record<string, unknown>)[key], inside, copy, turn, found, depth + 1);
    }
  }
}

/** Texts of events that were parsed. */
export class EventTexts implements Texts {
  readonly #index: LiteralIndex;
  /** Where all fields are looked through: slots by the keys of the event; and the others. */
  readonly #byKey = new Map<string, number>();
  readonly #deep: readonly number[];
  readonly #names: readonly string[];

  constructor(index: LiteralIndex, names: readonly string[]) {
    this.#index = index;
    this.#names = names;
    const deep: number[] = [];
    for (const slot of index.slots) {
      const name = names[slot] as string;
      if (name.includes('.')) deep.push(slot);
      else this.#byKey.set(name, slot);
    }
    // The other spelling, unless a field has that very name.
    for (const slot of index.slots) {
      const parted = partedName(names[slot] as string, 'raw');
      if (parted !== undefined && !this.#byKey.has(parted)) this.#byKey.set(parted, slot);
    }
    this.#deep = deep;
  }

  find(context: EventContext, _line: LineScanner | undefined, found: Found): void {
    const index = this.#index;
    const { turn } = context;
    if (!index.anyField) {
      for (const slot of index.slots) findInValue(index, context.value(slot), slot, plainText, turn, found);
      return;
    }
    const event = context.event as Record<string, unknown>;
    for (const key in event) {
      const slot = this.#byKey.get(key) ?? -1;
      const own = slot >= 0 && (this.#names[slot] === key || context.value(slot) === event[key]);
      findInValue(index, event[key], own ? slot : -1, plainText, turn, found);
    }
    for (const slot of this.#deep) findInValue(index, context.value(slot), slot, plainText, turn, found);
  }
}

/** Texts with letters outside ASCII up to so many bytes are remembered, one for each field: makers' names come again and again. */
const REMEMBERED_LENGTH = 200;

/** A text as it stood in a line, and read. */
interface Remembered {
  readonly raw: Buffer;
  readonly text: string;
}

function isAt(raw: Buffer, bytes: Uint8Array, start: number, end: number): boolean {
  if (raw.length !== end - start) return false;
  for (let at = 0; at < raw.length; at++) if (raw[at] !== bytes[start + at]) return false;
  return true;
}

/** Texts of events that are lines still: most of them are looked through where they stand. */
export class LineTexts implements Texts {
  readonly #index: LiteralIndex;
  readonly #remembered: (Remembered | undefined)[] = [];

  constructor(index: LiteralIndex) {
    this.#index = index;
  }

  find({ turn }: EventContext, line: LineScanner | undefined, found: Found): void {
    if (!line) return;
    const index = this.#index;
    const { leafFields, leafKinds, leafStarts, leafEnds, count } = line.leaves;
    place.bytes = line.json.bytes;
    place.words = line.json.words;
    for (let leaf = 0; leaf < count; leaf++) {
      const field = leafFields[leaf] as number;
      const named = field >= -1 ? field : -2 - field;
      // Fields that no rule names are none to the index.
      const slot = named < index.count ? named : -1;
      const start = leafStarts[leaf] as number;
      const end = leafEnds[leaf] as number;
      const kind = leafKinds[leaf] as number;
      // Letters outside ASCII may be more bytes once they are folded.
      if (!index.asks(slot, kind === CODED ? 3 * (end - start) : end - start)) continue;
      if (named >= 0 && line.isFixed(named)) continue;
      if (slot < 0 && kind === SCALAR && !index.scalars) continue;
      if (kind === CODED) this.#findCopy(line, this.#decoded(line, leaf, slot, start, end), slot, turn, found);
      else if (kind === SCALAR && !isAsWritten(place.bytes, start, end)) {
        const value: unknown = JSON.parse(line.text(leaf));
        if (value !== null) this.#findCopy(line, String(value), slot, turn, found);
      } else {
        place.start = start;
        place.end = end;
        place.escaped = kind === LINED;
        index.find(slot, place, turn, found);
      }
    }
    for (const named of line.fixed) {
      const slot = named < index.count ? named : -1;
      if (index.asks(slot, Number.MAX_SAFE_INTEGER)) findInValue(index, line.value(named), slot, jsonText, turn, found);
    }
  }

  #decoded(line: LineScanner, leaf: number, slot: number, start: number, end: number): string {
    if (slot < 0 || end - start > REMEMBERED_LENGTH) return line.text(leaf);
    const last = this.#remembered[slot];
    if (last && isAt(last.raw, line.json.bytes, start, end)) return last.text;
    const text = line.text(leaf);
    // A copy: it must not hold on to the line that it was cut from.
    this.#remembered[slot] = { raw: Buffer.from(line.json.bytes.subarray(start, end)), text };
    return text;
  }

  #findCopy(line: LineScanner, text: string, slot: number, turn: number, found: Found): void {
    findIn(this.#index, text, slot, jsonText, turn, found);
    place.bytes = line.json.bytes;
    place.words = line.json.words;
  }
}

/** Whether a number or literal stands in the line as this language writes it: `true`, `false`, short whole numbers. */
function isAsWritten(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start] as number;
  if (first === LETTER_T || first === LETTER_F) return true;
  if (first === ZERO) return end === start + 1;
  if (end - start > DIGITS) return false;
  for (let at = first === MINUS && bytes[start + 1] !== ZERO ? start + 1 : start; at < end; at++) {
    if ((bytes[at] as number) < ZERO || (bytes[at] as number) > NINE) return false;
  }
  return true;
}
