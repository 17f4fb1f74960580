import { isUtf8 } from 'node:buffer';
import type { JsonBytes } from '../../../ecs/scan/json-bytes.ts';
import { CODED, PLAIN, Tokens } from '../../../ecs/scan/tokens.ts';
import { foldCase } from '../../../rules/query/string-test.ts';
import type { Provenance } from '../stamp.ts';
import { type ByteSink, copyBytes, writeNumber } from './byte-sink.ts';
import { ByteWords, isLetter } from './byte-words.ts';
import { type Recipe, recipeOf, SET_BY_SERVER, VALUE } from './line-recipe.ts';
import { type Leaves, LineShapes } from './line-shapes.ts';
import { LONGEST_VALUE } from './mapping.ts';
import { TimeReader } from './time-reader.ts';
import { stringOf, writeValue } from './value-bytes.ts';
import { wordsOfTexts } from './words.ts';

/** Longer lines are made the slow way. */
const LONGEST_LINE = 60 * 1024;
/** Room for what a number and the names around the parts take. */
const MARGIN = 512;
const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const SMALL_U = 0x75;
const DASH = 0x2d;
/** Digits of the hash in an event id. */
const HASH = 12;
const TEXT = Buffer.from(',"text":"');
const TIME = Buffer.from(',"@timestamp":');
const LINE = Buffer.from(',"line":');

/** What the server sets in the events of one source, as JSON. */
export interface SourceBytes {
  /** In the order of `SET_BY_SERVER`, as they stand inside a string of the index; undefined where they are unusual. */
  readonly set: readonly Buffer[] | undefined;
  /** The end of the document, from `,"store":{` on, without the last two braces. */
  readonly store: Buffer;
}

/** What a source's events have in common. */
export function sourceBytes(from: Provenance): SourceBytes {
  const texts = SET_BY_SERVER.map((name) => from[name]);
  const usual = texts.every((text) => text.length <= LONGEST_VALUE.keyword && text.isWellFormed());
  return {
    set: usual ? texts.map((text) => Buffer.from(JSON.stringify(foldCase(text)).slice(1, -1))) : undefined,
    store: Buffer.from(`,"store":${JSON.stringify({ ...from })}`.slice(0, -1)),
  };
}

/**
 * Makes the documents of events from the bytes of their lines, without parsing them: lines of one shape differ in their values
 * alone, and are written by the shape's recipe. What is unusual in any way is left to the caller.
 */
export class LineEncoder {
  readonly #tokens = new Tokens();
  readonly #shapes = new LineShapes<Recipe | 'none'>();
  readonly #words = new ByteWords();
  readonly #times = new TimeReader();
  #stream = '';
  #id: Buffer = Buffer.alloc(0);

