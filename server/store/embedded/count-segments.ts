import type { Budget } from './budget.ts';
import type { DayReader } from './day-reader.ts';
import { MINUTE } from './minute-counts.ts';
import type { Plan } from './plan.ts';
import type { Numbers, RollUpInfo } from './roll-ups.ts';
import { mayHold, type Rows } from './rows.ts';
import { type Segment, type SegmentInfo, SHAPE_PLACE } from './segments.ts';

/** Intervals and numbers of the dictionary in one number: there are fewer than 2^20 entries. */
const ENTRIES = 2 ** 20;

/** Told how many events of an interval have a number of the dictionary. */
export type GiveCount = (bucket: number, id: number, events: number) => void;

/** What is counted, and in which intervals (milliseconds). */
export interface Intervals {
  readonly from: number;
  readonly to: number;
  readonly interval: number;
}

/**
 * Counts the events of a day that a plan is exact for, by interval and by the dictionary number at `place`; 0 for all
 * where there is no place. Gives whether all were seen.
 */
export function countSegments(
  reader: DayReader,
  place: number | undefined,
  plan: Plan,
  intervals: Intervals,
  budget: Budget,
  give: GiveCount,
): boolean {
  const { from, to, interval } = intervals;
  const isOne = interval >= to - from;
  const counter = isOne ? new EntryCounter() : new IntervalCounter();
  const byCounts = plan.byShape && (place === undefined || place === SHAPE_PLACE);
  const rolled = plan.byShape && !byCounts ? addRollUps(counter, reader, place as number, plan, intervals, budget) : [];
  for (const info of reader.segments.byTime) {
    if (rolled.some(({ first, last }) => first <= info.first && info.last <= last)) continue;
    if (info.minTs >= to || info.maxTs < from || !mayHold(info.counts, plan.shapes)) continue;
    if (budget.spent()) {
      counter.give(give);
      return false;
    }
    if (byCounts && addCounts(counter, info, place, plan, intervals, budget)) continue;
    budget.rows(info.events);
    const segment = reader.segments.open(info);
    addRows(counter, segment, place, plan.rows(segment), intervals);
  }
  counter.give(give);
  return true;
}

/** Adds what the roll-ups say that lie in one interval each; gives those. */
function addRollUps(
  counter: Counter,
  reader: DayReader,
  place: number,
  { shapes }: Plan,
  { from, to, interval }: Intervals,
  budget: Budget,
): readonly RollUpInfo[] {
  return reader.rollUps.all.filter((info) => {
    const { minTs, maxTs } = info;
    const bucket = Math.floor((minTs - from) / interval);
    if (minTs < from || maxTs >= to || Math.floor((maxTs - from) / interval) !== bucket || budget.spent()) return false;
    const { ids, counts, stretches } = reader.rollUps.pairs(info, place, shapes);
    for (let at = 0; at < stretches.length; at += 2) {
      const [first, end] = [stretches[at] as number, stretches[at + 1] as number];
      counter.addPairs(bucket, ids, counts, first, end);
      budget.rows(end - first);
    }
    return true;
  });
}

/** Adds what the counts by minute say; false where a minute lies in two intervals, so that they cannot tell. */
function addCounts(
  counter: Counter,
  { counts, minTs, maxTs }: SegmentInfo,
  place: number | undefined,
  { shapes }: Plan,
  { from, to, interval }: Intervals,
  budget: Budget,
): boolean {
  const isInside = minTs >= from && maxTs < to;
  const bucket = Math.floor((minTs - from) / interval);
  const isOne = isInside && Math.floor((maxTs - from) / interval) === bucket;
  for (let at = 0; !isOne && at < counts.length; at++) {
    const first = Math.max(counts.start(at), minTs);
    const last = Math.min(counts.start(at) + MINUTE - 1, maxTs);
    if (first >= to || last < from) continue;
    if (first < from || last >= to) return false;
    if (Math.floor((first - from) / interval) !== Math.floor((last - from) / interval)) return false;
  }
  budget.rows(counts.length);
  for (let at = 0; at < counts.length; at++) {
    const shape = counts.shape(at);
    if (shapes !== undefined && shapes[shape] !== 1) continue;
    const first = Math.max(counts.start(at), minTs);
    if (first >= to || first < from) continue;
    counter.add(
      isOne ? bucket : Math.floor((first - from) / interval),
      place === undefined ? 0 : shape,
      counts.events(at),
    );
  }
  return true;
}

