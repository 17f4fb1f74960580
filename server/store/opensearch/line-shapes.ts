import { KnownText } from '../../../ecs/scan/json-bytes.ts';
import { QUOTE, SCALAR, type Tokens } from '../../../ecs/scan/tokens.ts';

const MOST_DEPTH = 24;
const MOST_LEAVES = 2_000;
/** Ways on from one value to the next, all of them, and bytes between two values. */
const MOST_WAYS = 16;
const MOST_STEPS = 16_384;
const LONGEST_BETWEEN = 1_024;
/** Of all notes together. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Where shapes hardly come again, one line in so many is remembered, at the most. */
const MOST_EVERY = 256;

const COMMA = 0x2c;
const COLON = 0x3a;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const LIST = 0x5b;
const LIST_END = 0x5d;

const STRING = 0;
const NUMBER = 1;
const END = 2;

/** A way from one value of a line to the next: the text between, the same in all lines of one shape. */
interface Step<Note> {
  readonly between: KnownText;
  readonly to: number;
  readonly steps: Step<Note>[];
  /** What is noted of the shape that ends here. */
  readonly note: Note | undefined;
}

/** Where the strings and numbers of a line stand, in the order of the text. */
export class Leaves {
  /** `PLAIN`, `MARKED` or `CODED` for strings, `SCALAR` for numbers (`ecs/scan/tokens.ts`). */
  readonly kinds: Uint8Array = new Uint8Array(MOST_LEAVES);
  /** Of a string, its inside. */
  readonly starts: Int32Array = new Int32Array(MOST_LEAVES);
  readonly ends: Int32Array = new Int32Array(MOST_LEAVES);
  count = 0;

  /** False where there are too many. */
  add(kind: number, start: number, end: number): boolean {
    if (this.count >= MOST_LEAVES) return false;
    this.kinds[this.count] = kind;
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
    return true;
  }
}

/**
 * The shapes of lines seen of late, and something noted of each. Lines have one shape where only their strings and numbers
 * differ; `true`, `false` and `null` belong to the shape.
 */
export class LineShapes<Note> {
  readonly leaves: Leaves = new Leaves();
  #first: Step<Note>[] = [];
  #steps = 0;
  #bytes = 0;
  #known = 0;
  #unknown = 0;
  #every = 1;

  /** Reads a line of a known shape into `leaves`; gives the shape's note. */
  follow(tokens: Tokens): Note | undefined {
    const { text, end: lineEnd } = tokens;
    const { leaves } = this;
    leaves.count = 0;
    let steps = this.#first;
    let at = tokens.start;
    next: for (;;) {
      for (let way = 0; way < steps.length; way++) {
        const step = steps[way] as Step<Note>;
        const { between, to } = step;
        const from = at + between.length;
        if (from > lineEnd || !between.isAt(text, at)) continue;
        let end = from;
        let kind = SCALAR;
        if (to === STRING) {
          end = tokens.string(from);
          if (end < 0) return undefined;
          kind = tokens.stringKind;
        } else if (to === NUMBER) {
          if (!startsNumber(tokens.byte(from))) continue;
          end = tokens.literal(from);
          if (end < 0) return undefined;
        } else if (from !== lineEnd) continue;
        if (way > 0) {
          steps[way] = steps[way - 1] as Step<Note>;
          steps[way - 1] = step;
        }
        if (to === END) {
          this.#known++;
          return step.note;
        }
        if (!leaves.add(kind, from, end)) return undefined;
        steps = step.steps;
        at = end;
        continue next;
      }
      return undefined;
    }
  }

  /** Whether the next line of an unknown shape is worth the work of noting something of it. */
  isDue(): boolean {
    return this.#unknown++ % this.#every === 0;
  }

  /** Reads a line of whatever shape into `leaves`; false where it is no JSON object, or unusual. */
  explore(tokens: Tokens): boolean {
    this.leaves.count = 0;
    let at = tokens.blank(tokens.start);
    if (tokens.byte(at) !== OBJECT) return false;
    at = this.#object(tokens, at + 1, 1);
    return at >= 0 && tokens.blank(at) === tokens.end;
  }

