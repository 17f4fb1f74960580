/** Text of one or more events in JSON, as bytes that are also read four at a time. */
export class JsonBytes {
  readonly bytes: Buffer;
  readonly words: DataView;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** One way to a field: its keys from the root, and its number. */
interface Node {
  readonly key: Uint8Array;
  readonly children: Map<number, Node>;
  /** Another key with the same hash. */
  next: Node | undefined;
  /** Number of the field that ends here; -1 for none. */
  field: number;
  /** The line in which it was seen last. */
  turn: number;
}

/** How a value stands in the text. */
const PLAIN = 0;
/** ASCII in which quotes, backslashes or slashes are escaped, and nothing else. */
const MARKED = 1;
const CODED = 2;
const SCALAR = 3;
const COMPOSITE = 4;

/** A way from one value of a line to the next: the text between, the same in all lines of one form. */
interface Step {
  readonly between: Between;
  /** `STRING`, `SCALAR`, or `END` of the line. */
  readonly to: number;
  readonly field: number;
  readonly within: number;
  /** Objects and lists among the fields that begin or end in the text between: field, place, and whether it begins there. */
  readonly edges: readonly (readonly [field: number, at: number, begins: boolean])[];
  readonly steps: Step[];
}

/** A text to be compared with, by words of four bytes; the last one may overlap the one before. */
class Between {
  readonly bytes: Buffer;
  readonly length: number;
  readonly #words: Int32Array;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.length = bytes.length;
    const whole = bytes.length >> 2;
    this.#words = Int32Array.from({ length: whole }, (_, index) => bytes.readInt32LE(4 * index));
  }

  /** Whether it stands at a place of which the caller knows that there is room for it. */
  isAt(text: JsonBytes, at: number): boolean {
    const words = this.#words;
    const view = text.words;
    let from = at;
    for (let index = 0; index < words.length; index++, from += 4) {
      if (view.getInt32(from, true) !== words[index]) return false;
    }
    for (let index = words.length << 2; index < this.length; index++, from++) {
      if (text.bytes[from] !== this.bytes[index]) return false;
    }
    return true;
  }
}

const STRING = 0;
const END = 5;

const TRUE = new Between(Buffer.from('true'));
const FALSE = new Between(Buffer.from('false'));
const NULL = new Between(Buffer.from('null'));

/** Whether one of four bytes is a control, the quote, the backslash, or not ASCII. */
function isUnusual(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  const found =
    ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | ((word - 0x20202020) & ~word) | word;
  return (found & 0x80808080) !== 0;
}
/** Forms of lines are remembered up to so many steps in all, ways on from one step, and characters between two values. */
const MOST_STEPS = 8_192;
const MOST_WAYS = 12;
const MOST_EVERY = 256;
const LONGEST_BETWEEN = 512;

/** Most levels of objects and lists, and most values; what has more is left to the caller. */
const MOST_DEPTH = 32;
const MOST_LEAVES = 10_000;
/** Short lists (`["web"]`) are the same again and again; so many are remembered, up to this length. */
const REMEMBERED = 512;
const REMEMBERED_LENGTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DOT = 0x2e;
const COMMA = 0x2c;
const COLON = 0x3a;

/** 1 for bytes that a string cannot hold as they are: controls, the quote, the backslash. */
const SPECIAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 1 : 0,
);

function hashOf(key: Uint8Array): number {
  let hash = 0;
  for (const byte of key) hash = (Math.imul(hash, 31) + byte) | 0;
  return hash;
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102);
}

/** A scalar of the line at hand, for callers that look at all of them. */
export interface LineLeaves {
  readonly count: number;
  /** Number of the field it is, `-2 - n` where it is in the list of field `n`, -1 for one that nobody asked for. */
  field(leaf: number): number;
  isString(leaf: number): boolean;
  isNull(leaf: number): boolean;
  /** Its text: of a string its value, of a number or literal as it stands. */
  text(leaf: number): string;
  /** The same for those who look for words: punctuation may be escaped. */
  wordText(leaf: number): string;
}

/**
 * Reads chosen fields of an event from its JSON text without building the event: several times as fast as parsing it
 * (RFC 8259). It takes only lines that `JSON.parse` takes; whatever is unusual (a key with a dot or an escape, a key
 * twice, too deep, too long) it refuses, and the caller parses those. For the rest its values are what `readField`
 * gives of the parsed event.
 */
