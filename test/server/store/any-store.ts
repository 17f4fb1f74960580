import { basename, dirname } from 'node:path';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import type { ClusterAddress } from '../../../server/store/opensearch/connection.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import type { OpenStore } from './conformance.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** A cluster for the tests, and what the names of their indexes begin with. */
export interface TestCluster {
  readonly address: ClusterAddress;
  readonly prefix: string;
}

let cluster: TestCluster | undefined;

/** From now on the tests of this file have their stores on a cluster; without one, in their folders again. */
export function keepStoresIn(other: TestCluster | undefined): void {
  cluster = other;
}

/** Opens the store of a test: the one in a folder, or where tests were sent to a cluster, the one that the folder's parent names there. */
export async function openAnyStore(folder: string, now: () => number = Date.now): Promise<OpenStore> {
  if (!cluster) return openEmbeddedStore({ folder, log: quiet, now, reserveBytes: 0, keepFreeBytes: 0 });
  const { address, prefix } = cluster;
  // A machine that is busy with more than the tests must not end a search early.
  const limits = { milliseconds: 60_000 };
  return openOpenSearchStore({
    ...address,
    prefix: `${prefix}-${basename(dirname(folder))
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')}`,
    log: quiet,
    now,
    limits,
  });
}
