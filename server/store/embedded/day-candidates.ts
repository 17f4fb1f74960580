import type { Condition } from '../../../rules/query/condition.ts';
import { BlockFilter } from './block-filter.ts';
import type { Budget } from './budget.ts';
import type { DayReader } from './day-reader.ts';
import { type Plan, planOf } from './plan.ts';
import { mayHold, type Rows } from './rows.ts';
import type { Segment, SegmentInfo } from './segments.ts';

/** A place in the order of results, newest first: by `ts`, then by sequence. */
export interface Place {
  readonly ts: number;
  readonly sequence: number;
}

/** An event that may satisfy the condition, or with `END_OF_STEP` for a sequence, the word that nothing above it is left. */
export type Candidate = Place;

/** A sequence above all others. */
export const END_OF_STEP = Number.MAX_SAFE_INTEGER;

/** The candidates of one day, newest first; a segment is opened when nothing else can be newer than what it holds. */
export class DayCandidates {
  readonly reader: DayReader;
  readonly exact: boolean;
  readonly #plan: Plan;
  readonly #from: number;
  readonly #below: Place;
  readonly #budget: Budget;

  /** `from` in milliseconds; candidates come from below a place. */
  constructor(reader: DayReader, condition: Condition, from: number, below: Place, budget: Budget) {
    this.reader = reader;
    this.#from = from;
    this.#below = below;
    this.#budget = budget;
    this.#plan = planOf(condition, reader.dictionary);
    this.exact = this.#plan.exact;
  }

  *walk(): Generator<Candidate> {
    const segments = this.reader.segments.byTime;
    const open: Run[] = [];
    let at = 0;
    let filter: BlockFilter | undefined;
    const toNext = () => {
      while (segments[at] && !this.#mayHold(segments[at] as SegmentInfo, filter)) at++;
      const latest = Math.max(segments[at]?.maxTs ?? this.#from, open[0]?.head.ts ?? this.#from);
      return { ts: Math.min(latest, this.#below.ts), sequence: END_OF_STEP };
    };
    // Nothing is opened of a day that the search does not come to.
    yield toNext();
    filter = BlockFilter.of(this.reader, this.#plan);
    yield toNext();
    for (;;) {
      const top = open[0]?.head;
      const next = segments[at];
      if (next && (!top || next.maxTs >= top.ts)) {
        at++;
        const run = this.#open(next, filter);
        if (run) insert(open, run);
        yield toNext();
        continue;
      }
      const run = open.shift();
      if (!run) return;
      yield run.head;
      if (run.advance()) insert(open, run);
    }
  }

  #mayHold(info: SegmentInfo, filter: BlockFilter | undefined): boolean {
    if (info.minTs > this.#below.ts || info.maxTs < this.#from) return false;
    return mayHold(info.counts, this.#plan.shapes) && (filter?.mayHold(info) ?? true);
  }

  #open(info: SegmentInfo, filter: BlockFilter | undefined): Run | undefined {
    this.#budget.rows(info.events);
    const segment = this.reader.segments.open(info);
    let found = this.#plan.rows(segment);
    if (filter && found !== 'none') found = filter.narrow(segment, found);
    if (found === 'none') return undefined;
    const places = placesOf(segment, found, this.#from, this.#below);
    return places.length === 0 ? undefined : new Run(segment, places);
  }
}

/** Places of the events that are meant and in the range, newest first. */
function placesOf(segment: Segment, rows: Rows, from: number, below: Place): Int32Array {
  const { length, times, info } = segment;
  const places = new Int32Array(length);
  let count = 0;
  let isSorted = true;
  let before = Number.POSITIVE_INFINITY;
  // From the last on: where times rise, as they mostly do, nothing is left to sort.
  for (let at = length - 1; at >= 0; at--) {
    if (rows !== 'all' && rows[at] === 0) continue;
    const offset = times[at] as number;
    const ts = info.minTs + offset;
    if (ts < from || ts > below.ts || (ts === below.ts && segment.sequence(at) >= below.sequence)) continue;
    if (offset > before) isSorted = false;
    before = offset;
    places[count++] = at;
  }
  const found = places.subarray(0, count);
  return isSorted ? found : found.sort((a, b) => (times[b] as number) - (times[a] as number) || b - a);
}

/** What is left of one segment. */
class Run {
  head: Candidate;
  readonly #segment: Segment;
  readonly #places: Int32Array;
  #at = 0;

  constructor(segment: Segment, places: Int32Array) {
    this.#segment = segment;
    this.#places = places;
    this.head = this.#candidate();
  }

  /** Turns to the next one; false where there is none. */
  advance(): boolean {
    if (++this.#at >= this.#places.length) return false;
    this.head = this.#candidate();
    return true;
  }

  #candidate(): Candidate {
    const at = this.#places[this.#at] as number;
    const segment = this.#segment;
    return { ts: segment.info.minTs + (segment.times[at] as number), sequence: segment.sequence(at) };
  }
}

/** Whether a place comes before another one. */
export function isNewer(one: Place, other: Place): boolean {
  return one.ts > other.ts || (one.ts === other.ts && one.sequence > other.sequence);
}

/** Puts a run where its head belongs, the newest first. */
function insert(runs: Run[], run: Run): void {
  let at = 0;
  while (at < runs.length && isNewer((runs[at] as Run).head, run.head)) at++;
  runs.splice(at, 0, run);
}