export class LineScanner implements LineLeaves {
  readonly fields: readonly string[];
  readonly #root: Node;
  readonly #kinds: Uint8Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #turns: Int32Array;
  readonly #fixed: unknown[];
  readonly #isFixed: Uint8Array;
  readonly #lists = new Map<string, unknown>();
  #forms: Step[] = [];
  #steps = 0;
  /** Lines since the forms were cleared whose form was known, and whose was not; of these, every how many is remembered. */
  #known = 0;
  #unknown = 0;
  #every = 1;
  readonly #leafKinds = new Uint8Array(MOST_LEAVES);
  readonly #leafFields = new Int32Array(MOST_LEAVES);
  readonly #leafStarts = new Int32Array(MOST_LEAVES);
  readonly #leafEnds = new Int32Array(MOST_LEAVES);
  #text: JsonBytes = new JsonBytes(Buffer.alloc(0));
  #bytes: Uint8Array = this.#text.bytes;
  #start = 0;
  #end = 0;
  #latin = '';
  #latinOf = -1;
  #turn = 0;
  #stringKind = PLAIN;
  /** How many scalars the line holds. */
  count = 0;

  /** `fields`: dotted names. `aliasOf` gives another key of the root under which a field may stand. */
  constructor(fields: readonly string[], aliasOf: (field: string) => string | undefined = () => undefined) {
    this.fields = fields;
    this.#root = { key: new Uint8Array(0), children: new Map(), next: undefined, field: -1, turn: 0 };
    for (const [index, field] of fields.entries()) {
      this.#add(field.split('.'), index);
      const alias = aliasOf(field);
      if (alias !== undefined) this.#add([alias], index);
    }
    this.#kinds = new Uint8Array(fields.length);
    this.#starts = new Int32Array(fields.length);
    this.#ends = new Int32Array(fields.length);
    this.#turns = new Int32Array(fields.length);
    this.#fixed = new Array<unknown>(fields.length).fill(undefined);
    this.#isFixed = new Uint8Array(fields.length);
  }

