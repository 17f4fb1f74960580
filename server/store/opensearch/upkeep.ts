import type { Log } from '../../log.ts';
import { Cluster } from './cluster.ts';
import type { ClusterAddress } from './connection.ts';
import {
  ensureRepository,
  nightlyName,
  pruneSnapshots,
  type Snapshot,
  type SnapshotSettings,
  takeSnapshot,
} from './snapshots.ts';
import { settleDays, type TierSettings } from './tiers.ts';

/** What is done for the cluster every night, by one of the servers. */
export interface UpkeepSettings {
  /** `HH:MM` in the time zone. */
  readonly at: string;
  readonly tiers: TierSettings;
  /** Nothing where snapshots are made by somebody else. */
  readonly snapshots: SnapshotSettings | undefined;
}

/** What a night gave. */
export interface UpkeepReport {
  readonly settled: readonly string[];
  readonly snapshot: Snapshot | undefined;
  /** Names of snapshots that went. */
  readonly pruned: readonly string[];
}

/** The cluster's keeping. */
export interface Upkeep {
  /** Does what is due. `check` rejects where this server may not go on. */
  run(check: () => Promise<void>): Promise<UpkeepReport>;
  close(): Promise<void>;
}

export interface UpkeepOptions {
  readonly address: ClusterAddress;
  readonly prefix?: string;
  readonly settings: UpkeepSettings;
  readonly log: Log;
  readonly now?: () => number;
}

/** Opens the keeping of a cluster, with a connection of its own. */
export function openUpkeep({ address, prefix = 'haidang', settings, log, now = Date.now }: UpkeepOptions): Upkeep {
  const cluster = new Cluster(address, log);
  const stopping = new AbortController();
  return {
    async run(check) {
      const settled = await settleDays({ cluster, prefix }, settings.tiers, now(), check);
      if (settled.length > 0)
        log.info({ days: settled }, 'Days that take no events any more were merged and put away.');
      if (!settings.snapshots) return { settled, snapshot: undefined, pruned: [] };
      await check();
      await ensureRepository({ cluster, prefix }, settings.snapshots);
      const snapshot = await takeSnapshot({ cluster, prefix }, nightlyName(now()), stopping.signal);
      const { name, state, failures } = snapshot;
      if (state === 'SUCCESS') log.info({ snapshot: name, indexes: snapshot.indexes }, 'A snapshot is complete.');
      else log.error({ snapshot: name, state, failures }, 'A snapshot is not whole; the one before it stays.');
      await check();
      const pruned = await pruneSnapshots({ cluster, prefix }, settings.snapshots.keep);
      return { settled, snapshot, pruned };
    },
    async close() {
      stopping.abort();
      await cluster.close();
    },
  };
}
