import type { EcsEvent } from '../../../ecs/event.ts';
import type { Condition } from '../../../rules/query/condition.ts';
import { compileMatcher, type Matcher } from '../../../rules/query/matcher.ts';
import type { Budget } from './budget.ts';
import { type Candidate, DayCandidates, END_OF_STEP, isNewer, type Place } from './day-candidates.ts';
import { type BatchRow, type DayReader, lineOf } from './day-reader.ts';
import { type Needles, needlesOf } from './needles.ts';

/** A row that satisfies the condition; the document where it had to be opened to know. */
export interface Match {
  readonly reader: DayReader;
  readonly ts: number;
  readonly sequence: number;
  readonly event: EcsEvent | undefined;
}

/** Candidates after which the budget is looked at. */
const LOOK_AFTER = 1_000;
/** Candidates whose documents are opened together, from the first round on. */
const FIRST_ROUND = 128;
const LARGEST_ROUND = 8_192;
const MANY = 256;
/** A round that took less is followed by a larger one, one that took more by a smaller one. */
const SHORT_ROUND_MS = 200;
const LONG_ROUND_MS = 1_000;

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
  readonly #needles: Needles | undefined;
  readonly #budget: Budget;

  /** `readers` must each be inside a read transaction, so that dictionaries and rows are of one moment. */
  constructor(readers: readonly DayReader[], condition: Condition, from: number, below: Place, budget: Budget) {
    this.#days = readers.map((reader) => new DayCandidates(reader, condition, from, below, budget));
    this.#matcher = compileMatcher(condition);
    this.#needles = needlesOf(condition);
    this.#budget = budget;
    this.reached = below;
  }

  /** Ends when all is seen (`done`) or the budget is spent. */
  *walk(): Generator<Match> {
    const sources = this.#days.map((day) => new Source(day));
    try {
      if (this.#days.every(({ exact }) => exact)) yield* this.#exact(sources);
      else yield* this.#confirmed(sources);
    } finally {
      for (const source of sources) source.close();
    }
  }

  *#exact(sources: readonly Source[]): Generator<Match> {
    let since = 0;
    for (let next = newest(sources); next; next = newest(sources)) {
      const { ts, sequence } = next.take();
      this.reached = { ts, sequence };
      if (sequence !== END_OF_STEP) yield { reader: next.day.reader, ts, sequence, event: undefined };
      else if (this.enough || this.#budget.spent()) return;
      if (++since % LOOK_AFTER === 0 && (this.enough || this.#budget.spent())) return;
    }
    this.done = true;
  }

  /**
   * Documents are opened in rounds and in the order in which they are stored: times of many collectors interleave, and
   * the frame that holds many of a round's candidates is opened once.
   */
  *#confirmed(sources: readonly Source[]): Generator<Match> {
    let size = FIRST_ROUND;
    for (;;) {
      const { tried, end, isLast } = this.#gather(sources, size);
      const started = performance.now();
      const isStopped = this.#open(tried);
      for (const { candidate, day, state } of tried) {
        // What stopped it may have left newer ones out: they are for who goes on from here.
        if (state === undefined) return;
        this.reached = candidate;
        if (state !== 'no') yield { reader: day.reader, ...candidate, event: state === 'exact' ? undefined : state };
      }
      if (end) this.reached = end;
      if (isLast) this.done = true;
      if (isLast || isStopped || this.enough || this.#budget.spent()) return;
      const took = performance.now() - started;
      if (took < SHORT_ROUND_MS) size = Math.min(2 * size, LARGEST_ROUND);
      else if (took > LONG_ROUND_MS) size = Math.max(FIRST_ROUND, size >> 1);
    }
  }

  /** The next candidates, and the place up to which there are no others. */
  #gather(
    sources: readonly Source[],
    size: number,
  ): { readonly tried: Tried[]; readonly end: Place | undefined; readonly isLast: boolean } {
    const tried: Tried[] = [];
    let end: Place | undefined;
    while (tried.length < size) {
      const next = newest(sources);
      if (!next) return { tried, end, isLast: true };
      const candidate = next.take();
      end = candidate;
      if (candidate.sequence !== END_OF_STEP) {
        tried.push({ day: next.day, candidate, state: next.day.exact ? 'exact' : undefined });
      } else if (this.enough || this.#budget.spent()) break;
    }
    return { tried, end, isLast: false };
  }

  /** Opens the documents of a round, the newest one first, so that each round gets on; gives whether the budget is spent. */
  #open(tried: readonly Tried[]): boolean {
    const [first, ...rest] = tried;
    if (!first) return false;
    rest.sort((a, b) =>
      a.day === b.day ? a.candidate.sequence - b.candidate.sequence : a.day.reader.day < b.day.reader.day ? -1 : 1,
    );
    // Going over all lines for the needles pays where many of them are candidates.
    const needles = tried.length >= MANY ? this.#needles : undefined;
    for (const one of [first, ...rest]) {
      if (one.state === 'exact') continue;
      const event = readDocument(one.day.reader, one.candidate.sequence, needles);
      one.state = event && this.#matcher(event) ? event : 'no';
      if (this.#budget.document()) return true;
    }
    return false;
  }
}

/** A candidate of a round: undefined while nobody has looked at its document. */
interface Tried {
  readonly day: DayCandidates;
  readonly candidate: Candidate;
  state: EcsEvent | 'no' | 'exact' | undefined;
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

/** Opens one event's document; undefined where its batch is gone, or where it has none of the needles. */
export function readDocument(reader: DayReader, sequence: number, needles?: Needles): EcsEvent | undefined {
  let batch = lastBatch.get(reader);
  if (!batch || sequence < batch.first || sequence > batch.last) {
    batch = reader.batchAt(sequence);
    if (!batch) return undefined;
    lastBatch.set(reader, batch);
  }
  const line = lineOf(batch, sequence);
  return needles && !reader.mayHave(batch, line, needles) ? undefined : reader.document(batch, line);
}
