import type { SearchStop } from '../event-store.ts';
import { type SearchLimits, STOP_AT, type Stop } from './read-calls.ts';

/** Thrown inside a reader when nobody waits for the answer any more. */
export class Stopped extends Error {}

/** Where a question has come to, 0 to 1. */
export type Done = () => number;

/** What a question has used up of what it may. */
export class Budget {
  /** The limit that was reached. */
  stopped: SearchStop | undefined;
  readonly #limits: SearchLimits;
  readonly #stop: Stop;
  readonly #until: number;
  #rows = 0;
  #documents = 0;
  #done: Done = () => 0;

  constructor(limits: SearchLimits, stop: Stop) {
    this.#limits = limits;
    this.#stop = stop;
    this.#until = performance.now() + limits.milliseconds;
  }

  /** How the part of the range that is done is told to who waits. */
  watch(done: Done): void {
    this.#done = done;
  }

  /** Whether a limit was reached; the clock and the caller's stop are looked at here. @throws Stopped */
  spent(): boolean {
    if (this.#stop) this.#tell(this.#stop);
    this.stopped ??=
      this.#documents >= this.#limits.documents
        ? 'documents'
        : this.#rows >= this.#limits.rows
          ? 'rows'
          : performance.now() > this.#until
            ? 'time'
            : undefined;
    return this.stopped !== undefined;
  }

  rows(count: number): void {
    this.#rows += count;
  }

  /** Counts one document; gives whether the budget is spent. */
  document(): boolean {
    this.#documents++;
    return (this.#documents & 127) === 0 || this.#documents >= this.#limits.documents ? this.spent() : false;
  }

  #tell(stop: Int32Array): void {
    if (Atomics.load(stop, STOP_AT.stop) === 1) throw new Stopped('Nobody waits for this answer any more.');
    Atomics.store(stop, STOP_AT.done, Math.round(1_000 * Math.min(1, Math.max(0, this.#done()))));
    Atomics.store(stop, STOP_AT.rows, Math.min(this.#rows, 2 ** 31 - 1));
    Atomics.store(stop, STOP_AT.documents, this.#documents);
  }
}
