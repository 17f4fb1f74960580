import { workerData } from 'node:worker_threads';
import { HaidangError } from '../../errors.ts';
import type { DetectionCommit, RecordFilter, RecordKind } from '../record-store.ts';
import { inTransaction } from './in-transaction.ts';
import { failureOf } from './layout.ts';
import { commitDetection, detectionCursor, pruneSignals, readSignals, type SignalKey } from './ops-detection.ts';
import { type AnyRecord, OpsRecords, type Replacement } from './ops-records.ts';
import { openOps } from './ops-schema.ts';
import type { Scope } from './read-calls.ts';
import { Reserve } from './reserve.ts';
import { notify, serve } from './worker-server.ts';

/** What the thread of the records is started with. */
export interface OpsSetup {
  readonly folder: string;
  /** Bytes kept back for triage on a full disk; 0 for none. */
  readonly reserveBytes: number;
}

/** One of many records of a kind, and who asks. */
interface Asked {
  readonly kind: RecordKind;
  readonly scope: Scope;
}

const RESERVE_CHECK_MS = 60_000;

const setup = workerData as OpsSetup;
const db = openOps(setup.folder);
const records = new OpsRecords(db);
const reserve = new Reserve(setup.folder, setup.reserveBytes);

function write<Result>(change: () => Result): Result {
  try {
    return inTransaction(db, change);
  } catch (error) {
    if (failureOf(error) !== 'full') throw error;
    if (!reserve.release()) throw full(error);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    notify('warn', 'The disk is full: triage goes on in the space kept for it.', { bytes: setup.reserveBytes });
  }
  try {
    return inTransaction(db, change);
  } catch (error) {
    throw failureOf(error) === 'full' ? full(error) : error;
  }
}

function full(cause: unknown): HaidangError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HaidangError('HD_STORE_FULL', `The records cannot be written: ${reason}.`, { cause, retryAfter: 10 });
}

reserve.hold();
const reserveTimer = setInterval(() => {
  if (reserve.held) return;
  if (reserve.hold()) notify('info', 'The space kept for triage is held again.', { bytes: setup.reserveBytes });
}, RESERVE_CHECK_MS);

serve({
  get: ({ kind, id, scope }: Asked & { id: string }) => records.get(kind, id, scope),
  find: ({ kind, filter, scope }: Asked & { filter: RecordFilter }) => records.find(kind, filter, scope),
  count: ({ kind, where, scope }: Asked & { where: RecordFilter['where'] }) => records.count(kind, where, scope),
  changesSince: ({ kind, change, limit, scope }: Asked & { change: number; limit: number }) =>
    records.changesSince(kind, change, limit, scope),
  create: ({ kind, id, document, scope }: Asked & { id: string; document: AnyRecord['document'] }) =>
    write(() => records.create(kind, id, document, scope)),
  replaceMany: ({ kind, changes, scope }: Asked & { changes: readonly Replacement[] }) =>
    write(() => changes.map((change) => records.replace(kind, change, scope))),
  remove: ({ kind, id, scope }: Asked & { id: string }) => write(() => records.remove(kind, id, scope)),
  commitDetection: (commit: DetectionCommit) => ({ changed: write(() => commitDetection(records, commit)) }),
  detectionCursor: () => detectionCursor(records),
  readSignals: ({ rule, group, from, to }: { rule: string; group: string; from: number; to: number }) =>
    readSignals(records, rule, group, from, to),
  pruneSignals: (piece: { after: SignalKey | null; upTo: number; beforeSecond: number }) =>
    write(() => pruneSignals(records, piece)),
  lastChange: () => records.lastChange(),
  close: () => {
    clearInterval(reserveTimer);
    db.close();
  },
});