  /** Turns to the lines of a stream: what their ids begin with, up to the position. */
  begin(stream: string): void {
    if (stream === this.#stream) return;
    this.#stream = stream;
    this.#id = Buffer.alloc(stream.length + 20);
    this.#id.write(stream, 'latin1');
  }

  /**
   * Writes the document of a line into `sink`, without its last two braces. False: nothing is written, and the line is to be read
   * the slow way. `position`: of the line in its stream.
   */
  encode(text: JsonBytes, start: number, end: number, position: number, source: SourceBytes, sink: ByteSink): boolean {
    if (end - start > LONGEST_LINE || source.set === undefined) return false;
    this.#tokens.take(text, start, end);
    const recipe = this.#shapes.follow(this.#tokens) ?? this.#learn(text, start, end, `${this.#stream}${position}-`);
    if (recipe === undefined || recipe === 'none') return false;
    const { leaves } = this.#shapes;
    const ts = this.#check(recipe, leaves, text.bytes, position);
    if (ts < 0 || !isKeepable(leaves, text.bytes, start, end)) return false;
    sink.reserve(recipe.size + 10 * (end - start) + source.store.length + 8 * 1_024 + MARGIN);
    const out = sink.bytes;
    let at = this.#found(recipe, leaves, text.bytes, source.set, out, sink.length);
    if (at < 0) return false;
    at = this.#text(recipe, leaves, text.bytes, out, at);
    if (at < 0) return false;
    at = copyBytes(out, at, TIME, 0, TIME.length);
    at = writeNumber(out, at, ts);
    at = copyBytes(out, at, LINE, 0, LINE.length);
    at = copyBytes(out, at, text.bytes, start, end);
    sink.length = copyBytes(out, at, source.store, 0, source.store.length);
    return true;
  }

  #learn(text: JsonBytes, start: number, end: number, idStart: string): Recipe | 'none' | undefined {
    if (!this.#shapes.isDue() || !this.#shapes.explore(this.#tokens)) return undefined;
    const recipe = recipeOf(text.bytes, start, end, this.#shapes.leaves, idStart) ?? 'none';
    this.#shapes.remember(this.#tokens, recipe, recipe === 'none' ? 0 : recipe.size);
    return recipe;
  }

  /** The event's time in milliseconds; -1 where the slow way has something to say about it. */
  #check({ id, time }: Recipe, { kinds, starts, ends }: Leaves, bytes: Buffer, position: number): number {
    if (kinds[id] !== PLAIN || kinds[time] !== PLAIN) return -1;
    if (!this.#isOwnId(bytes, starts[id] as number, ends[id] as number, position)) return -1;
    return this.#times.read(bytes, starts[time] as number, ends[time] as number);
  }

  /** Whether an event id is that of a position, with any hash. */
  #isOwnId(bytes: Buffer, start: number, end: number, position: number): boolean {
    const id = this.#id;
    const hash = writeNumber(id, this.#stream.length, position);
    if (end - start !== hash + 1 + HASH || bytes[start + hash] !== DASH) return false;
    for (let at = 0; at < hash; at++) if (bytes[start + at] !== id[at]) return false;
    for (let at = start + hash + 1; at < end; at++) if (!isHexDigit(bytes[at] as number)) return false;
    return true;
  }

  #found(
    { found, uses, numbers }: Recipe,
    leaves: Leaves,
    bytes: Buffer,
    set: readonly Buffer[],
    out: Buffer,
    to: number,
  ): number {
    let at = to;
    for (let part = 0; part < found.length; part++) {
      const { literal, next } = found[part] as Recipe['found'][number];
      at = copyBytes(out, at, literal, 0, literal.length);
      if (next === undefined) continue;
      if (next < 0) {
        const bytesOfServer = set[-1 - next] as Buffer;
        at = copyBytes(out, at, bytesOfServer, 0, bytesOfServer.length);
        continue;
      }
      at = writeValue(uses[next] as number, numbers[next] === 1, leaves, next, bytes, out, at);
      if (at < 0) return -1;
    }
    return at;
  }

  /** The words of message and original. */
  #text({ uses }: Recipe, leaves: Leaves, bytes: Buffer, out: Buffer, to: number): number {
    let coded = false;
    const { kinds, starts, ends } = leaves;
    for (let leaf = 0; leaf < leaves.count; leaf++) {
      if (uses[leaf] === VALUE.text && kinds[leaf] === CODED) coded = true;
    }
    const from = copyBytes(out, to, TEXT, 0, TEXT.length);
    let at = from;
    if (coded) {
      const texts: string[] = [];
      for (let leaf = 0; leaf < leaves.count; leaf++) {
        if (uses[leaf] === VALUE.text) texts.push(stringOf(bytes, starts[leaf] as number, ends[leaf] as number));
      }
      const { words, all } = wordsOfTexts(texts);
      if (!all) return -1;
      const joined = words.join(' ');
      if (!joined.isWellFormed()) return -1;
      at += out.write(joined, at, 'utf8');
    } else {
      this.#words.begin();
      let before = -1;
      for (let leaf = 0; leaf < leaves.count; leaf++) {
        if (uses[leaf] !== VALUE.text) continue;
        // A message is mostly the end of the original line, or all of it.
        if (before >= 0 && isEndOf(bytes, leaves, leaf, before)) continue;
        before = leaf;
        at = this.#words.write(out, at, bytes, starts[leaf] as number, ends[leaf] as number);
        if (at < 0) return -1;
      }
      // The last space.
      if (at > from) at--;
    }
    if (at === from) return to;
    out[at] = QUOTE;
    return at + 1;
  }
}

/** Whether the cluster can keep the line as it is: UTF-8, and no halves of characters beyond the basic plane. */
function isKeepable(
  { kinds, starts, ends, count }: Leaves,
  bytes: Buffer,
  lineStart: number,
  lineEnd: number,
): boolean {
  let coded = false;
  for (let leaf = 0; leaf < count; leaf++) {
    if (kinds[leaf] !== CODED) continue;
    coded = true;
    for (let at = starts[leaf] as number; at < (ends[leaf] as number); at++) {
      if (bytes[at] !== BACKSLASH) continue;
      // Past what is escaped; \ud800 to \udfff are halves.
      at++;
      if (bytes[at] === SMALL_U && (bytes[at + 1] === 0x64 || bytes[at + 1] === 0x44) && isHalf(bytes[at + 2]))
        return false;
    }
  }
  return !coded || isUtf8(bytes.subarray(lineStart, lineEnd));
}

function isHalf(digit: number | undefined): boolean {
  return digit !== 0x30 && !(digit !== undefined && digit >= 0x31 && digit <= 0x37);
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

/** Whether a value is the end of another, or all of it, so that it has no word that the other lacks. */
function isEndOf(bytes: Buffer, { starts, ends }: Leaves, leaf: number, other: number): boolean {
  const start = starts[leaf] as number;
  const length = (ends[leaf] as number) - start;
  const from = (ends[other] as number) - length;
  const first = starts[other] as number;
  if (from < first || (from > first && isLetter(bytes[from - 1] as number))) return false;
  for (let at = 0; at < length; at++) if (bytes[start + at] !== bytes[from + at]) return false;
  return true;
}
