import type { EcsEvent } from '../../../ecs/event.ts';
import { type FieldTree, NOT_IN_WORDS } from './fields.ts';
import { indexText, isWordCharacter, LONG_TEXT } from './words.ts';

/** What one line may be at most; what is more goes to the dead letters. */
export const LINE_LIMITS = { bytes: 4 * 1024 * 1024, depth: 32, values: 10_000 } as const;

/** A line that is an event, with what the store's row and word index need of it. */
export interface ReadLine {
  readonly event: EcsEvent;
  /** `@timestamp` in milliseconds. */
  readonly ts: number;
  /** Whether some key holds a dot, so that fields must be looked for the long way. */
  readonly dottedKeys: boolean;
  /** Text for the word index. */
  readonly words: string;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const HASH = /^[0-9a-f]{12}$/;
const MOST_EXTRA_WORDS = 500;

/**
 * Reads and checks a line. `idStart` is the event id up to its hash, as header and position demand it.
 * Gives the reason, in a sentence, where the line is no event.
 */
export function readLine(line: string, idStart: string): ReadLine | string {
  if (line.length > LINE_LIMITS.bytes) return `The line is longer than ${LINE_LIMITS.bytes} characters.`;
  let event: EcsEvent;
  try {
    event = JSON.parse(line) as EcsEvent;
  } catch {
    return 'The line is not JSON.';
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'The line is not a JSON object.';
  const fields: unknown = event.event;
  if (typeof fields !== 'object' || fields === null) return 'The event has no event.id.';
  const id = (fields as { id?: unknown }).id;
  if (typeof id !== 'string') return 'The event has no event.id.';
  if (!id.startsWith(idStart) || !HASH.test(id.slice(idStart.length))) {
    return `The event id does not fit its frame: it should start with ${idStart}`;
  }
  const time: unknown = event['@timestamp'];
  if (typeof time !== 'string' || !TIME.test(time)) return 'The event has no @timestamp in ISO 8601.';
  const ts = Date.parse(time);
  if (Number.isNaN(ts)) return 'The event has an @timestamp that is no time.';
  const walk = new Walk(event);
  if (walk.problem) return walk.problem;
  return { event, ts, dottedKeys: walk.dottedKeys, words: walk.words() };
}

/** Visits every value of an event once: bounds it, sees dotted keys, and gathers words that the original line lacks. */
class Walk {
  problem: string | undefined;
  dottedKeys = false;
  readonly #original: string;
  readonly #extra: string[] = [];
  #values = 0;

  constructor(event: EcsEvent) {
    const original = event.event.original;
    this.#original = typeof original === 'string' ? original : '';
    this.#object(event, NOT_IN_WORDS, 1);
  }

  words(): string {
    if (this.#extra.length === 0) return indexText(this.#original);
    if (this.#extra.length <= MOST_EXTRA_WORDS) return indexText(`${this.#original} ${this.#extra.join(' ')}`);
    return `${LONG_TEXT} ${indexText(this.#original)}`;
  }

  #object(value: object, skip: FieldTree | undefined, depth: number): void {
    if (depth > LINE_LIMITS.depth) {
      this.problem = `The event is nested deeper than ${LINE_LIMITS.depth} levels.`;
      return;
    }
    for (const key of Object.keys(value)) {
      if (!this.dottedKeys && key.includes('.')) this.dottedKeys = true;
      this.#value((value as Record<string, unknown>)[key], skip?.[key], depth);
      if (this.problem) return;
    }
  }

  #value(value: unknown, skip: true | FieldTree | undefined, depth: number): void {
    if (++this.#values > LINE_LIMITS.values) {
      this.problem = `The event holds more than ${LINE_LIMITS.values} values.`;
      return;
    }
    if (typeof value === 'string') {
      if (skip !== true && value !== this.#original) this.#text(value);
    } else if (typeof value === 'number' || typeof value === 'boolean') {
      if (skip !== true) this.#text(String(value));
    } else if (Array.isArray(value)) {
      this.#list(value, skip, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      this.#object(value, skip === true ? undefined : skip, depth + 1);
    }
  }

  #list(list: readonly unknown[], skip: true | FieldTree | undefined, depth: number): void {
    if (depth > LINE_LIMITS.depth) {
      this.problem = `The event is nested deeper than ${LINE_LIMITS.depth} levels.`;
      return;
    }
    for (const element of list) {
      this.#value(element, skip, depth);
      if (this.problem) return;
    }
  }

  #text(text: string): void {
    if (text === '' || this.#extra.length > MOST_EXTRA_WORDS) return;
    const at = this.#original.indexOf(text);
    if (at >= 0 && isApart(this.#original, at, at + text.length)) return;
    this.#extra.push(text);
  }
}

/** Whether no word runs on across the two sides of a stretch. */
function isApart(text: string, start: number, end: number): boolean {
  const startsApart = !isWordCharacter(text, start - 1) || !isWordCharacter(text, start);
  return startsApart && (!isWordCharacter(text, end) || !isWordCharacter(text, end - 1));
}
