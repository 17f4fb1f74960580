import type { SearchLimits, Stop } from './read-calls.ts';

/** Thrown inside a reader when nobody waits for the answer any more. */
export class Stopped extends Error {}

/** What a question has used up of what it may. */
export class Budget {
  readonly #limits: SearchLimits;
  readonly #stop: Stop;
  readonly #until: number;
  #rows = 0;
  #documents = 0;
  #spent = false;

  constructor(limits: SearchLimits, stop: Stop) {
    this.#limits = limits;
    this.#stop = stop;
    this.#until = performance.now() + limits.milliseconds;
  }

  /** Whether a limit was reached; the clock and the caller's stop are looked at here. @throws Stopped */
  spent(): boolean {
    if (this.#stop && Atomics.load(this.#stop, 0) === 1) throw new Stopped('Nobody waits for this answer any more.');
    this.#spent ||= performance.now() > this.#until;
    this.#spent ||= this.#rows >= this.#limits.rows || this.#documents >= this.#limits.documents;
    return this.#spent;
  }

  rows(count: number): void {
    this.#rows += count;
  }

  /** Counts one document; gives whether the budget is spent. */
  document(): boolean {
    this.#documents++;
    return (this.#documents & 127) === 0 ? this.spent() : this.#documents >= this.#limits.documents;
  }
}
