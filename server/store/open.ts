import { join } from 'node:path';
import type { ServerConfig } from '../config.ts';
import { openEmbeddedStore } from './embedded/open.ts';
import type { StoreLog } from './embedded/worker-client.ts';
import type { EventStore } from './event-store.ts';
import type { OpenSearchStoreOptions } from './opensearch/open.ts';
import type { RecordStore } from './record-store.ts';

/** What a server that shares its store with others adds; without meaning for the embedded store. */
export type SharedUse = Pick<OpenSearchStoreOptions, 'fence' | 'claim' | 'areMade'> & { readonly node?: string };

/** Opens the store that the configuration chooses: the OpenSearch cluster it names, else the one in the data folder. */
export async function openStore(
  config: Pick<ServerConfig, 'data' | 'openSearchUrl' | 'openSearch'>,
  log: StoreLog,
  sharing: SharedUse = {},
): Promise<{ readonly events: EventStore; readonly records: RecordStore }> {
  if (config.openSearchUrl === undefined) return openEmbeddedStore({ folder: join(config.data, 'store'), log });
  // Loaded only where it is used: most starts have no cluster.
  const [{ openOpenSearchStore }, { hotNodes }] = await Promise.all([
    import('./opensearch/open.ts'),
    import('./opensearch/tiers.ts'),
  ]);
  const { shards, replicas, upkeep, ...connection } = config.openSearch;
  return openOpenSearchStore({
    url: config.openSearchUrl,
    ...connection,
    ...sharing,
    log,
    events: { shards, replicas, settings: hotNodes(upkeep.tiers.attribute) },
    others: { shards: 1, replicas },
  });
}
