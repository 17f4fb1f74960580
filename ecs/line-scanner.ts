import { FieldTree } from './scan/field-tree.ts';
import { JsonBytes } from './scan/json-bytes.ts';
import { KERNEL_LIMITS, LineKernel, PLACES } from './scan/line-kernel.ts';
import { BACKSLASH, COMPOSITE, LINED, PLAIN, SCALAR } from './scan/tokens.ts';

/** Short lists (`["web"]`) are the same again and again; so many are remembered, up to this length. */
const REMEMBERED = 512;
const REMEMBERED_LENGTH = 64;

/** Strings up to here are unescaped byte by byte: longer ones are read faster by the engine. */
const unescaped = Buffer.alloc(1_024);
/** What a byte behind a backslash stands for (RFC 8259 §7). */
const ESCAPED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (const [letter, byte] of Object.entries({ b: 8, t: 9, n: 10, f: 12, r: 13 })) ESCAPED[letter.charCodeAt(0)] = byte;

/** Words of a tree that say where its parts are, and which line is at hand (`ecs/kernels/source/line.ts`). */
const TREE = { kinds: 5, starts: 6, ends: 7, turns: 8, fixed: 9, turn: 11 } as const;
/** Where what is known of each scalar begins, in words. */
const [FIELDS, STARTS, ENDS] = [PLACES.fields / 4, PLACES.starts / 4, PLACES.ends / 4] as const;

/**
 * Reads chosen fields of an event from its JSON text without building the event: many times as fast as parsing it
 * (RFC 8259). It takes only lines that `JSON.parse` takes; whatever is unusual (a key with a dot or an escape, a key
 * twice, too deep, too long) it refuses, and the caller parses those. For the rest its values are what `readField`
 * gives of the parsed event.
 */
export class LineScanner {
  readonly fields: readonly string[];
  /** Numbers of the fields that have one value in all lines. */
  readonly fixed: number[] = [];
  readonly kernel: LineKernel;
  readonly #tree: FieldTree;
  readonly #fixed: unknown[];
  readonly #isFixed: Uint8Array;
  readonly #known = new Map<string, unknown>();
  #text = new JsonBytes(Buffer.alloc(0));
  #start = 0;
  #end = 0;
  #latin: string | undefined;
  /** Where the tree and its parts are in the kernel's memory: the place of the tree in bytes, and of kinds; others in words. */
  #place = 0;
  #generation = -1;
  #kinds = 0;
  #starts = 0;
  #ends = 0;
  #turns = 0;
  #turn = 0;
  /** How many scalars the line holds. They are numbered in the order of the text. */
  count = 0;

