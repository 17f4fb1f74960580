import type { LineScanner } from '../../ecs/line-scanner.ts';
import { PLACES } from '../../ecs/scan/line-kernel.ts';
import { LEAF_DEPTH } from '../query/matcher.ts';
import { foldCase } from '../query/string-test.ts';
import { type EventContext, partedName } from './event-context.ts';
import type { LiteralIndex } from './literal-index.ts';
import { type Encoding, TextBytes } from './text-bytes.ts';

/** How deep lists inside lists are looked into for a field, as in `anyElement`. */
const LIST_DEPTH = 8;

/** Looks through the texts of an event, so that the kernel has the answers. */
export interface Texts {
  find(context: EventContext, line: LineScanner | undefined): void;
}

/** Looks through single texts for an index. */
class TextFinder {
  readonly index: LiteralIndex;
  readonly #copy: TextBytes;
  readonly #escaped: number;

  constructor(index: LiteralIndex, encoding: Encoding) {
    this.index = index;
    this.#copy = new TextBytes(index.kernel, encoding);
    this.#escaped = encoding === 'json' ? 1 : 0;
  }

  find(text: string, slot: number, turn: number): void {
    const { index } = this;
    const copy = this.#copy;
    if (!copy.take(text)) {
      // Folding is no matter of single letters outside ASCII, and may lead into it.
      const folded = foldCase(text);
      index.findForeign(slot, folded, turn);
      copy.take(folded);
    }
    index.kernel.functions.findText(index.place, slot, copy.start, copy.end, this.#escaped, turn);
  }

  /** A value of a field, and what is in it where it is a list; and, where all fields are looked through, in an object. */
  findInValue(value: unknown, slot: number, turn: number, depth = 1): void {
    const { index } = this;
    if (typeof value === 'string') {
      // One character is three bytes at most.
      if (index.asks(slot, 3 * value.length)) this.find(value, slot, turn);
    } else if (typeof value === 'number' || typeof value === 'boolean') {
      if (slot >= 0 || index.scalars) this.find(String(value), slot, turn);
    } else if (typeof value === 'object' && value !== null) {
      const list = Array.isArray(value);
      if (depth >= LEAF_DEPTH || (!list && !index.anyField)) return;
      const inside = list && depth <= LIST_DEPTH ? slot : -1;
      for (const key in value) this.findInValue((value as Record<string, unknown>)[key], inside, turn, depth + 1);
    }
  }
}

/** Texts of events that were parsed. */
export class EventTexts implements Texts {
  readonly #finder: TextFinder;
  readonly #index: LiteralIndex;
  /** Where all fields are looked through: slots by the keys of the event; and the others. */
  readonly #byKey = new Map<string, number>();
  readonly #deep: readonly number[];
  readonly #names: readonly string[];

  constructor(index: LiteralIndex, names: readonly string[]) {
    this.#index = index;
    this.#finder = new TextFinder(index, 'plain');
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

  find(context: EventContext): void {
    const index = this.#index;
    const finder = this.#finder;
    const { turn } = context;
    if (!index.anyField) {
      for (const slot of index.slots) finder.findInValue(context.value(slot), slot, turn);
      return;
    }
    const event = context.event as Record<string, unknown>;
    for (const key in event) {
      const slot = this.#byKey.get(key) ?? -1;
      const own = slot >= 0 && (this.#names[slot] === key || context.value(slot) === event[key]);
      finder.findInValue(event[key], own ? slot : -1, turn);
    }
    for (const slot of this.#deep) finder.findInValue(context.value(slot), slot, turn);
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

/** Texts of events that are lines still: the kernel looks through most of them where they stand. */
export class LineTexts implements Texts {
  readonly #index: LiteralIndex;
  readonly #finder: TextFinder;
  readonly #remembered: (Remembered | undefined)[] = [];

  constructor(index: LiteralIndex) {
    this.#index = index;
    this.#finder = new TextFinder(index, 'json');
  }

  find({ turn }: EventContext, line: LineScanner | undefined): void {
    if (!line) return;
    const index = this.#index;
    const { kernel } = index;
    const left = kernel.functions.findLeaves(index.place, line.tree, line.count, turn);
    for (let at = 0; at < left; at++) this.#findLeft(line, kernel.words[PLACES.left / 4 + at] as number, turn);
    for (const named of line.fixed) {
      const slot = named < index.count ? named : -1;
      if (index.asks(slot, Number.MAX_SAFE_INTEGER)) this.#finder.findInValue(line.value(named), slot, turn);
    }
  }

  /** Looks through a text that does not stand as it is meant: one with letters outside ASCII or escapes, or a number. */
  #findLeft(line: LineScanner, leaf: number, turn: number): void {
    const field = line.field(leaf);
    const named = field >= -1 ? field : -2 - field;
    const slot = named < this.#index.count ? named : -1;
    if (line.isString(leaf)) {
      this.#finder.find(this.#decoded(line, leaf, slot), slot, turn);
      return;
    }
    const value: unknown = JSON.parse(line.text(leaf));
    if (value !== null) this.#finder.find(String(value), slot, turn);
  }

  #decoded(line: LineScanner, leaf: number, slot: number): string {
    const [start, end] = [line.leafStart(leaf), line.leafEnd(leaf)];
    if (slot < 0 || end - start > REMEMBERED_LENGTH) return line.text(leaf);
    const last = this.#remembered[slot];
    if (last && isAt(last.raw, line.json.bytes, start, end)) return last.text;
    const text = line.text(leaf);
    // A copy: it must not hold on to the line that it was cut from.
    this.#remembered[slot] = { raw: Buffer.from(line.json.bytes.subarray(start, end)), text };
    return text;
  }
}
