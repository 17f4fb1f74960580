import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { DaySource, EventStore } from '../store/event-store.ts';
import type { CollectorRecord } from '../store/record-kinds.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { DayVerdict } from './examine.ts';
import type { DeletedCount, DeletionRecord } from './record.ts';

/** What deleting works with. */
export interface Deleting {
  readonly events: Pick<EventStore, 'deleteDay' | 'days'>;
  readonly records: RecordStore;
  readonly now: () => number;
}

const MOST_TRIES = 10;
/** Deletions of one day: more than one where a backup brought it back. */
const MOST_OF_DAY = 1_000;

/**
 * Deletes one day and keeps the record of it, in steps of which each may be the last before a crash: the record, the
 * day, the collectors' counts. `finishDeletions` goes on from there.
 */
export async function deleteDay(
  deleting: Deleting,
  verdict: DayVerdict,
  sources: readonly DaySource[],
  by: string,
): Promise<Versioned<DeletionRecord>> {
  const { events, records, now } = deleting;
  const view = records.as(SYSTEM);
  const { records: earlier } = await view.find('deletion', { where: { day: [verdict.day] }, limit: MOST_OF_DAY });
  // Begun and broken off: part of the day may be gone, so that what was counted then is what counts.
  const begun =
    earlier.find(({ document }) => document.state === 'begun') ??
    (await view.create('deletion', `${verdict.day}-${earlier.length + 1}`, {
      day: verdict.day,
      state: 'begun',
      begunAt: new Date(now()).toISOString(),
      deletedAt: null,
      by,
      bytes: verdict.bytes,
      rules: verdict.rules,
      sources,
    }));
  await events.deleteDay(verdict.day);
  return finish(deleting, begun);
}

/**
 * Ends what a crash broke off after the day was gone, and takes back what was counted of days that are there again, as
 * after a restore. A day that was begun and is still there is left to the next run.
 */
export async function finishDeletions(deleting: Deleting): Promise<void> {
  const view = deleting.records.as(SYSTEM);
  const there = (await deleting.events.days()).filter(({ state }) => state !== 'damaged').map(({ day }) => day);
  const { records } = await view.find('deletion', { where: { state: ['begun', 'deleted'] }, limit: MOST_OF_DAY });
  for (const record of records) {
    if (record.document.state === 'deleted' || !there.includes(record.document.day)) await finish(deleting, record);
  }
  // No day this old takes events any more: what is there came from a backup, and its events count as stored again.
  const { records: returned } = await view.find('deletion', {
    where: { day: there, state: ['done', 'deleted'] },
    limit: MOST_OF_DAY,
  });
  for (const record of returned) {
    const negative = record.document.sources.map(({ stored, deadLettered, missing, ...rest }) => {
      return { ...rest, stored: -stored, deadLettered: -deadLettered, missing: -missing };
    });
    await countSources(deleting.records, negative, `${record.id} returned`);
    await view.replace('deletion', record.id, { ...record.document, state: 'returned' }, record.version);
  }
}

async function finish(
  { records, now }: Deleting,
  record: Versioned<DeletionRecord>,
): Promise<Versioned<DeletionRecord>> {
  const view = records.as(SYSTEM);
  const { document } = record;
  const gone =
    document.state === 'begun'
      ? await view.replace(
          'deletion',
          record.id,
          { ...document, state: 'deleted', deletedAt: new Date(now()).toISOString() },
          record.version,
        )
      : record;
  await countSources(records, document.sources, record.id);
  return view.replace('deletion', gone.id, { ...gone.document, state: 'done' }, gone.version);
}

async function countSources(records: RecordStore, sources: DeletionRecord['sources'], deletion: string): Promise<void> {
  const byCollector = Map.groupBy(sources, ({ collector }) => collector);
  for (const [collector, counts] of byCollector) await countDeleted(records, collector, deletion, counts);
}

/** Adds what was deleted to the collector's record, once; the ledger reads it there. */
async function countDeleted(
  records: RecordStore,
  collector: string,
  deletion: string,
  sources: readonly DeletedCount[],
): Promise<void> {
  const view = records.as(SYSTEM);
  for (let tries = 1; ; tries++) {
    const found = await view.get('collector', collector);
    if (!found || found.document.deleted?.last === deletion) return;
    const deleted = { last: deletion, sources: addCounts(found.document.deleted?.sources ?? [], sources) };
    const changed: CollectorRecord = { ...found.document, deleted };
    try {
      await view.replace('collector', collector, changed, found.version);
      return;
    } catch (error) {
      // Its counters are written every few seconds by the listener as well.
      const conflict = error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT';
      if (!conflict || tries === MOST_TRIES) throw error;
    }
  }
}

function addCounts(before: readonly DeletedCount[], more: readonly DeletedCount[]): DeletedCount[] {
  const sums = new Map<string, DeletedCount>();
  for (const { source, stored, deadLettered, missing } of [...before, ...more]) {
    const sum = sums.get(source) ?? { source, stored: 0, deadLettered: 0, missing: 0 };
    sums.set(source, {
      source,
      stored: sum.stored + stored,
      deadLettered: sum.deadLettered + deadLettered,
      missing: sum.missing + missing,
    });
  }
  return [...sums.values()];
}
