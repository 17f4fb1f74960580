/** How large the next bulk request may be. */
export interface BulkSize {
  readonly items: number;
  readonly bytes: number;
}

const LEAST_ITEMS = 50;
const MOST_ITEMS = 2_000;
const MOST_BYTES = 8 * 1024 * 1024;
/** An answer that comes sooner lets requests grow; one that takes longer lets them shrink. Milliseconds. */
const QUICK = 400;
const SLOW = 3_000;

/**
 * Finds the size of bulk requests that a cluster takes well: a little more after each quick answer, half after a slow or
 * a busy one; and how many may be under way at once, one after a busy answer, then again up to `lanes`.
 */
export class Pace {
  readonly #lanes: number;
  readonly #waiting: (() => void)[] = [];
  #items = 1_000;
  #allowed: number;
  #under = 0;
  #quick = 0;

  constructor(lanes: number) {
    this.#lanes = lanes;
    this.#allowed = lanes;
  }

  get size(): BulkSize {
    return { items: this.#items, bytes: MOST_BYTES };
  }

  /** Requests that may be under way at once just now. */
  get allowed(): number {
    return this.#allowed;
  }

  /** Does some work when a lane is free; those who wait come in their order. */
  async inLane<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#under >= this.#allowed) await new Promise<void>((free) => this.#waiting.push(free));
    else this.#under++;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Notes an answer: what it took, milliseconds, and whether the request was as large as it could be. */
  answered(took: number, full: boolean): void {
    if (took > SLOW) this.#shrink();
    else if (took < QUICK && full) this.#items = Math.min(MOST_ITEMS, Math.ceil(this.#items * 1.25));
    if (this.#allowed < this.#lanes && ++this.#quick >= 4) {
      this.#quick = 0;
      this.#allowed++;
    }
  }

  /** Notes that the cluster was too busy, or the request too large for it. */
  refused(): void {
    this.#shrink();
    this.#allowed = 1;
    this.#quick = 0;
  }

  #shrink(): void {
    this.#items = Math.max(LEAST_ITEMS, Math.floor(this.#items / 2));
  }

  #leave(): void {
    // Whoever waits takes the place over, unless there are fewer places now.
    const next = this.#under <= this.#allowed ? this.#waiting.shift() : undefined;
    if (next) next();
    else this.#under--;
    for (let more = this.#allowed - this.#under; more > 0 && this.#waiting.length > 0; more--) {
      this.#under++;
      this.#waiting.shift()?.();
    }
  }
}
