import { type FieldNode, FieldTree } from './scan/field-tree.ts';
import type { JsonBytes } from './scan/json-bytes.ts';
import { LineForms } from './scan/line-forms.ts';
import { LineValues } from './scan/line-values.ts';
import { BACKSLASH, COMPOSITE, LINED, PLAIN, QUOTE, SCALAR, Tokens } from './scan/tokens.ts';

/** Most levels of objects and lists; what has more is left to the caller. */
const MOST_DEPTH = 32;
/** Most lists inside one another of a field; tests look no deeper (`anyElement`). */
const MOST_LISTS = 8;
/** Short lists (`["web"]`) are the same again and again; so many are remembered, up to this length. */
const REMEMBERED = 512;
const REMEMBERED_LENGTH = 64;

/** Strings up to here are unescaped byte by byte: longer ones are read faster by the engine. */
const unescaped = Buffer.alloc(1_024);
/** What a byte behind a backslash stands for (RFC 8259 §7). */
const ESCAPED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (const [letter, byte] of Object.entries({ b: 8, t: 9, n: 10, f: 12, r: 13 })) ESCAPED[letter.charCodeAt(0)] = byte;

const COMMA = 0x2c;
const COLON = 0x3a;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const LIST = 0x5b;
const LIST_END = 0x5d;

/**
 * Reads chosen fields of an event from its JSON text without building the event: several times as fast as parsing it
 * (RFC 8259). It takes only lines that `JSON.parse` takes; whatever is unusual (a key with a dot or an escape, a key
 * twice, too deep, too long) it refuses, and the caller parses those. For the rest its values are what `readField`
 * gives of the parsed event.
 */
export class LineScanner {
  readonly fields: readonly string[];
  readonly #tree: FieldTree;
  readonly #tokens = new Tokens();
  readonly #forms = new LineForms();
  readonly #values: LineValues;
  readonly #fixed: unknown[];
  readonly #isFixed: Uint8Array;
  /** Numbers of the fields that have one value in all lines. */
  readonly fixed: number[] = [];
  readonly #known = new Map<string, unknown>();
  #latin = '';
  #latinOf = -1;
  /** Lists of a field that are open. */
  #lists = 0;

  /** `fields`: dotted names. `aliasOf` gives another key of the root under which a field may stand. */
  constructor(fields: readonly string[], aliasOf: (field: string) => string | undefined = () => undefined) {
    this.fields = fields;
    this.#tree = new FieldTree(fields, aliasOf);
    this.#values = new LineValues(fields.length);
    this.#fixed = new Array<unknown>(fields.length).fill(undefined);
    this.#isFixed = new Uint8Array(fields.length);
  }

  /** Gives a field the same value in all lines from now on, whatever they say. */
  fix(field: string, value: unknown): void {
    const index = this.fields.indexOf(field);
    if (index < 0) return;
    this.#fixed[index] = value;
    if (this.#isFixed[index] === 1) return;
    this.#isFixed[index] = 1;
    this.fixed.push(index);
  }

  isFixed(field: number): boolean {
    return this.#isFixed[field] === 1;
  }

  /** Where the values of the line read last stand, and in what. */
  get leaves(): LineValues {
    return this.#values;
  }

  get json(): JsonBytes {
    return this.#tokens.text;
  }

  /** Reads one line, a JSON object from byte `start` to before byte `end`. False: it is unusual or no JSON; parse it. */
  scan(text: JsonBytes, start: number, end: number): boolean {
    this.#tokens.take(text, start, end);
    return this.#forms.follow(this.#tokens, this.#values) || this.#explore();
  }

  /** Value of a field by its number in `fields`; undefined where it is absent. */
  value(field: number): unknown {
    if (this.#isFixed[field] === 1) return this.#fixed[field];
    const values = this.#values;
    if (values.turns[field] !== values.turn) return undefined;
    const start = values.starts[field] as number;
    const end = values.ends[field] as number;
    switch (values.kinds[field]) {
      case PLAIN:
        return this.#slice(start, end);
      case SCALAR:
        return this.#scalar(start, end);
      case COMPOSITE:
        return this.#composite(start, end);
      case LINED:
        return this.#unescape(start, end);
      default:
        return this.#decode(start, end);
    }
  }

  /** The JSON of a field by its number where it is a text of ASCII without escapes. */
  plainJson(field: number): string | undefined {
    const { turns, turn, kinds, starts, ends } = this.#values;
    if (turns[field] !== turn || kinds[field] !== PLAIN || this.#isFixed[field] === 1) return undefined;
    return this.#slice((starts[field] as number) - 1, (ends[field] as number) + 1);
  }

  /** How many scalars the line holds. They are numbered in the order of the text. */
  get count(): number {
    return this.#values.count;
  }

  /** Number of the field that a scalar is, `-2 - n` where it is in the list of field `n`, -1 for one that nobody asked for. */
  field(leaf: number): number {
    return this.#values.leafFields[leaf] as number;
  }

  isString(leaf: number): boolean {
    return (this.#values.leafKinds[leaf] as number) < SCALAR;
  }

  isNull(leaf: number): boolean {
    const { leafKinds, leafStarts } = this.#values;
    return leafKinds[leaf] === SCALAR && this.#tokens.text.bytes[leafStarts[leaf] as number] === 0x6e;
  }

  /** A scalar's text: of a string its value, of a number or literal as it stands. */
  text(leaf: number): string {
    const { leafKinds, leafStarts, leafEnds } = this.#values;
    const start = leafStarts[leaf] as number;
    const end = leafEnds[leaf] as number;
    const kind = leafKinds[leaf];
    if (kind === PLAIN || kind === SCALAR) return this.#slice(start, end);
    return kind === LINED ? this.#unescape(start, end) : this.#decode(start, end);
  }

  /** Where a scalar begins in the bytes of its text: of a string its inside. */
  leafStart(leaf: number): number {
    return this.#values.leafStarts[leaf] as number;
  }

  /** Where it ends, the byte after it. */
  leafEnd(leaf: number): number {
    return this.#values.leafEnds[leaf] as number;
  }

  /** A part of the line in which each byte is a character. */
  #slice(start: number, end: number): string {
    const { text, start: first, end: last } = this.#tokens;
    if (this.#latinOf !== this.#values.turn) {
      this.#latinOf = this.#values.turn;
      this.#latin = text.bytes.toString('latin1', first, last);
    }
    return this.#latin.slice(start - first, end - first);
  }

  /** A string of ASCII with escapes of two characters. */
  #unescape(start: number, end: number): string {
    if (end - start > unescaped.length) return this.#decode(start, end);
    const { bytes } = this.#tokens.text;
    let length = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      unescaped[length++] = byte === BACKSLASH ? (ESCAPED[bytes[++at] as number] as number) : byte;
    }
    return unescaped.toString('latin1', 0, length);
  }

  #decode(start: number, end: number): string {
    const text = this.#tokens.text.bytes.toString('utf8', start, end);
    return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
  }

