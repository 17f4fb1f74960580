import type { EcsEvent } from '../../../ecs/event.ts';
import type { Condition } from '../../../rules/query/condition.ts';
import { compileMatcher, type Matcher } from '../../../rules/query/matcher.ts';
import type { Budget } from './budget.ts';
import { type Candidate, DayCandidates, type Place } from './day-candidates.ts';
import { type BatchRow, type DayReader, lineOf } from './day-reader.ts';

/** A row that satisfies the condition; the document where it had to be opened to know. */
export interface Match {
  readonly reader: DayReader;
  readonly ts: number;
  readonly sequence: number;
  readonly line: number;
  readonly event: EcsEvent | undefined;
}

const FIRST_SLICE = 1_000;
const LARGEST_SLICE = 64_000;

/**
 * The matches of a condition over several days, newest first, below a place and from a time on. Works in slices of
 * time, small ones first, so that a page of the newest events costs little however much there is.
 */
export class Matches {
  /** Everything from here on up was looked at: where a search that stops early goes on. */
  reached: Place;
  /** Whether the search came to the range's start. */
  done = false;
  /** Set where nobody needs more than what the slice under way gives. */
  enough = false;
  readonly #days: readonly DayCandidates[];
  readonly #matcher: Matcher;
  readonly #from: number;
  readonly #budget: Budget;

  /** `readers` must each be inside a read transaction, so that dictionaries and rows are of one moment. */
  constructor(readers: readonly DayReader[], condition: Condition, from: number, below: Place, budget: Budget) {
    this.#days = readers.map((reader) => new DayCandidates(reader, condition, from, below.ts + 1));
    this.#matcher = compileMatcher(condition);
    this.#from = from;
    this.#budget = budget;
    this.reached = below;
  }

  /** Ends when all is seen (`done`) or the budget is spent. */
  *walk(): Generator<Match> {
    let size = FIRST_SLICE;
    while (!this.#budget.spent()) {
      const hi = this.reached;
      const lo = this.#days.reduce((edge, day) => Math.max(edge, day.edgeBelow(hi, size)), this.#from);
      this.#budget.rows(size * this.#days.length);
      const sources = this.#days.map((day) => new Source(day, day.slice(lo, hi, size)));
      try {
        for (let next = newest(sources); next; next = newest(sources)) {
          const match = this.#confirm(next.day, next.take());
          if (match) yield match;
          if (!next.day.exact && this.#budget.document()) return;
        }
      } finally {
        for (const source of sources) source.close();
      }
      this.reached = { ts: lo - 1, sequence: Number.MAX_SAFE_INTEGER };
      if (lo <= this.#from) {
        this.done = true;
        return;
      }
      if (this.enough) return;
      size = Math.min(size * 4, LARGEST_SLICE);
    }
  }

  #confirm(day: DayCandidates, [ts, sequence, line]: Candidate): Match | undefined {
    this.reached = { ts, sequence };
    if (day.exact) return { reader: day.reader, ts, sequence, line, event: undefined };
    const event = readDocument(day.reader, sequence, line);
    return event && this.#matcher(event) ? { reader: day.reader, ts, sequence, line, event } : undefined;
  }
}

/** The newest candidate of each day, one step ahead. */
class Source {
  readonly day: DayCandidates;
  head: Candidate | undefined;
  readonly #rows: Generator<Candidate>;

  constructor(day: DayCandidates, rows: Generator<Candidate>) {
    this.day = day;
    this.#rows = rows;
    this.#advance();
  }

  take(): Candidate {
    const head = this.head;
    if (!head) throw new Error('There is no candidate to take.');
    this.#advance();
    return head;
  }

  close(): void {
    this.#rows.return(undefined);
  }

  #advance(): void {
    const { value, done } = this.#rows.next();
    this.head = done ? undefined : value;
  }
}

function newest(sources: readonly Source[]): Source | undefined {
  let best: Source | undefined;
  for (const source of sources) {
    if (!source.head) continue;
    if (
      !best?.head ||
      source.head[0] > best.head[0] ||
      (source.head[0] === best.head[0] && source.head[1] > best.head[1])
    ) {
      best = source;
    }
  }
  return best;
}

const lastBatch = new WeakMap<DayReader, BatchRow>();

/** Opens one event's document; undefined where its batch is gone. */
export function readDocument(reader: DayReader, sequence: number, line?: number): EcsEvent | undefined {
  let batch = lastBatch.get(reader);
  if (!batch || sequence < batch.first || sequence > batch.last) {
    batch = reader.batchAt(sequence);
    if (!batch) return undefined;
    lastBatch.set(reader, batch);
  }
  return reader.document(batch, line ?? lineOf(batch, sequence));
}
