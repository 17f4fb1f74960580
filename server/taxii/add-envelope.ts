import { randomUUID } from 'node:crypto';
import { addObject, lastAdded } from './change-objects.ts';
import type { EnvelopeObject } from './envelope.ts';
import type { Statements } from './statements.ts';
import { readStixObject } from './stix-object.ts';
import { writeTimestamp } from './timestamp.ts';

/** How an object of a request fared (TAXII 2.1 §4.3.1). */
export interface StatusDetails {
  readonly id: string;
  readonly version: string;
  readonly message?: string;
}

/** A status resource (TAXII 2.1 §4.3.1); lists that would be empty are left out (§2). */
export interface Status {
  readonly id: string;
  readonly status: 'complete' | 'pending';
  readonly request_timestamp: string;
  readonly total_count: number;
  readonly success_count: number;
  readonly successes?: readonly StatusDetails[];
  readonly failure_count: number;
  readonly failures?: readonly StatusDetails[];
  readonly pending_count: number;
  readonly pendings?: readonly StatusDetails[];
}

/** Where an envelope goes. */
export interface Destination {
  readonly root: string;
  readonly collection: number;
  readonly space: number;
  readonly account: number;
}

const DAY_MS = 86_400_000;
/** The specification asks for a day (TAXII 2.1 §4.3). */
const STATUS_DAYS = 7;
const PRUNED_AT_ONCE = 200;

/**
 * Adds the objects of an envelope, and keeps the status of the request; within a transaction. Each object has a time of
 * its own, a microsecond after the one before, so that paging by time loses nothing between two of them. `specs`: specification
 * versions of what was new.
 */
export function addEnvelope(
  db: Statements,
  to: Destination,
  objects: readonly EnvelopeObject[],
  nowMs: number,
): { readonly status: Status; readonly specs: ReadonlySet<number> } {
  const specs = new Set<number>();
  const now = nowMs * 1000;
  const last = lastAdded(db, to.collection);
  // The last one is added now; a clock that was turned back must not put it before what others have read already.
  let added = Math.max(now - objects.length + 1, last === undefined ? 0 : last + 1);
  const successes: StatusDetails[] = [];
  const failures: StatusDetails[] = [];
  for (const { text, value } of objects) {
    const facts = readStixObject(value, Buffer.byteLength(text));
    if ('message' in facts) {
      failures.push(facts);
      continue;
    }
    const { collection, space, account } = to;
    const done = addObject(db, { collection, space, owner: account, facts, text, added });
    const { id } = facts;
    const { version } = done;
    if (done.outcome === 'refused') failures.push({ id, version, message: done.reason });
    else if (done.differs)
      successes.push({ id, version, message: 'This version was there already and stays as it was.' });
    else successes.push({ id, version });
    if (done.outcome !== 'added') continue;
    specs.add(facts.spec);
    added++;
  }
  const status: Status = {
    id: randomUUID(),
    status: 'complete',
    request_timestamp: writeTimestamp(now),
    total_count: objects.length,
    success_count: successes.length,
    ...(successes.length > 0 ? { successes } : {}),
    failure_count: failures.length,
    ...(failures.length > 0 ? { failures } : {}),
    pending_count: 0,
  };
  keepStatus(db, { root: to.root, account: to.account, at: nowMs, status });
  db.of('DELETE FROM status WHERE rowid IN (SELECT rowid FROM status WHERE at < ? ORDER BY at LIMIT ?)').run(
    nowMs - STATUS_DAYS * DAY_MS,
    PRUNED_AT_ONCE,
  );
  return { status, specs };
}

/** Keeps a status resource; `account` 0 lets every account see it. */
export function keepStatus(
  db: Statements,
  { root, account, at, status }: { root: string; account: number; at: number; status: { readonly id: string } },
): void {
  db.of('INSERT OR REPLACE INTO status (id, root, account, at, document) VALUES (?, ?, ?, ?, ?)').run(
    ...[status.id, root, account, at, JSON.stringify(status)],
  );
}

/** The text of a status resource that an account may see. */
export function readStatus(db: Statements, root: string, id: string, account: number): string | undefined {
  const row = db
    .of('SELECT document FROM status WHERE root = ? AND id = ? AND account IN (0, ?)')
    .get(root, id, account);
  return row && String(row['document']);
}