function addRows(
  counter: Counter,
  segment: Segment,
  place: number | undefined,
  rows: Rows,
  { from, to, interval }: Intervals,
): void {
  if (rows === 'none') return;
  const { length, info } = segment;
  const { minTs, maxTs } = info;
  const ids = place === undefined ? undefined : segment.ids(place);
  const bucket = Math.floor((minTs - from) / interval);
  if (minTs >= from && maxTs < to && Math.floor((maxTs - from) / interval) === bucket) {
    counter.addAll(bucket, ids, rows, length);
    return;
  }
  const { times } = segment;
  for (let at = 0; at < length; at++) {
    if (rows !== 'all' && rows[at] === 0) continue;
    const ts = minTs + (times[at] as number);
    if (ts < from || ts >= to) continue;
    counter.add(Math.floor((ts - from) / interval), ids === undefined ? 0 : (ids[at] as number), 1);
  }
}

interface Counter {
  add(bucket: number, id: number, events: number): void;
  /** Adds the events of a segment that lies in one interval; without `ids` all have the number 0. */
  addAll(bucket: number, ids: Int32Array | undefined, rows: Uint8Array | 'all', length: number): void;
  /** Adds pairs of numbers and counts, those of one stretch. */
  addPairs(bucket: number, ids: Numbers, counts: Numbers, from: number, to: number): void;
  /** Tells what was counted. */
  give(give: GiveCount): void;
}

/** Counts entries of a dictionary, all in one interval. */
class EntryCounter implements Counter {
  #counts = new Float64Array(1_024);

  add(_bucket: number, id: number, events: number): void {
    if (id >= this.#counts.length) this.#grow(id);
    this.#counts[id] = (this.#counts[id] as number) + events;
  }

  addAll(bucket: number, ids: Int32Array | undefined, rows: Uint8Array | 'all', length: number): void {
    if (ids === undefined) {
      this.add(bucket, 0, rows === 'all' ? length : ones(rows));
      return;
    }
    let most = 0;
    for (let at = 0; at < length; at++) if ((ids[at] as number) > most) most = ids[at] as number;
    if (most >= this.#counts.length) this.#grow(most);
    const counts = this.#counts;
    if (rows === 'all') {
      for (let at = 0; at < length; at++) counts[ids[at] as number] = (counts[ids[at] as number] as number) + 1;
    } else {
      // Without a branch: which events are meant follows no pattern.
      for (let at = 0; at < length; at++) {
        const id = ids[at] as number;
        counts[id] = (counts[id] as number) + (rows[at] as number);
      }
    }
  }

  addPairs(_bucket: number, ids: Numbers, counts: Numbers, from: number, to: number): void {
    let most = 0;
    for (let at = from; at < to; at++) if ((ids[at] as number) > most) most = ids[at] as number;
    if (most >= this.#counts.length) this.#grow(most);
    const sums = this.#counts;
    for (let at = from; at < to; at++) {
      const id = ids[at] as number;
      sums[id] = (sums[id] as number) + (counts[at] as number);
    }
  }

  give(give: GiveCount): void {
    const counts = this.#counts;
    for (let id = 0; id < counts.length; id++) if (counts[id] !== 0) give(0, id, counts[id] as number);
  }

  #grow(id: number): void {
    const larger = new Float64Array(2 * id);
    larger.set(this.#counts);
    this.#counts = larger;
  }
}

/** Counts entries by interval. */
class IntervalCounter implements Counter {
  readonly #counts = new Map<number, number>();
  #key = -1;
  #events = 0;

  add(bucket: number, id: number, events: number): void {
    const key = bucket * ENTRIES + id;
    if (key !== this.#key) {
      this.#flush();
      this.#key = key;
    }
    this.#events += events;
  }

  addAll(bucket: number, ids: Int32Array | undefined, rows: Uint8Array | 'all', length: number): void {
    for (let at = 0; at < length; at++) {
      if (rows === 'all' || rows[at] === 1) this.add(bucket, ids === undefined ? 0 : (ids[at] as number), 1);
    }
  }

  addPairs(bucket: number, ids: Numbers, counts: Numbers, from: number, to: number): void {
    for (let at = from; at < to; at++) this.add(bucket, ids[at] as number, counts[at] as number);
  }

  give(give: GiveCount): void {
    this.#flush();
    for (const [key, events] of this.#counts) give(Math.floor(key / ENTRIES), key % ENTRIES, events);
  }

  /** Events of one interval and entry often follow each other. */
  #flush(): void {
    if (this.#events > 0) this.#counts.set(this.#key, (this.#counts.get(this.#key) ?? 0) + this.#events);
    this.#events = 0;
  }
}

function ones(rows: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < rows.length; at++) count += rows[at] as number;
  return count;
}