  #scalar(start: number, end: number): unknown {
    const first = this.#tokens.text.bytes[start];
    if (first === 0x74) return true;
    if (first === 0x66) return false;
    if (first === 0x6e) return null;
    return Number(this.#slice(start, end));
  }

  #composite(start: number, end: number): unknown {
    const { bytes } = this.#tokens.text;
    if (end - start > REMEMBERED_LENGTH) return JSON.parse(bytes.toString('utf8', start, end));
    const key = this.#slice(start, end);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const value: unknown = JSON.parse(bytes.toString('utf8', start, end));
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    // The key must not hold on to the text that it is cut from.
    this.#known.set(Buffer.from(key, 'latin1').toString('latin1'), value);
    return value;
  }

  /** Reads a line of whatever form, and remembers the form. */
  #explore(): boolean {
    const tokens = this.#tokens;
    this.#values.begin();
    this.#lists = 0;
    let at = tokens.blank(tokens.start);
    if (tokens.byte(at) !== OBJECT) return false;
    at = this.#object(at + 1, this.#tree.root, 1);
    if (at < 0 || tokens.blank(at) !== tokens.end) return false;
    this.#forms.remember(tokens, this.#values);
    return true;
  }

  /** To behind a value; -1 where it is none, or unusual. `within`: as `LineValues.leafFields` has it. */
  #value(at: number, node: FieldNode | undefined, within: number, depth: number): number {
    const tokens = this.#tokens;
    const field = node === undefined ? -1 : node.field;
    const byte = tokens.byte(at);
    if (byte === QUOTE) {
      const end = tokens.string(at + 1);
      return end < 0 || !this.#values.add(tokens.stringForm, at + 1, end, field, within) ? -1 : end + 1;
    }
    if (byte !== OBJECT && byte !== LIST) {
      const end = tokens.literal(at);
      return end < 0 || !this.#values.add(SCALAR, at, end, field, within) ? -1 : end;
    }
    if (depth >= MOST_DEPTH) return -1;
    const inside = field >= 0 ? -2 - field : within;
    let end: number;
    if (byte === OBJECT) end = this.#object(at + 1, node, depth + 1);
    else if (inside === -1) end = this.#list(at + 1, inside, depth + 1);
    else {
      if (++this.#lists > MOST_LISTS) return -1;
      end = this.#list(at + 1, inside, depth + 1);
      this.#lists--;
    }
    if (end > 0 && field >= 0 && !this.#values.set(field, COMPOSITE, at, end)) return -1;
    return end;
  }

  /** From behind `{` to behind `}`. */
  #object(from: number, parent: FieldNode | undefined, depth: number): number {
    const tokens = this.#tokens;
    const values = this.#values;
    let at = tokens.blank(from);
    if (tokens.byte(at) === OBJECT_END) return at + 1;
    for (;;) {
      if (tokens.byte(at) !== QUOTE) return -1;
      const start = at + 1;
      let node: FieldNode | undefined;
      if (parent === undefined) at = tokens.string(start);
      else {
        at = tokens.key(start);
        if (at < 0) return -1;
        node = this.#tree.child(parent, tokens.text, tokens.keyHash, start, at - start);
        if (node !== undefined) {
          // Of two keys that are the same, the last one counts.
          if (node.turn === values.turn) return -1;
          node.turn = values.turn;
        }
      }
      if (at < 0) return -1;
      at = tokens.blank(at + 1);
      if (tokens.byte(at) !== COLON) return -1;
      at = this.#value(tokens.blank(at + 1), node, -1, depth);
      if (at < 0) return -1;
      at = tokens.blank(at);
      const byte = tokens.byte(at);
      if (byte === OBJECT_END) return at + 1;
      if (byte !== COMMA) return -1;
      at = tokens.blank(at + 1);
    }
  }

  /** From behind `[` to behind `]`. */
  #list(from: number, within: number, depth: number): number {
    const tokens = this.#tokens;
    let at = tokens.blank(from);
    if (tokens.byte(at) === LIST_END) return at + 1;
    for (;;) {
      at = this.#value(at, undefined, within, depth);
      if (at < 0) return -1;
      at = tokens.blank(at);
      const byte = tokens.byte(at);
      if (byte === LIST_END) return at + 1;
      if (byte !== COMMA) return -1;
      at = tokens.blank(at + 1);
    }
  }
}
