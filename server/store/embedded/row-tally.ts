import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Is told the two arguments of `tally(ts, id)` for each row of a statement. */
export type TakeRow = (ts: number, id: number) => void;

const takers = new WeakMap<DatabaseSync, { take: TakeRow }>();
const nobody: TakeRow = () => {};

/**
 * Prepares a `SELECT tally(ts, …)` statement, and while `work` runs it, hands each row to `take`. An aggregate of our own
 * takes half the time of `GROUP BY`, which sorts, and a quarter of that of rows handed out one by one.
 */
export function withTally<Result>(
  db: DatabaseSync,
  sql: string,
  take: TakeRow,
  work: (rows: StatementSync) => Result,
): Result {
  const taker = takerOf(db);
  const rows = db.prepare(sql);
  taker.take = take;
  try {
    return work(rows);
  } finally {
    taker.take = nobody;
  }
}

function takerOf(db: DatabaseSync): { take: TakeRow } {
  const known = takers.get(db);
  if (known) return known;
  const taker = { take: nobody };
  db.aggregate('tally', {
    start: 0,
    step: (sum, ts, id) => {
      taker.take(ts as number, id as number);
      return sum;
    },
  });
  takers.set(db, taker);
  return taker;
}
