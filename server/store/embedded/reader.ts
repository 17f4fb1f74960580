import { workerData } from 'node:worker_threads';
import { HaidangError } from '../../errors.ts';
import type { DeadLetterRecord } from '../../ingest/record.ts';
import type {
  EventPage,
  FieldList,
  FieldsQuery,
  Histogram,
  StackedHistogram,
  StackedQuery,
  StoredBatch,
  StoredCount,
  StoredDay,
  StoredEvent,
  TopQuery,
  TopValues,
} from '../event-store.ts';
import { count, histogram } from './aggregate.ts';
import { Stopped } from './budget.ts';
import { bytesOfDay, listDamaged, listDays } from './day-files.ts';
import { DayReader } from './day-reader.ts';
import { failureOf } from './layout.ts';
import { deadLetters, getMany, readFrom } from './lookup.ts';
import type { CountCall, HistogramCall, Scope, SearchCall, ValuesCall } from './read-calls.ts';
import { Auditor } from './recount.ts';
import { search } from './search.ts';
import { fields, stackedHistogram, topValues } from './values.ts';
import { notify, serve } from './worker-server.ts';

const { folder } = workerData as { readonly folder: string };

/** Day files kept open between questions. */
const OPEN_DAYS = 64;

const open = new Map<string, DayReader>();
const auditor = new Auditor();
/** Days that cannot be read, by what the file system says of their file: looked at again when the file is another. */
const damaged = new Set<string>();

function openDay(day: string): DayReader | undefined {
  const known = open.get(day);
  if (known?.isCurrent(folder)) return known;
  if (known) {
    open.delete(day);
    known.close();
  }
  const reader = openReadable(day);
  if (!reader) return undefined;
  open.set(day, reader);
  return reader;
}

function closeSpare(): void {
  // A deleted day gives its space back only when nobody holds its file any more.
  for (const [day, reader] of open) {
    if (reader.isCurrent(folder)) continue;
    open.delete(day);
    reader.close();
  }
  for (const [oldest, reader] of open) {
    if (open.size <= OPEN_DAYS) break;
    open.delete(oldest);
    reader.close();
  }
}

function openReadable(day: string): DayReader | undefined {
  try {
    const reader = DayReader.open(folder, day);
    damaged.delete(day);
    return reader;
  } catch (error) {
    markDamaged(day, error);
    return undefined;
  }
}

function markDamaged(day: string, error: unknown): void {
  if (damaged.has(day)) return;
  damaged.add(day);
  const reason = error instanceof Error ? error.message : String(error);
  notify('error', 'A day file cannot be read; the other days go on without it.', { day, reason });
}

/**
 * Asks a question of all days, each within one read transaction, so that it sees one moment of each. A day that turns
 * out damaged is left out and the question asked again.
 */
function overDays<Answer>(question: (readers: readonly DayReader[]) => Answer, only?: ReadonlySet<string>): Answer {
  const left = new Set<string>();
  for (;;) {
    const asked = listDays(folder).filter((day) => !left.has(day) && (!only || only.has(day)));
    const readers = asked.flatMap((day) => openDay(day) ?? []);
    let failed: unknown;
    try {
      for (const reader of readers) reader.db.exec('BEGIN');
      return question(readers);
    } catch (error) {
      if (failureOf(error) !== 'damaged') throw error;
      failed = error;
    } finally {
      for (const reader of readers) endTransaction(reader);
      closeSpare();
    }
    const bad = readers.filter((reader) => !isReadable(reader));
    if (bad.length === 0) throw failed;
    for (const reader of bad) {
      left.add(reader.day);
      markDamaged(reader.day, failed);
    }
  }
}

function endTransaction(reader: DayReader): void {
  if (reader.db.isOpen && reader.db.isTransaction) reader.db.exec('COMMIT');
}

/** A look at every page: slow, and only after SQLite has found damage somewhere. */
function isReadable(reader: DayReader): boolean {
  try {
    return reader.db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok';
  } catch {
    return false;
  }
}

function days(): StoredDay[] {
  const whole = listDays(folder).map((day): StoredDay => {
    const bytes = bytesOfDay(folder, day);
    const reader = openDay(day);
    if (!reader) return { day, events: 0, bytes, ...(damaged.has(day) ? { state: 'damaged' as const } : {}) };
    try {
      const row = reader.statement('SELECT coalesce(sum(last_sequence - first_sequence + 1), 0) AS n FROM batch').get();
      const state = damaged.has(day) ? { state: 'damaged' as const } : {};
      return { day, events: Number(row?.['n']), bytes, ...state };
    } catch (error) {
      markDamaged(day, error);
      return { day, events: 0, bytes, state: 'damaged' };
    }
  });
  const aside = listDamaged(folder).map(({ day, bytes }): StoredDay => ({ day, events: 0, bytes, state: 'damaged' }));
  return [...whole, ...aside].sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** An answer nobody waits for is no failure of the store. */
function stoppable<Answer>(ask: () => Answer): Answer {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Stopped) throw new HaidangError('HD_BAD_REQUEST', error.message, { cause: error });
    throw error;
  }
}

serve({
  search: (call: SearchCall): EventPage => stoppable(() => overDays((readers) => search(readers, call))),
  count: (call: CountCall) => stoppable(() => overDays((readers) => count(readers, call))),
  histogram: (call: HistogramCall): Histogram => stoppable(() => overDays((readers) => histogram(readers, call))),
  topValues: (call: ValuesCall<TopQuery>): TopValues =>
    stoppable(() => overDays((readers) => topValues(readers, call))),
  stackedHistogram: (call: ValuesCall<StackedQuery>): StackedHistogram =>
    stoppable(() => overDays((readers) => stackedHistogram(readers, call))),
  fields: (call: ValuesCall<FieldsQuery>): FieldList => stoppable(() => overDays((readers) => fields(readers, call))),
  getMany: ({ ids, scope }: { ids: readonly string[]; scope: Scope }): StoredEvent[] =>
    overDays(
      (readers) => getMany((day) => readers.find((reader) => reader.day === day), ids, scope),
      new Set(ids.map((id) => id.slice(0, 8))),
    ),
  deadLetters: ({ limit, scope }: { limit: number; scope: Scope }): DeadLetterRecord[] =>
    overDays((readers) => deadLetters(readers, limit, scope)),
  readFrom: ({ sequence, limitBatches }: { sequence: number; limitBatches: number }): StoredBatch[] =>
    overDays((readers) => readFrom(readers, sequence, limitBatches)),
  recount: ({ evaluatedUpTo, full }: { evaluatedUpTo: number; full: boolean }): StoredCount[] =>
    overDays((readers) => auditor.recount(readers, evaluatedUpTo, full)),
  days,
  close: () => {
    for (const reader of open.values()) reader.close();
    open.clear();
  },
});