  #add(path: readonly string[], field: number): void {
    let at = this.#root;
    for (const name of path) {
      const key = Buffer.from(name);
      const hash = hashOf(key);
      const first = at.children.get(hash);
      let node = first;
      while (node && !key.equals(node.key)) node = node.next;
      if (!node) {
        node = { key, children: new Map(), next: first, field: -1, turn: 0 };
        at.children.set(hash, node);
      }
      at = node;
    }
    at.field = field;
  }

  /** Gives a field the same value in all lines from now on, whatever they say. */
  fix(field: string, value: unknown): void {
    const index = this.fields.indexOf(field);
    if (index < 0) return;
    this.#fixed[index] = value;
    this.#isFixed[index] = 1;
  }

  /** Reads one line, a JSON object from byte `start` to before byte `end`. False: it is unusual or no JSON; parse it. */
  scan(text: JsonBytes, start: number, end: number): boolean {
    this.#text = text;
    this.#bytes = text.bytes;
    this.#start = start;
    this.#end = end;
    return this.#follow(start) || this.#explore(start);
  }

  /** Reads a line whose form is known: between its values only the known text is compared. */
  #follow(start: number): boolean {
    const text = this.#text;
    const turn = ++this.#turn;
    let steps = this.#forms;
    let at = start;
    let leaf = 0;
    next: for (;;) {
      for (let way = 0; way < steps.length; way++) {
        const step = steps[way] as Step;
        const { between, to, field } = step;
        const from = at + between.length;
        if (from > this.#end || !between.isAt(text, at)) continue;
        let end = from;
        let kind = SCALAR;
        if (to === STRING) {
          end = this.#string(from);
          if (end < 0) return false;
          kind = this.#stringKind;
        } else if (to === SCALAR) {
          end = this.#literal(from, this.#byte(from));
          if (end < 0) continue;
        } else if (from !== this.#end) continue;
        for (const [composite, place, begins] of step.edges) {
          if (begins) this.#starts[composite] = at + place;
          else {
            this.#ends[composite] = at + place;
            this.#kinds[composite] = COMPOSITE;
            this.#turns[composite] = turn;
          }
        }
        if (way > 0) {
          steps[way] = steps[way - 1] as Step;
          steps[way - 1] = step;
        }
        if (to === END) {
          this.count = leaf;
          this.#known++;
          return true;
        }
        this.#leafKinds[leaf] = kind;
        this.#leafStarts[leaf] = from;
        this.#leafEnds[leaf] = end;
        this.#leafFields[leaf] = field >= 0 ? field : step.within;
        leaf++;
        if (field >= 0) {
          this.#turns[field] = turn;
          this.#kinds[field] = kind;
          this.#starts[field] = from;
          this.#ends[field] = end;
        }
        steps = step.steps;
        at = end;
        continue next;
      }
      return false;
    }
  }

  /** Reads a line of whatever form, and remembers the form. */
  #explore(start: number): boolean {
    this.#turn++;
    this.count = 0;
    let at = this.#blank(start);
    if (this.#byte(at) !== 0x7b) return false;
    at = this.#object(at + 1, this.#root, 1);
    if (at < 0 || this.#blank(at) !== this.#end) return false;
    this.#remember(start);
    return true;
  }

  #remember(start: number): void {
    // Where forms hardly come again, remembering each would cost more than it saves.
    if (this.#unknown++ % this.#every !== 0) return;
    if (this.#steps + this.count > MOST_STEPS) {
      // Most of what was remembered since the last time was asked for again: the lines have changed, not the forms run out.
      const useful = this.#known > 4 * this.#unknown;
      this.#every = useful ? 1 : Math.min(MOST_EVERY, 4 * this.#every);
      this.#forms = [];
      this.#steps = 0;
      this.#known = 0;
      this.#unknown = 1;
    }
    const edges: [field: number, at: number, begins: boolean][] = [];
    for (let field = 0; field < this.#kinds.length; field++) {
      if (this.#turns[field] !== this.#turn || this.#kinds[field] !== COMPOSITE) continue;
      edges.push([field, this.#starts[field] as number, true], [field, this.#ends[field] as number, false]);
    }
    let steps = this.#forms;
    let at = start;
    for (let leaf = 0; leaf <= this.count; leaf++) {
      const last = leaf === this.count;
      const from = last ? this.#end : (this.#leafStarts[leaf] as number);
      if (from - at > LONGEST_BETWEEN) return;
      const between = this.#text.bytes.subarray(at, from);
      const to = last ? END : (this.#leafKinds[leaf] as number) < SCALAR ? STRING : SCALAR;
      let step = steps.find((known) => known.to === to && between.equals(known.between.bytes));
      if (!step) {
        if (steps.length >= MOST_WAYS) return;
        const field = last ? -1 : (this.#leafFields[leaf] as number);
        step = {
          between: new Between(Buffer.from(between)),
          to,
          field,
          within: field,
          edges: edges.flatMap(([of, place, begins]) =>
            place >= at && place <= from && (place > at || begins || last) ? [[of, place - at, begins] as const] : [],
          ),
          steps: [],
        };
        steps.push(step);
        this.#steps++;
      }
      steps = step.steps;
      at = last ? from : (this.#leafEnds[leaf] as number);
    }
  }

  /** Value of a field by its number in `fields`; undefined where it is absent. */
  value(field: number): unknown {
    if (this.#isFixed[field] === 1) return this.#fixed[field];
    if (this.#turns[field] !== this.#turn) return undefined;
    const start = this.#starts[field] as number;
    const end = this.#ends[field] as number;
    switch (this.#kinds[field]) {
      case PLAIN:
        return this.#slice(start, end);
      case MARKED:
      case CODED:
        return this.#decode(start, end);
      case SCALAR:
        return this.#scalar(start, end);
      default:
        return this.#composite(start, end);
    }
  }

  /** The JSON of a field by its number where it is a text of ASCII without escapes. */
  plainJson(field: number): string | undefined {
    if (this.#turns[field] !== this.#turn || this.#kinds[field] !== PLAIN || this.#isFixed[field] === 1)
      return undefined;
    return this.#slice((this.#starts[field] as number) - 1, (this.#ends[field] as number) + 1);
  }

  field(leaf: number): number {
    return this.#leafFields[leaf] as number;
  }

  isString(leaf: number): boolean {
    return (this.#leafKinds[leaf] as number) < SCALAR;
  }

  isNull(leaf: number): boolean {
    return this.#leafKinds[leaf] === SCALAR && this.#bytes[this.#leafStarts[leaf] as number] === 0x6e;
  }

  text(leaf: number): string {
    const start = this.#leafStarts[leaf] as number;
    const end = this.#leafEnds[leaf] as number;
    const kind = this.#leafKinds[leaf];
    return kind === CODED || kind === MARKED ? this.#decode(start, end) : this.#slice(start, end);
  }

  /** The same, but escaped quotes, backslashes and slashes may be left as they stand: the words are the same. */
  wordText(leaf: number): string {
    if (this.#leafKinds[leaf] !== MARKED) return this.text(leaf);
    return this.#slice(this.#leafStarts[leaf] as number, this.#leafEnds[leaf] as number);
  }

  /** A part of the line in which each byte is a character. */
  #slice(start: number, end: number): string {
    if (this.#latinOf !== this.#turn) {
      this.#latinOf = this.#turn;
      this.#latin = this.#text.bytes.toString('latin1', this.#start, this.#end);
    }
    return this.#latin.slice(start - this.#start, end - this.#start);
  }

  #decode(start: number, end: number): string {
    const text = this.#text.bytes.toString('utf8', start, end);
    return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
  }

  #scalar(start: number, end: number): unknown {
    const first = this.#bytes[start];
    if (first === 0x74) return true;
    if (first === 0x66) return false;
    if (first === 0x6e) return null;
    return Number(this.#slice(start, end));
  }

  #composite(start: number, end: number): unknown {
    if (end - start > REMEMBERED_LENGTH) return JSON.parse(this.#text.bytes.toString('utf8', start, end));
    const key = this.#slice(start, end);
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const json = this.#text.bytes.toString('utf8', start, end);
    const value: unknown = JSON.parse(json);
    if (this.#lists.size >= REMEMBERED) this.#lists.clear();
    // The key must not hold on to the text that it is cut from.
    this.#lists.set(Buffer.from(key, 'latin1').toString('latin1'), value);
    return value;
  }

  /** The byte at a place, 0 past the end: no token begins or goes on with it. */
  #byte(at: number): number {
    return at < this.#end ? (this.#bytes[at] as number) : 0;
  }

  #blank(from: number): number {
    let at = from;
    while (at < this.#end) {
      const byte = this.#bytes[at] as number;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return at;
      at++;
    }
    return at;
  }

  /** From behind the opening quote to the closing one; -1 where the string is not one. Sets `#stringKind`. */
  #string(from: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    const { words } = this.#text;
    let seen = 0;
    for (let at = from; at < end; at++) {
      while (at + 4 <= end && !isUnusual(words.getInt32(at, true))) at += 4;
      if (at >= end) return -1;
      const byte = bytes[at] as number;
      seen |= byte;
      if (SPECIAL[byte] === 0) continue;
      if (byte === QUOTE) {
        this.#stringKind = (seen & 0x280) !== 0 ? CODED : (seen & 0x100) !== 0 ? MARKED : PLAIN;
        return at;
      }
      if (byte !== BACKSLASH) return -1;
      const escaped = this.#byte(at + 1);
      seen |= escaped === QUOTE || escaped === BACKSLASH || escaped === 0x2f ? 0x100 : 0x200;
      at = this.#escape(at + 1);
      if (at < 0) return -1;
    }
    return -1;
  }

  /** From behind a backslash to the last byte of the escape; -1 where it is none. */
  #escape(at: number): number {
    const bytes = this.#bytes;
    switch (this.#byte(at)) {
      case QUOTE:
      case BACKSLASH:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return at;
      case 0x75:
        for (let digit = at + 1; digit <= at + 4; digit++) {
          if (digit >= this.#end || !isHex(bytes[digit])) return -1;
        }
        return at + 4;
      default:
        return -1;
    }
  }

  #value(at: number, node: Node | undefined, within: number, depth: number): number {
    const field = node === undefined ? -1 : node.field;
    const byte = this.#byte(at);
    if (byte === QUOTE) {
      const end = this.#string(at + 1);
      if (end < 0) return -1;
      if (!this.#leaf(this.#stringKind, at + 1, end, field, within)) return -1;
      return end + 1;
    }
    if (byte === 0x7b || byte === 0x5b) {
      if (depth >= MOST_DEPTH) return -1;
      const end =
        byte === 0x7b
          ? this.#object(at + 1, node, depth + 1)
          : this.#list(at + 1, field >= 0 ? -2 - field : within, depth + 1);
      if (end > 0 && field >= 0 && !this.#set(field, COMPOSITE, at, end)) return -1;
      return end;
    }
    const end = this.#literal(at, byte);
    if (end < 0 || !this.#leaf(SCALAR, at, end, field, within)) return -1;
    return end;
  }

  /** From behind `{` to behind `}`. */
  #object(from: number, parent: Node | undefined, depth: number): number {
    const bytes = this.#bytes;
    let at = this.#blank(from);
    if (this.#byte(at) === 0x7d) return at + 1;
    for (;;) {
      if (this.#byte(at) !== QUOTE) return -1;
      const start = at + 1;
      let node: Node | undefined;
      if (parent === undefined) {
        at = this.#string(start);
        if (at < 0) return -1;
      } else {
        let hash = 0;
        for (at = start; at < this.#end; at++) {
          const byte = bytes[at] as number;
          if (SPECIAL[byte] === 1) break;
          // Fields are looked for the long way where a key holds a dot (`readField`).
          if (byte === DOT) return -1;
          hash = (Math.imul(hash, 31) + byte) | 0;
        }
        if (this.#byte(at) !== QUOTE) return -1;
        node = this.#child(parent, hash, start, at);
        if (node !== undefined) {
          // Of two keys that are the same, the last one counts.
          if (node.turn === this.#turn) return -1;
          node.turn = this.#turn;
        }
      }
      at = this.#byte(at + 1) === COLON ? at + 2 : this.#colon(at + 1);
      if (at < 0) return -1;
      at = this.#value(this.#blank(at), node, -1, depth);
      if (at < 0) return -1;
      at = this.#blank(at);
      const byte = this.#byte(at);
      if (byte === 0x7d) return at + 1;
      if (byte !== COMMA) return -1;
      at = this.#blank(at + 1);
    }
  }

  #colon(from: number): number {
    const at = this.#blank(from);
    return this.#byte(at) === COLON ? at + 1 : -1;
  }

  #child(parent: Node, hash: number, start: number, end: number): Node | undefined {
    const bytes = this.#bytes;
    search: for (let node = parent.children.get(hash); node !== undefined; node = node.next) {
      const { key } = node;
      if (key.length !== end - start) continue;
      for (let at = 0; at < key.length; at++) if (key[at] !== bytes[start + at]) continue search;
      return node;
    }
    return undefined;
  }

  /** From behind `[` to behind `]`. */
  #list(from: number, within: number, depth: number): number {
    let at = this.#blank(from);
    if (this.#byte(at) === 0x5d) return at + 1;
    for (;;) {
      at = this.#value(at, undefined, within, depth);
      if (at < 0) return -1;
      at = this.#blank(at);
      const byte = this.#byte(at);
      if (byte === 0x5d) return at + 1;
      if (byte !== COMMA) return -1;
      at = this.#blank(at + 1);
    }
  }

  /** A number, `true`, `false` or `null`; numbers with an exponent are left to the caller. */
  #literal(from: number, first: number): number {
    if (first === 0x74) return this.#word(TRUE, from);
    if (first === 0x66) return this.#word(FALSE, from);
    if (first === 0x6e) return this.#word(NULL, from);
    let at = first === 0x2d ? from + 1 : from;
    const leading = this.#byte(at);
    const whole = this.#digits(at);
    if (whole === at || (leading === 0x30 && whole > at + 1)) return -1;
    at = whole;
    if (this.#byte(at) === DOT) {
      const fraction = this.#digits(at + 1);
      if (fraction === at + 1) return -1;
      at = fraction;
    }
    const after = this.#byte(at);
    return after === 0x65 || after === 0x45 ? -1 : at;
  }

  #word(word: Between, from: number): number {
    const end = from + word.length;
    return end <= this.#end && word.isAt(this.#text, from) ? end : -1;
  }

  #digits(from: number): number {
    let at = from;
    while (at < this.#end && (this.#bytes[at] as number) >= 0x30 && (this.#bytes[at] as number) <= 0x39) at++;
    return at;
  }

  #leaf(kind: number, start: number, end: number, field: number, within: number): boolean {
    const leaf = this.count;
    if (leaf >= MOST_LEAVES) return false;
    this.#leafKinds[leaf] = kind;
    this.#leafStarts[leaf] = start;
    this.#leafEnds[leaf] = end;
    this.#leafFields[leaf] = field >= 0 ? field : within;
    this.count = leaf + 1;
    return field < 0 || this.#set(field, kind, start, end);
  }

  /** False where the field has a value in this line already, under another of its names. */
  #set(field: number, kind: number, start: number, end: number): boolean {
    if (this.#turns[field] === this.#turn) return false;
    this.#turns[field] = this.#turn;
    this.#kinds[field] = kind;
    this.#starts[field] = start;
    this.#ends[field] = end;
    return true;
  }
}
