import { mkdirSync } from 'node:fs';
import type { EventStore } from '../event-store.ts';
import type { RecordStore } from '../record-store.ts';
import { makeFolders } from './day-files.ts';
import { EmbeddedEvents, type FreeBytes, freeBytesOf } from './events.ts';
import { SEARCH_LIMITS, type SearchLimits } from './read-calls.ts';
import { EmbeddedRecords } from './records.ts';
import type { StoreLog } from './worker-client.ts';

/** How an embedded store is opened; all but folder and log have defaults. */
export interface EmbeddedStoreOptions {
  /** Holds `ops.db` and `events/`; made where it is not there. */
  readonly folder: string;
  /** A pino logger, or anything like it. */
  readonly log: StoreLog;
  /** The server's clock, milliseconds. */
  readonly now?: () => number;
  /** Event-id days further back than this are refused with `HD_BATCH_DAY`; default 8. */
  readonly maxPastDays?: number;
  /** And further ahead than this; default 2. */
  readonly maxFutureDays?: number;
  /** Bytes kept back in a file for triage on a full disk; default 16 MiB, 0 for none. */
  readonly reserveBytes?: number;
  /** No event is appended while fewer bytes are free than this; default 64 MiB. */
  readonly keepFreeBytes?: number;
  /** Free bytes of the file system; asked at most twice a second. */
  readonly freeBytes?: FreeBytes;
  /** What one search may cost. */
  readonly limits?: Partial<SearchLimits>;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Opens, or makes, the embedded store. One process at a time may hold it; readers beside it (a count by hand) do no
 * harm.
 */
export async function openEmbeddedStore(
  options: EmbeddedStoreOptions,
): Promise<{ readonly events: EventStore; readonly records: RecordStore }> {
  const { folder, log } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  makeFolders(folder);
  const records = new EmbeddedRecords({ folder, reserveBytes: options.reserveBytes ?? 16 * MEBIBYTE }, log);
  const events = new EmbeddedEvents({
    folder,
    log,
    now: options.now ?? Date.now,
    maxPastDays: options.maxPastDays ?? 8,
    maxFutureDays: options.maxFutureDays ?? 2,
    freeBytes: options.freeBytes ?? freeBytesOf,
    keepFreeBytes: options.keepFreeBytes ?? 64 * MEBIBYTE,
    limits: { ...SEARCH_LIMITS, ...options.limits },
  });
  try {
    // What detection has seen was numbered, even where the day file that held it is gone: those numbers are not given again.
    await events.raiseFloor(await records.detectionCursor());
    return { events, records };
  } catch (error) {
    await Promise.allSettled([events.close(), records.close()]);
    throw error;
  }
}
