import type { DayReader } from './day-reader.ts';

/** Rows of a day counted by dictionary number, up to a sequence. */
export interface DayCounts {
  readonly counts: Map<number, number>;
  /** The first sequence that is not counted yet. */
  next: number;
}

/** Numbers kept over all days and questions of this thread: some 40 bytes each. */
const MOST_KEPT = 500_000;

const names = new WeakMap<DayReader, number>();
const kept = new Map<string, DayCounts>();
let readers = 0;

/**
 * What was counted of a day before, for the same column and SQL: rows are only ever added, with higher sequences, so that
 * only the new ones are to be counted. A file that was replaced has another reader, and begins anew.
 */
export function countsOf(reader: DayReader, column: string, sql: string): DayCounts {
  const name = names.get(reader) ?? ++readers;
  names.set(reader, name);
  const key = `${name} ${column} ${sql}`;
  const known = kept.get(key) ?? { counts: new Map<number, number>(), next: 0 };
  // The latest asked for stay longest.
  kept.delete(key);
  kept.set(key, known);
  return known;
}

/** Lets go of what was asked for longest ago, once too much is kept. */
export function forgetOldest(): void {
  let numbers = 0;
  for (const [key, { counts }] of [...kept].reverse()) {
    numbers += counts.size + 1;
    if (numbers > MOST_KEPT) kept.delete(key);
  }
}
