import type { Take } from './count-rows.ts';
import type { DayReader } from './day-reader.ts';

/** A day's dictionary cannot hold the value: only documents tell. */
export const UNTOLD: unique symbol = Symbol('untold');

/** Where a field's values come from. */
export interface ValueSource {
  /** JSON of the value behind a number of a day's dictionary; undefined where there is none. */
  value(reader: DayReader, id: number): string | undefined | typeof UNTOLD;
  /** The texts in such JSON. */
  texts(json: string): readonly string[];
}

/** Values from which on a field begins anew, so that days long gone do not fill the memory. */
const MOST_VALUES = 1_000_000;
/** What has no texts. */
const NOTHING = 1;
const NO_TEXTS: readonly string[] = [];

/**
 * Numbers for the values of a field, the same over all days: each day's dictionary has its own, and counts of several days
 * are added up by these, without a text looked at.
 */
export class FieldValues {
  readonly #source: ValueSource;
  readonly #numbers = new Map<string, number>();
  readonly #texts: (readonly string[])[] = [NO_TEXTS, NO_TEXTS];
  /** By day, the number behind each number of its dictionary; 0 where nobody asked yet. */
  readonly #days = new WeakMap<DayReader, { numbers: Int32Array }>();

  constructor(source: ValueSource) {
    this.#source = source;
  }

  get isFull(): boolean {
    return this.#texts.length > MOST_VALUES;
  }

  /** Numbers given out; they are less than this. */
  get length(): number {
    return this.#texts.length;
  }

  texts(number: number): readonly string[] {
    return this.#texts[number] ?? NO_TEXTS;
  }

  /** Gives numbers for those of a day's dictionary; 0 where only documents tell. */
  numbersIn(reader: DayReader): (id: number) => number {
    const day = this.#days.get(reader) ?? { numbers: new Int32Array(1_024) };
    this.#days.set(reader, day);
    return (id) => {
      const before = day.numbers[id];
      if (before !== undefined && before !== 0) return before;
      const value = this.#source.value(reader, id);
      if (value === UNTOLD) return 0;
      // A number that the dictionary has no entry for yet may have one later.
      if (value === undefined) return NOTHING;
      const number = this.#numberOf(value);
      if (id >= day.numbers.length) day.numbers = larger(day.numbers, id);
      day.numbers[id] = number;
      return number;
    };
  }

  #numberOf(json: string): number {
    const known = this.#numbers.get(json);
    if (known !== undefined) return known;
    const number = this.#texts.push(this.#source.texts(json)) - 1;
    this.#numbers.set(json, number);
    return number;
  }
}

function larger(numbers: Int32Array, id: number): Int32Array {
  const more = new Int32Array(2 * id);
  more.set(numbers);
  return more;
}

/** Adds up how many events have each value. */
export class ValueSums {
  readonly #values: FieldValues;
  #sums: Float64Array;

  constructor(values: FieldValues) {
    this.#values = values;
    this.#sums = new Float64Array(2 * values.length);
  }

  add(number: number, events: number): void {
    if (number >= this.#sums.length) {
      const more = new Float64Array(2 * number);
      more.set(this.#sums);
      this.#sums = more;
    }
    this.#sums[number] = (this.#sums[number] as number) + events;
  }

  /** Tells what was added up. */
  give(take: Take): void {
    const sums = this.#sums;
    for (let number = 0; number < sums.length; number++) {
      if (sums[number] !== 0) take(0, this.#values.texts(number), sums[number] as number);
    }
  }
}