  /**
   * `fields`: dotted names. `aliasOf` gives another key of the root under which a field may stand. Scanners that share a
   * `kernel` know but one line at a time together.
   */
  constructor(
    fields: readonly string[],
    aliasOf: (field: string) => string | undefined = () => undefined,
    kernel = new LineKernel(),
  ) {
    this.fields = fields;
    this.kernel = kernel;
    this.#tree = new FieldTree(fields, aliasOf);
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
    if (this.#generation === this.kernel.generation) this.#layFixed();
  }

  /** Where the kernel has the fields of this scanner. */
  get tree(): number {
    return this.#place;
  }

  get json(): JsonBytes {
    return this.#text;
  }

  /** Reads one line, a JSON object from byte `start` to before byte `end`. False: it is unusual or no JSON; parse it. */
  scan(text: JsonBytes, start: number, end: number): boolean {
    const { kernel } = this;
    if (this.#generation !== kernel.generation) this.#layOut();
    const bytes = end - start;
    this.#text = text;
    this.#start = start;
    this.#end = end;
    this.#latin = undefined;
    if (bytes > KERNEL_LIMITS.line) return false;
    text.bytes.copy(kernel.bytes, PLACES.line, start, end);
    this.count = kernel.functions.scan(this.#place, bytes);
    if (this.count < 0) return false;
    this.#turn = kernel.words[this.#place / 4 + TREE.turn] as number;
    return true;
  }

  #layOut(): void {
    const { kernel } = this;
    this.#place = this.#tree.layOut(kernel);
    const at = this.#place / 4;
    const { words } = kernel;
    this.#kinds = words[at + TREE.kinds] as number;
    this.#starts = (words[at + TREE.starts] as number) / 4;
    this.#ends = (words[at + TREE.ends] as number) / 4;
    this.#turns = (words[at + TREE.turns] as number) / 4;
    this.#generation = kernel.generation;
    this.#layFixed();
  }

  #layFixed(): void {
    const { words, bytes } = this.kernel;
    bytes.set(this.#isFixed, words[this.#place / 4 + TREE.fixed] as number);
  }

  /** Whether a field is there, by its number in `fields`; it is where its value is null. */
  has(field: number): boolean {
    if (this.#isFixed[field] === 1) return this.#fixed[field] !== undefined;
    return this.kernel.words[this.#turns + field] === this.#turn;
  }

  /** Value of a field by its number in `fields`; undefined where it is absent. */
  value(field: number): unknown {
    if (this.#isFixed[field] === 1) return this.#fixed[field];
    const { words, bytes } = this.kernel;
    if (words[this.#turns + field] !== this.#turn) return undefined;
    const start = words[this.#starts + field] as number;
    const end = words[this.#ends + field] as number;
    const kind = bytes[this.#kinds + field] as number;
    if (kind === SCALAR) return this.#scalar(start, end);
    return kind === COMPOSITE ? this.#composite(start, end) : this.#string(kind, start, end);
  }

  /** The JSON of a field by its number where it is a text of ASCII without escapes. */
  plainJson(field: number): string | undefined {
    const { words, bytes } = this.kernel;
    if (words[this.#turns + field] !== this.#turn || this.#isFixed[field] === 1) return undefined;
    if (bytes[this.#kinds + field] !== PLAIN) return undefined;
    return this.#slice((words[this.#starts + field] as number) - 1, (words[this.#ends + field] as number) + 1);
  }

  /** Number of the field that a scalar is, `-2 - n` where it is in the list of field `n`, -1 for one that nobody asked for. */
  field(leaf: number): number {
    return this.kernel.words[FIELDS + leaf] as number;
  }

  isString(leaf: number): boolean {
    return (this.kernel.bytes[PLACES.kinds + leaf] as number) < SCALAR;
  }

  isNull(leaf: number): boolean {
    return this.kernel.bytes[PLACES.kinds + leaf] === SCALAR && this.#text.bytes[this.leafStart(leaf)] === 0x6e;
  }

  /** A scalar's text: of a string its value, of a number or literal as it stands. */
  text(leaf: number): string {
    const { words, bytes } = this.kernel;
    return this.#string(
      bytes[PLACES.kinds + leaf] as number,
      words[STARTS + leaf] as number,
      words[ENDS + leaf] as number,
    );
  }

  /** Where a scalar begins in the bytes of its text: of a string its inside. */
  leafStart(leaf: number): number {
    return this.#start + (this.kernel.words[STARTS + leaf] as number);
  }

  /** Where it ends, the byte after it. */
  leafEnd(leaf: number): number {
    return this.#start + (this.kernel.words[ENDS + leaf] as number);
  }

  /** A string or scalar as text; places count from the line's beginning, here and below. */
  #string(kind: number, start: number, end: number): string {
    if (kind === PLAIN || kind === SCALAR) return this.#slice(start, end);
    return kind === LINED ? this.#unescape(start, end) : this.#decode(start, end);
  }

  /** A part of the line in which each byte is a character. */
  #slice(start: number, end: number): string {
    this.#latin ??= this.#text.bytes.toString('latin1', this.#start, this.#end);
    return this.#latin.slice(start, end);
  }

  /** A string of ASCII with escapes of two characters. */
  #unescape(start: number, end: number): string {
    if (end - start > unescaped.length) return this.#decode(start, end);
    const { bytes } = this.#text;
    const last = this.#start + end;
    let length = 0;
    for (let at = this.#start + start; at < last; at++) {
      const byte = bytes[at] as number;
      unescaped[length++] = byte === BACKSLASH ? (ESCAPED[bytes[++at] as number] as number) : byte;
    }
    return unescaped.toString('latin1', 0, length);
  }

  #decode(start: number, end: number): string {
    const text = this.#text.bytes.toString('utf8', this.#start + start, this.#start + end);
    return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
  }

  #scalar(start: number, end: number): unknown {
    const first = this.#text.bytes[this.#start + start];
    if (first === 0x74) return true;
    if (first === 0x66) return false;
    if (first === 0x6e) return null;
    return Number(this.#slice(start, end));
  }

  #composite(start: number, end: number): unknown {
    const { bytes } = this.#text;
    const [from, to] = [this.#start + start, this.#start + end];
    if (to - from > REMEMBERED_LENGTH) return JSON.parse(bytes.toString('utf8', from, to));
    const key = this.#slice(start, end);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const value: unknown = JSON.parse(bytes.toString('utf8', from, to));
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    // The key must not hold on to the text that it is cut from.
    this.#known.set(Buffer.from(key, 'latin1').toString('latin1'), value);
    return value;
  }
}
