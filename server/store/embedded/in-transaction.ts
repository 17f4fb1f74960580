import type { DatabaseSync } from 'node:sqlite';

/** Does something in one transaction for writing: all of it is durable when this returns, or nothing was done. */
export function inTransaction<Result>(db: DatabaseSync, work: () => Result): Result {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have ended it already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
