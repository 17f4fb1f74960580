import type { SourceCounters } from '../collectors/collector-book.ts';
import { recoverCounters } from '../collectors/recover-counters.ts';
import { type AgencyId, type CollectorId, SYSTEM } from '../identity.ts';
import type { FrameHead } from '../ingest/schema.ts';
import type { Log } from '../log.ts';
import type { EventStore } from '../store/event-store.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { GapRecord } from './record.ts';
import type { Restored } from './restored.ts';

/** After a restore: compares where each collector goes on with where the restored store ends. */
export interface GapWatch {
  readonly restored: Restored;
  /**
   * Looks at a frame before it is stored. Resolves when what is missing before it is on record; undefined, as nearly
   * always, where its sources were looked at already.
   */
  look(collector: CollectorId, agency: AgencyId, head: FrameHead): Promise<void> | undefined;
}

export interface GapWatchOptions {
  readonly restored: Restored;
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly log: Log;
  readonly now: () => number;
}

const PAGE = 500;

type Baseline = Map<string, Map<string, number>>;

/** Opens the watch: call before the first frame is taken. */
export async function openGapWatch({ restored, events, records, log, now }: GapWatchOptions): Promise<GapWatch> {
  const view = records.as(SYSTEM);
  const pending = await baselineOf({ restored, events, records, log });
  const known = new Map<string, GapRecord>();
  for (const [collector, sources] of pending) {
    const record = (await view.get('gap', idOf(restored, collector)))?.document;
    if (!record) continue;
    known.set(collector, record);
    for (const { source } of record.sources) sources.delete(source);
  }

  return {
    restored,
    look(collector, agency, head) {
      const sources = pending.get(collector);
      if (!sources || sources.size === 0) return undefined;
      const found: GapRecord['sources'][number][] = [];
      const inFrame = eventsOfSources(head);
      for (const [index, { source, spooled }] of head.sources.entries()) {
        const stored = sources.get(source);
        if (stored === undefined) continue;
        sources.delete(source);
        const lost = Math.max(0, spooled - (inFrame.get(index) ?? 0) - stored);
        found.push({ source, events: lost, from: restored.since, to: head.spooledAt ?? new Date(now()).toISOString() });
      }
      if (found.length === 0) return undefined;
      const before = known.get(collector);
      const record: GapRecord = {
        agency,
        collector,
        reason: 'restore',
        at: new Date(now()).toISOString(),
        sources: [...(before?.sources ?? []), ...found],
      };
      known.set(collector, record);
      const lost = found.reduce((sum, { events: count }) => sum + count, 0);
      if (lost > 0)
        log.error(
          { collector, events: lost, sources: found },
          'A collector cannot send again all that the restored store lacks.',
        );
      return write(records, idOf(restored, collector), () => known.get(collector) ?? record);
    },
  };
}

/**
 * By collector: events that each source had spooled when its last frame in the restored store was cut. Kept from the first
 * start on: what collectors report later is ahead of the store.
 */
async function baselineOf({ restored, events, records, log }: Omit<GapWatchOptions, 'now'>): Promise<Baseline> {
  const view = records.as(SYSTEM);
  const id = `restore-${restored.id}`;
  const kept = (await view.get('setting', id))?.document.value as [string, [string, number][]][] | undefined;
  if (kept) return new Map(kept.map(([collector, sources]) => [collector, new Map(sources)]));
  const baseline: Baseline = new Map();
  const expect = (collector: string, sources: readonly SourceCounters[], keepKnown: boolean) => {
    const entry = baseline.get(collector) ?? new Map<string, number>();
    baseline.set(collector, entry);
    for (const { source, spooled } of sources) {
      if (keepKnown && entry.has(source)) continue;
      entry.set(source, Math.max(entry.get(source) ?? 0, spooled));
    }
  };
  // The frames know best; a source that none of the last ones names was quiet, and its record is as good.
  await recoverCounters(events, { claim: (collector, sources) => expect(collector, sources, false) }, log);
  for (let after: string | undefined; ; ) {
    const page = await view.find('collector', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { id: collector, document } of page.records) expect(collector, document.counters, true);
    if (page.next === null) break;
    after = page.next;
  }
  await view.create('setting', id, { value: [...baseline].map(([collector, sources]) => [collector, [...sources]]) });
  return baseline;
}

function idOf({ id }: Restored, collector: string): string {
  return `${id}-${collector}`;
}

function eventsOfSources({ runs }: FrameHead): Map<number, number> {
  const events = new Map<number, number>();
  for (const [source, count] of runs ?? []) events.set(source, (events.get(source) ?? 0) + count);
  return events;
}

/** Frames of one collector may write at the same time: the last one writes all that is known. */
async function write(records: RecordStore, id: string, record: () => GapRecord): Promise<void> {
  const view = records.as(SYSTEM);
  for (let attempt = 1; ; attempt++) {
    try {
      const present = await view.get('gap', id);
      if (present) await view.replace('gap', id, record(), present.version);
      else await view.create('gap', id, record());
      return;
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}
