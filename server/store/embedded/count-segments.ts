import type { Budget } from './budget.ts';
import type { DayReader } from './day-reader.ts';
import type { RowTest } from './row-test.ts';
import { type Segment, segmentsOf } from './segments.ts';

/** Numbers of one interval and one dictionary entry in one: there are fewer than 2^20 entries. */
const ENTRIES = 2 ** 20;

/** Told how many events of an interval have a number of the dictionary. */
export type GiveCount = (bucket: number, id: number, events: number) => void;

/** What is counted, and in which intervals (milliseconds). */
export interface Intervals {
  readonly from: number;
  readonly to: number;
  readonly interval: number;
}

/** Counts the events of a day by interval and dictionary number, over its segments. Gives whether all were seen. */
export function countSegments(
  reader: DayReader,
  place: number,
  test: RowTest,
  { from, to, interval }: Intervals,
  budget: Budget,
  give: GiveCount,
): boolean {
  const isOne = interval >= to - from;
  const counter = isOne ? new EntryCounter() : new IntervalCounter(from, interval);
  let whole = true;
  for (const segment of segmentsOf(reader.db, from, to)) {
    whole = !budget.spent();
    if (!whole) break;
    budget.rows(segment.length);
    const ids = segment.columns[place] as Int32Array;
    const inside = segment.minTs >= from && segment.maxTs < to;
    for (let at = 0; at < segment.length; at++) {
      if (!inside && !isWithin(segment, at, from, to)) continue;
      if (test(segment, at)) counter.add(ids[at] as number, segment, at);
    }
    if (!isOne) counter.give(give);
  }
  counter.give(give);
  return whole;
}

function isWithin({ ts }: Segment, at: number, from: number, to: number): boolean {
  return ts(at) >= from && ts(at) < to;
}

/** Counts entries of a dictionary, all in one interval. */
class EntryCounter {
  #counts = new Float64Array(1_024);

  add(id: number, _segment: Segment, _at: number): void {
    if (id >= this.#counts.length) this.#grow(id);
    this.#counts[id] = (this.#counts[id] as number) + 1;
  }

  give(give: GiveCount): void {
    for (const [id, events] of this.#counts.entries()) if (events > 0) give(0, id, events);
    this.#counts.fill(0);
  }

  #grow(id: number): void {
    const larger = new Float64Array(2 * id);
    larger.set(this.#counts);
    this.#counts = larger;
  }
}

/** Counts entries by interval; given away after each segment, so that it stays small. */
class IntervalCounter {
  readonly #counts = new Map<number, number>();
  readonly #from: number;
  readonly #interval: number;

  constructor(from: number, interval: number) {
    this.#from = from;
    this.#interval = interval;
  }

  add(id: number, segment: Segment, at: number): void {
    const key = Math.floor((segment.ts(at) - this.#from) / this.#interval) * ENTRIES + id;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  give(give: GiveCount): void {
    for (const [key, events] of this.#counts) give(Math.floor(key / ENTRIES), key % ENTRIES, events);
    this.#counts.clear();
  }
}
