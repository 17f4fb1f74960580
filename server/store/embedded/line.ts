import { type EcsEvent, readField } from '../../../ecs/event.ts';
import { LineScanner } from '../../../ecs/line-scanner.ts';
import { textsOf } from '../field-values.ts';
import { type DecodedFrame, lineOfFrame } from '../frame.ts';
import { idProblem, LINE_LIMITS, readLine, timeOf } from '../line.ts';
import { COLUMN_FIELDS, GRAM_FIELDS, isInWordIndex, SERVER_FIELDS, SHAPE_FIELDS, termOf } from './fields.ts';
import { indexText, isWordCharacter, LONG_TEXT } from './words.ts';

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
const MOST_EXTRA_WORDS = 500;
/** A whole number whose text is the same however it is written. */
const WHOLE = /^-?[1-9]\d{0,14}$|^0$/;

/** Reads the lines of frames, one after the other, for the rows and the word index of a day's file. */
export class LineReader {
  /** `@timestamp` in milliseconds. */
  ts = 0;
  /** Text for the word index. */
  words = '';
  /** Text for the index of parts of words. */
  grams = '';
  readonly #scanner = new LineScanner(FIELDS);
  readonly #lists = new WeakMap<object, string | null>();
  /** The event, where the line had to be parsed. */
  #event: EcsEvent | undefined;
  #time: unknown;
  #timeTs: number | string = 0;

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
    this.words = this.#words();
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
    const original = read.event.event.original;
    const words = new Words(typeof original === 'string' ? original : '');
    addWords(words, read.event, '');
    this.words = words.text();
    this.grams = '';
    for (const field of GRAM_FIELDS) for (const text of textsOf(readField(read.event, field))) this.#addGrams(text);
    return undefined;
  }

  /** What one text holds of another is not added again: paths lie within addresses, programs within commands. */
  #addGrams(text: string): void {
    if (text.length < 3 || this.grams.includes(text)) return;
    this.grams += this.grams === '' ? text : `\n${text}`;
  }

  #words(): string {
    const scanner = this.#scanner;
    let original = '';
    for (let leaf = 0; leaf < scanner.count; leaf++) {
      if (scanner.field(leaf) === ORIGINAL && scanner.isString(leaf)) original = scanner.wordText(leaf);
    }
    const words = new Words(original);
    this.grams = '';
    for (let leaf = 0; leaf < scanner.count; leaf++) {
      const field = scanner.field(leaf);
      const own = field < -1 ? -2 - field : field;
      // Of the fields asked for, only the original and what follows it are in the index of words.
      if ((own >= 0 && own < ORIGINAL) || (field === ORIGINAL && scanner.isString(leaf))) continue;
      if (scanner.isNull(leaf)) continue;
      const text = scanner.wordText(leaf);
      if (own >= FIRST_GRAM) this.#addGrams(text);
      words.add(scanner.isString(leaf) || WHOLE.test(text) ? text : String(JSON.parse(text)));
    }
    return words.text();
  }
}

function addWords(words: Words, value: unknown, name: string): void {
  if (value === null || value === undefined) return;
  if (typeof value !== 'object') {
    if (isInWordIndex(name)) words.add(String(value));
  } else if (Array.isArray(value)) {
    for (const element of value) addWords(words, element, name);
  } else {
    for (const [key, inside] of Object.entries(value)) addWords(words, inside, name === '' ? key : `${name}.${key}`);
  }
}

/** Gathers the texts of an event that its original line lacks. */
class Words {
  readonly #original: string;
  #extra = '';
  #count = 0;

  constructor(original: string) {
    this.#original = original;
  }

  add(text: string): void {
    if (text === '' || this.#count > MOST_EXTRA_WORDS) return;
    if (text === this.#original) return;
    const at = this.#original.indexOf(text);
    if (at >= 0 && isApart(this.#original, at, at + text.length)) return;
    this.#extra += ` ${text}`;
    this.#count++;
  }

  text(): string {
    if (this.#count > MOST_EXTRA_WORDS) return `${LONG_TEXT} ${indexText(this.#original)}`;
    return indexText(this.#count === 0 ? this.#original : this.#original + this.#extra);
  }
}

/** Whether no word runs on across the two sides of a stretch. */
function isApart(text: string, start: number, end: number): boolean {
  const startsApart = !isWordCharacter(text, start - 1) || !isWordCharacter(text, start);
  return startsApart && (!isWordCharacter(text, end) || !isWordCharacter(text, end - 1));
}
