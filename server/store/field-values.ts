import { readField } from '../../ecs/event.ts';
import { scalarText } from '../../rules/query/field-test.ts';
import { someLeaf } from '../../rules/query/matcher.ts';
import { foldCase } from '../../rules/query/string-test.ts';
import { HaidangError } from '../errors.ts';
import type { FieldList, FieldValue } from './event-store.ts';

/** How deep lists inside lists are looked into, as the matcher does. */
const LIST_DEPTH = 8;
/** Longer values are not told apart, in UTF-16 units: nobody reads them in a list. */
export const LONGEST_VALUE = 1_000;
/** Characters of all values of one tally; what is new beyond is counted with the others. */
const MOST_CHARACTERS = 32_000_000;
const MOST_NAMES = 20_000;
const LONGEST_NAME = 300;
const MOST_LISTED = 2_000;

/** Refuses a field name that stands for several. @throws HaidangError `HD_BAD_REQUEST` */
export function oneField(field: string): string {
  if (field !== '' && !field.includes('*') && field.length <= LONGEST_NAME) return field;
  throw new HaidangError('HD_BAD_REQUEST', 'Values are counted of one field; give its full name without "*".');
}

/** The values of a field in an event as texts; `undefined` where it has none. Two that differ in case only are one. */
export function fieldTexts(event: object, field: string): readonly string[] {
  return textsOf(readField(event, field));
}

/** The scalars of a value as texts, each once. */
export function textsOf(value: unknown): readonly string[] {
  const single = scalarText(value);
  if (single !== undefined) return [single];
  if (!Array.isArray(value)) return [];
  const texts = new Map<string, string>();
  gather(value, texts, 0);
  return [...texts.values()];
}

function gather(list: readonly unknown[], into: Map<string, string>, depth: number): void {
  if (depth >= LIST_DEPTH) return;
  for (const element of list) {
    if (Array.isArray(element)) gather(element, into, depth + 1);
    const text = scalarText(element);
    if (text === undefined) continue;
    const key = foldCase(text);
    if (!into.has(key)) into.set(key, text);
  }
}

/** Counts values, each by its folded text. */
export class ValueTally {
  /** Events counted. */
  events = 0;
  /** Events without a value. */
  absent = 0;
  readonly #prefix: string | undefined;
  readonly #counts = new Map<string, { readonly value: string; count: number }>();
  #characters = 0;
  #untold = 0;

  /** `prefix`: values that begin otherwise are not counted. */
  constructor(prefix?: string) {
    this.#prefix = prefix === undefined || prefix === '' ? undefined : foldCase(prefix);
  }

  /** Counts `events` events that have these values. */
  add(texts: readonly string[], events = 1): void {
    this.events += events;
    if (texts.length === 0) this.absent += events;
    for (const text of texts) this.addValue(text, events);
  }

  /** Counts occurrences of one value. */
  addValue(text: string, count: number): void {
    if (text.length > LONGEST_VALUE) {
      if (this.#prefix === undefined) this.#untold += count;
      return;
    }
    const key = foldCase(text);
    if (this.#prefix !== undefined && !key.startsWith(this.#prefix)) return;
    const known = this.#counts.get(key);
    if (known) known.count += count;
    else if (this.#characters < MOST_CHARACTERS) {
      this.#counts.set(key, { value: text, count });
      this.#characters += key.length + 32;
    } else this.#untold += count;
  }

  /** Counts occurrences of values that are not told apart. */
  addUntold(count: number): void {
    this.#untold += count;
  }

  /** The most frequent values, and how often all others occur. */
  top(limit: number): { readonly values: FieldValue[]; readonly other: number } {
    const counts = new Float64Array(this.#counts.size);
    let at = 0;
    for (const { count } of this.#counts.values()) counts[at++] = count;
    counts.sort();
    // Only those that may be listed are put in order: values are many, and most occur a few times.
    const least = counts[counts.length - limit] ?? 0;
    const candidates: [string, { readonly value: string; readonly count: number }][] = [];
    for (const one of this.#counts) if (one[1].count >= least) candidates.push(one);
    const listed = candidates
      .sort(([a, one], [b, two]) => two.count - one.count || (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([, { value, count }]) => ({ value, count }));
    const total = counts.reduce((sum, count) => sum + count, 0);
    return { values: listed, other: total - listed.reduce((sum, { count }) => sum + count, 0) + this.#untold };
  }
}

/** Counts values by interval of time, for a few values that are told apart. */
export class StackTally {
  readonly #places: ReadonlyMap<string, number>;
  readonly #buckets: { count: number; readonly counts: number[]; other: number; absent: number }[];

  constructor(values: readonly string[], length: number) {
    this.#places = new Map(values.map((value, at) => [foldCase(value), at]));
    const empty = () => ({ count: 0, counts: values.map(() => 0), other: 0, absent: 0 });
    this.#buckets = Array.from({ length }, empty);
  }

  /** Counts `events` events of one interval that have these values. */
  add(bucket: number, texts: readonly string[], events = 1): void {
    const into = this.#buckets[bucket];
    if (!into) return;
    into.count += events;
    if (texts.length === 0) into.absent += events;
    for (const text of texts) {
      const place = this.#places.get(foldCase(text));
      if (place === undefined) into.other += events;
      else into.counts[place] = (into.counts[place] ?? 0) + events;
    }
  }

  /** Adds what was counted elsewhere of one interval. */
  merge(
    bucket: number,
    part: {
      readonly count: number;
      readonly counts: readonly number[];
      readonly other: number;
      readonly absent: number;
    },
  ): void {
    const into = this.#buckets[bucket];
    if (!into) return;
    into.count += part.count;
    into.other += part.other;
    into.absent += part.absent;
    for (const [at, count] of part.counts.entries()) into.counts[at] = (into.counts[at] ?? 0) + count;
  }

  /** The intervals, the first of which starts at `from` (milliseconds). */
  buckets(from: number, interval: number) {
    return this.#buckets.map((bucket, at) => ({ start: new Date(from + at * interval).toISOString(), ...bucket }));
  }
}

/** Counts in how many events each field holds a value. */
export class NameTally {
  events = 0;
  readonly #names = new Map<string, number>();

  add(event: object): void {
    this.events++;
    const here = new Set<string>();
    someLeaf(event, (leaf, name) => {
      if (leaf !== null && leaf !== undefined && name.length <= LONGEST_NAME) here.add(name);
      return false;
    });
    for (const name of here) {
      const known = this.#names.get(name);
      if (known !== undefined || this.#names.size < MOST_NAMES) this.#names.set(name, (known ?? 0) + 1);
    }
  }

  list(): FieldList['fields'] {
    return [...this.#names]
      .sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1))
      .slice(0, MOST_LISTED)
      .map(([name, events]) => ({ name, events }));
  }
}
