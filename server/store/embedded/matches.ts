import type { EcsEvent } from '../../../ecs/event.ts';
import type { Condition } from '../../../rules/query/condition.ts';
import { compileMatcher, type Matcher } from '../../../rules/query/matcher.ts';
import type { Budget } from './budget.ts';
import { type Candidate, DayCandidates, END_OF_STEP, isNewer, type Place } from './day-candidates.ts';
import { type BatchRow, type DayReader, lineOf } from './day-reader.ts';

/** A row that satisfies the condition; the document where it had to be opened to know. */
export interface Match {
  readonly reader: DayReader;
  readonly ts: number;
  readonly sequence: number;
  readonly event: EcsEvent | undefined;
}

/** Candidates after which the budget is looked at. */
const LOOK_AFTER = 1_000;

/**
 * The matches of a condition over several days, newest first, below a place and from a time on. Segments are opened as
 * they are come to, so that a page of the newest events costs little however much there is.
 */
export class Matches {
  /** Everything from here on up was looked at: where a search that stops early goes on. */
  reached: Place;
  /** Whether the search came to the range's start. */
  done = false;
  /** Set where nobody needs more than what is at hand. */
  enough = false;
  readonly #days: readonly DayCandidates[];
  readonly #matcher: Matcher;
  readonly #budget: Budget;

  /** `readers` must each be inside a read transaction, so that dictionaries and rows are of one moment. */
  constructor(readers: readonly DayReader[], condition: Condition, from: number, below: Place, budget: Budget) {
    this.#days = readers.map((reader) => new DayCandidates(reader, condition, from, below, budget));
    this.#matcher = compileMatcher(condition);
    this.#budget = budget;
    this.reached = below;
  }

  /** Ends when all is seen (`done`) or the budget is spent. */
  *walk(): Generator<Match> {
    const sources = this.#days.map((day) => new Source(day));
    let since = 0;
    try {
      for (let next = newest(sources); next; next = newest(sources)) {
        const candidate = next.take();
        this.reached = candidate;
        if (candidate.sequence === END_OF_STEP) {
          if (this.enough || this.#budget.spent()) return;
          continue;
        }
        const match = this.#confirm(next.day, candidate);
        if (match) yield match;
        if (!next.day.exact && this.#budget.document()) return;
        if (++since % LOOK_AFTER === 0 && (this.enough || this.#budget.spent())) return;
      }
      this.done = true;
    } finally {
      for (const source of sources) source.close();
    }
  }

  #confirm(day: DayCandidates, { ts, sequence }: Candidate): Match | undefined {
    if (day.exact) return { reader: day.reader, ts, sequence, event: undefined };
    const event = readDocument(day.reader, sequence);
    return event && this.#matcher(event) ? { reader: day.reader, ts, sequence, event } : undefined;
  }
}

/** The newest candidate of each day, one step ahead. */
class Source {
  readonly day: DayCandidates;
  head: Candidate | undefined;
  readonly #rows: Generator<Candidate>;

  constructor(day: DayCandidates) {
    this.day = day;
    this.#rows = day.walk();
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
    if (source.head && (!best?.head || isNewer(source.head, best.head))) best = source;
  }
  return best;
}

const lastBatch = new WeakMap<DayReader, BatchRow>();

/** Opens one event's document; undefined where its batch is gone. */
export function readDocument(reader: DayReader, sequence: number): EcsEvent | undefined {
  let batch = lastBatch.get(reader);
  if (!batch || sequence < batch.first || sequence > batch.last) {
    batch = reader.batchAt(sequence);
    if (!batch) return undefined;
    lastBatch.set(reader, batch);
  }
  return reader.document(batch, lineOf(batch, sequence));
}
