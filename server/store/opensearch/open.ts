import type { EventStore } from '../event-store.ts';
import type { RecordStore } from '../record-store.ts';
import { openAppending } from './appending.ts';
import { Cluster, type StoreLog } from './cluster.ts';
import type { ClusterAddress } from './connection.ts';
import { Counters } from './counters.ts';
import { detectionCursor } from './detection.ts';
import { OpenSearchEvents } from './events.ts';
import { Fresh } from './fresh.ts';
import { type IndexShape, indexNames, makeIndexes } from './indexes.ts';
import { RecordShelf } from './record-shelf.ts';
import { OpenSearchRecords } from './records.ts';
import { SEARCH_LIMITS, type SearchLimits } from './search.ts';

/** How a store on OpenSearch is opened; all but address and log have defaults. */
export interface OpenSearchStoreOptions extends ClusterAddress {
  /** A pino logger, or anything like it. */
  readonly log: StoreLog;
  /** What the names of all its indexes begin with, `[a-z0-9-]`; default `haidang`. */
  readonly prefix?: string;
  /** This server's name among those that share the cluster, `[a-z0-9-]{1,64}`; default `main`. */
  readonly node?: string;
  /** The server's clock, milliseconds. */
  readonly now?: () => number;
  /** Event-id days further back than this are refused with `HD_BATCH_DAY`; default 8. */
  readonly maxPastDays?: number;
  /** And further ahead than this; default 2. */
  readonly maxFutureDays?: number;
  /** Shards and copies of a day's events; default 1 and 0. */
  readonly events?: IndexShape;
  /** The same for everything else. */
  readonly others?: IndexShape;
  /** A search sees what this server wrote at least this long ago, milliseconds; default 0, so everything. */
  readonly refreshEveryMs?: number;
  /** Asked before detection's writes; rejects where another server has taken this one's work over. */
  readonly fence?: () => Promise<void>;
  /** Awaited before this server's batches are looked at: here it makes sure that no other works under its name. */
  readonly claim?: (records: RecordStore) => Promise<void>;
  /** Another server made the indexes, as where this one takes its work over: asking again takes seconds of a busy cluster. */
  readonly areMade?: boolean;
  /** What one search may cost. */
  readonly limits?: Partial<SearchLimits>;
}

const ONE_SHARD: IndexShape = { shards: 1, replicas: 0 };

/** Opens, or makes, the store in a cluster. @throws HaidangError `HD_STORE_DOWN` where the cluster does not answer. */
export async function openOpenSearchStore(
  options: OpenSearchStoreOptions,
): Promise<{ readonly events: EventStore; readonly records: RecordStore }> {
  const { url, caFile, user, passwordFile, log, prefix = 'haidang', node = 'main' } = options;
  if (!/^[a-z0-9][a-z0-9-]{0,100}$/.test(prefix)) throw new Error(`"${prefix}" cannot begin the name of an index.`);
  if (!/^[a-z0-9-]{1,64}$/.test(node)) throw new Error(`"${node}" is no name for a server: use a-z, 0-9 and "-".`);
  const address = { url, caFile, user, passwordFile };
  const cluster = new Cluster(address, log);
  try {
    const names = indexNames(prefix);
    if (!options.areMade)
      await makeIndexes(cluster, names, { events: options.events ?? ONE_SHARD, others: options.others ?? ONE_SHARD });
    const counters = new Counters(cluster, names.counters);
    const fresh = new Fresh(cluster, options.refreshEveryMs ?? 0, names.events);
    // What was written before this start may not show yet either, and nobody here has noted it.
    fresh.changed([names.events, names.batches, names.deadLetters, names.records, names.signals]);
    const shelf = new RecordShelf(cluster, names, counters, fresh);
    await shelf.recover();
    const detection = { cluster, names, counters, fresh, records: shelf, node, fence: options.fence };
    const records = new OpenSearchRecords(detection);
    await options.claim?.(records);
    const appender = await openAppending({
      address,
      names,
      node,
      log,
      now: options.now ?? Date.now,
      limits: { past: options.maxPastDays ?? 8, future: options.maxFutureDays ?? 2 },
      // What detection has seen was numbered: those numbers are not given again.
      floor: await detectionCursor(detection),
      changed: () => fresh.changed([names.events, names.deadLetters, names.batches]),
    });
    const limits = { ...SEARCH_LIMITS, ...options.limits };
    const events = new OpenSearchEvents({ cluster, names, node, counters, appender, fresh, limits });
    return closeTogether(events, records, cluster);
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** Both share one connection, which ends with the second of them. */
function closeTogether(events: OpenSearchEvents, records: OpenSearchRecords, cluster: Cluster) {
  const open = new Set<object>([events, records]);
  for (const store of [events, records]) {
    const close = store.close.bind(store);
    store.close = async () => {
      await close();
      if (open.delete(store) && open.size === 0) await cluster.close();
    };
  }
  return { events, records };
}
