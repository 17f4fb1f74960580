import { type EcsEvent, readField } from '../../../ecs/event.ts';
import { LineScanner } from '../../../ecs/line-scanner.ts';
import { textsOf } from '../field-values.ts';
import { type DecodedFrame, lineOfFrame } from '../frame.ts';
import { idProblem, LINE_LIMITS, readLine, timeOf } from '../line.ts';
import { COLUMN_FIELDS, GRAM_FIELDS, isInWordIndex, SERVER_FIELDS, SHAPE_FIELDS, termOf } from './fields.ts';
import type { GramBlock } from './gram-block.ts';
import type { WordBlock } from './word-block.ts';

const FIELDS = [
  ...SHAPE_FIELDS,
  ...COLUMN_FIELDS.map(({ field }) => field),
  ...SERVER_FIELDS,
  'event.original',
  ...GRAM_FIELDS,
];
const FIRST_COLUMN = SHAPE_FIELDS.length;
const TIME = FIELDS.indexOf('@timestamp');
const ID = FIELDS.indexOf('event.id');
const ORIGINAL = FIELDS.indexOf('event.original');
/** From here on fields are in the index of words, too. */
const FIRST_GRAM = ORIGINAL + 1;
/** Numbers as long as this at most, and of digits alone, are texts that are the same however they are written. */
const LONGEST_WHOLE = 15;

/** Reads the lines of frames, one after the other, for the columns and the indexes of a day's file. */
export class LineReader {
  /** `@timestamp` in milliseconds. */
  ts = 0;
  readonly #scanner = new LineScanner(FIELDS);
  readonly #lists = new WeakMap<object, string | null>();
  /** The event, where the line had to be parsed. */
  #event: EcsEvent | undefined;
  #time: unknown;
  #timeTs: number | string = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /**
   * Turns to a line of a frame. `idStart` is the event id up to its hash, as header and position demand it.
   * Gives the reason, in a sentence, where the line is no event.
   */
  read(frame: DecodedFrame, at: number, idStart: string): string | undefined {
    const start = frame.starts[at] as number;
    const end = (frame.starts[at + 1] as number) - 1;
    if (end - start > LINE_LIMITS.bytes || !this.#scanner.scan(frame.text, start, end)) {
      return this.#parse(lineOfFrame(frame, at), idStart);
    }
    this.#event = undefined;
    this.#bytes = frame.text.bytes;
    this.#start = start;
    this.#end = end;
    const problem = idProblem(this.#scanner.value(ID), idStart);
    if (problem !== undefined) return problem;
    const time = this.#scanner.value(TIME);
    // Lines of the same second often follow each other.
    if (time !== this.#time) {
      this.#time = time;
      this.#timeTs = timeOf(time);
    }
    if (typeof this.#timeTs === 'string') return this.#timeTs;
    this.ts = this.#timeTs;
    return undefined;
  }

  /** A field of the event's shape as the dictionary keeps it, by its index in `SHAPE_FIELDS` (`termOf`). */
  shapeTerm(index: number): string | null | undefined {
    return this.#term(index);
  }

  /** The same of a column, by its index in `COLUMN_FIELDS`. */
  columnTerm(index: number): string | null | undefined {
    return this.#term(FIRST_COLUMN + index);
  }

  #term(field: number): string | null | undefined {
    if (this.#event) return termOf(readField(this.#event, FIELDS[field] as string));
    const plain = this.#scanner.plainJson(field);
    // Most values are short texts, and their JSON is what the dictionary keeps.
    if (plain !== undefined && plain.length < 100) return plain;
    const value = this.#scanner.value(field);
    if (typeof value !== 'object' || value === null) return termOf(value);
    let term = this.#lists.get(value);
    if (term === undefined) {
      term = termOf(value) as string | null;
      this.#lists.set(value, term);
    }
    return term;
  }

  #parse(line: string, idStart: string): string | undefined {
    const read = readLine(line, idStart);
    if (typeof read === 'string') return read;
    this.#event = read.event;
    this.ts = read.ts;
    return undefined;
  }

  /** Gives the event's texts to the indexes of words and of parts of words. */
  addTexts(words: WordBlock, grams: GramBlock): void {
    if (this.#event) {
      words.nextEvent();
      addWords(words, this.#event, '');
      for (const field of GRAM_FIELDS) for (const text of textsOf(readField(this.#event, field))) grams.add(text);
      return;
    }
    const scanner = this.#scanner;
    words.nextEvent(this.#bytes, this.#start, this.#end);
    for (let leaf = 0; leaf < scanner.count; leaf++) {
      const field = scanner.field(leaf);
      const own = field < -1 ? -2 - field : field;
      // Of the fields asked for, only the original and what follows it are in the index of words.
      if (own >= 0 && own < ORIGINAL) continue;
      if (scanner.isString(leaf)) {
        words.addJson(scanner.leafStart(leaf), scanner.leafEnd(leaf));
      } else if (!scanner.isNull(leaf)) {
        this.#addScalar(words, leaf);
      }
      if (own >= FIRST_GRAM && !scanner.isNull(leaf)) grams.add(scanner.text(leaf));
    }
  }

  #addScalar(words: WordBlock, leaf: number): void {
    const [start, end] = [this.#scanner.leafStart(leaf), this.#scanner.leafEnd(leaf)];
    if (end - start <= LONGEST_WHOLE && isPlain(this.#bytes, start, end)) words.addJson(start, end);
    else words.addText(String(JSON.parse(this.#scanner.text(leaf))));
  }
}

/** Whether a scalar is written as its text is: digits alone, or letters alone. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  const isLetters = (bytes[start] as number) > 96;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (!isLetters && (byte < 48 || byte > 57)) return false;
  }
  return true;
}

function addWords(words: WordBlock, value: unknown, name: string): void {
  if (value === null || value === undefined) return;
  if (typeof value !== 'object') {
    if (isInWordIndex(name)) words.addText(String(value));
  } else if (Array.isArray(value)) {
    for (const element of value) addWords(words, element, name);
  } else {
    for (const [key, inside] of Object.entries(value)) addWords(words, inside, name === '' ? key : `${name}.${key}`);
  }
}