  /** Notes something of the line in `leaves`, for all lines of its shape. `size`: bytes that the note takes. */
  remember(tokens: Tokens, note: Note, size: number): void {
    const { leaves } = this;
    if (this.#steps + leaves.count > MOST_STEPS || this.#bytes + size > MOST_BYTES) this.#clear();
    this.#bytes += size;
    const { bytes } = tokens.text;
    let steps = this.#first;
    let at = tokens.start;
    for (let leaf = 0; leaf <= leaves.count; leaf++) {
      const last = leaf === leaves.count;
      const from = last ? tokens.end : (leaves.starts[leaf] as number);
      if (from - at > LONGEST_BETWEEN) return;
      const between = bytes.subarray(at, from);
      const to = last ? END : leaves.kinds[leaf] === SCALAR ? NUMBER : STRING;
      let step = steps.find((known) => known.to === to && between.equals(known.between.bytes));
      if (!step) {
        if (steps.length >= MOST_WAYS) return;
        // A copy: it must not hold on to the frame that it is cut from.
        const own = new KnownText(Buffer.from(between));
        step = { between: own, to, steps: [], note: last ? note : undefined };
        steps.push(step);
        this.#steps++;
      }
      steps = step.steps;
      at = last ? from : (leaves.ends[leaf] as number);
    }
  }

  #clear(): void {
    const useful = this.#known > 4 * this.#unknown;
    this.#every = useful ? 1 : Math.min(MOST_EVERY, 4 * this.#every);
    this.#first = [];
    this.#steps = 0;
    this.#bytes = 0;
    this.#known = 0;
    this.#unknown = 1;
  }

  /** To behind a value; -1 where it is none, or unusual. */
  #value(tokens: Tokens, at: number, depth: number): number {
    const byte = tokens.byte(at);
    if (byte === QUOTE) {
      const end = tokens.string(at + 1);
      return end >= 0 && this.leaves.add(tokens.stringKind, at + 1, end) ? end + 1 : -1;
    }
    if (byte === OBJECT || byte === LIST) {
      if (depth >= MOST_DEPTH) return -1;
      return byte === OBJECT ? this.#object(tokens, at + 1, depth + 1) : this.#list(tokens, at + 1, depth + 1);
    }
    const end = tokens.literal(at);
    if (end < 0 || !startsNumber(byte)) return end;
    return this.leaves.add(SCALAR, at, end) ? end : -1;
  }

  /** From behind `{` to behind `}`. */
  #object(tokens: Tokens, from: number, depth: number): number {
    let at = tokens.blank(from);
    if (tokens.byte(at) === OBJECT_END) return at + 1;
    for (;;) {
      if (tokens.byte(at) !== QUOTE) return -1;
      at = tokens.string(at + 1);
      if (at < 0) return -1;
      at = tokens.blank(at + 1);
      if (tokens.byte(at) !== COLON) return -1;
      at = this.#value(tokens, tokens.blank(at + 1), depth);
      if (at < 0) return -1;
      at = tokens.blank(at);
      const byte = tokens.byte(at);
      if (byte === OBJECT_END) return at + 1;
      if (byte !== COMMA) return -1;
      at = tokens.blank(at + 1);
    }
  }

  /** From behind `[` to behind `]`. */
  #list(tokens: Tokens, from: number, depth: number): number {
    let at = tokens.blank(from);
    if (tokens.byte(at) === LIST_END) return at + 1;
    for (;;) {
      at = this.#value(tokens, at, depth);
      if (at < 0) return -1;
      at = tokens.blank(at);
      const byte = tokens.byte(at);
      if (byte === LIST_END) return at + 1;
      if (byte !== COMMA) return -1;
      at = tokens.blank(at + 1);
    }
  }
}

function startsNumber(byte: number): boolean {
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
}
