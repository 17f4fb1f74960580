import type { CollectorStatus, FrameSource } from '../../ecs/wire.ts';
import { type CollectorId, SYSTEM } from '../identity.ts';
import type { Log } from '../log.ts';
import type { CollectorRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';

/** Counters of one source, without the position, which is the collector's own affair. */
export type SourceCounters = Omit<FrameSource, 'position'>;

/** What collectors said of themselves lately; written to their records every few seconds, not with every batch. */
export interface CollectorBook {
  claim(collector: CollectorId, sources: readonly SourceCounters[]): void;
  seen(collector: CollectorId, at: string): void;
  report(collector: CollectorId, status: CollectorStatus): void;
  /** Counters since this server's start, by collector. */
  counters(): ReadonlyMap<string, readonly SourceCounters[]>;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

interface Page {
  readonly counters: Map<string, SourceCounters>;
  status: CollectorStatus | undefined;
  seenAt: string | undefined;
  changed: boolean;
}

/** The later of two counters of one source: they only rise, and batches may come again or out of order. */
export function laterCounters(a: SourceCounters | undefined, b: SourceCounters): SourceCounters {
  if (!a) return b;
  return b.read > a.read || (b.read === a.read && b.spooled >= a.spooled) ? b : a;
}

export interface BookOptions {
  readonly records: RecordStore;
  readonly log: Log;
  /** Most sources kept of one collector. */
  readonly maxSources: number;
  /** Milliseconds between writes; default 3,000. */
  readonly every?: number;
}

/** Opens the book. */
export function openCollectorBook(options: BookOptions): CollectorBook {
  const { records, log, maxSources } = options;
  const pages = new Map<CollectorId, Page>();
  let writing: Promise<void> = Promise.resolve();

  const page = (collector: CollectorId): Page => {
    const known = pages.get(collector);
    if (known) return known;
    const fresh: Page = { counters: new Map(), status: undefined, seenAt: undefined, changed: false };
    pages.set(collector, fresh);
    return fresh;
  };

  const writeChanged = async () => {
    for (const [collector, entry] of pages) {
      if (!entry.changed) continue;
      entry.changed = false;
      try {
        await write(records, collector, entry, maxSources);
      } catch (error) {
        entry.changed = true;
        log.warn({ err: error, collector }, 'The counters of a collector could not be written; they are tried again.');
      }
    }
  };
  const flush = () => {
    writing = writing.then(writeChanged);
    return writing;
  };
  const timer = setInterval(flush, options.every ?? 3_000);
  timer.unref();

  return {
    claim(collector, sources) {
      const entry = page(collector);
      for (const { source, read, spooled, dropped, unparsed } of sources) {
        const before = entry.counters.get(source);
        if (!before && entry.counters.size >= maxSources) continue;
        entry.counters.set(source, laterCounters(before, { source, read, spooled, dropped, unparsed }));
      }
      entry.changed = true;
    },
    seen(collector, at) {
      const entry = page(collector);
      entry.seenAt = at;
      entry.changed = true;
    },
    report(collector, status) {
      const entry = page(collector);
      entry.status = status;
      entry.changed = true;
    },
    counters: () => new Map([...pages].map(([id, entry]) => [id, [...entry.counters.values()]])),
    flush,
    async stop() {
      clearInterval(timer);
      await flush();
    },
  };
}

/** Compare-and-set with a few tries: enrolment and revocation write the same record. */
async function write(records: RecordStore, collector: CollectorId, entry: Page, maxSources: number): Promise<void> {
  const view = records.as(SYSTEM);
  for (let attempt = 1; ; attempt++) {
    const current = await view.get('collector', collector);
    if (!current) return;
    try {
      await view.replace('collector', collector, renewed(current.document, entry, maxSources), current.version);
      return;
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

function renewed(record: CollectorRecord, entry: Page, maxSources: number): CollectorRecord {
  const counters = new Map<string, SourceCounters>(record.counters.map((counter) => [counter.source, counter]));
  for (const counter of entry.counters.values()) {
    const before = counters.get(counter.source);
    if (before || counters.size < maxSources) counters.set(counter.source, laterCounters(before, counter));
  }
  return {
    ...record,
    counters: [...counters.values()],
    status: entry.status ?? record.status,
    lastSeenAt: entry.seenAt ?? record.lastSeenAt,
  };
}
