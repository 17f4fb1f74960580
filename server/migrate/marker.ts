import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';

/** How far a move has come; kept in the cluster that is filled. */
export interface Marker {
  readonly state: 'running' | 'done';
  /** Id of the store that it is filled from. */
  readonly source: string;
  /** All that the source numbered up to here is in the cluster. */
  readonly upTo: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** Id of the marker among the settings. */
export const MARKER = 'migration';

/** A server on a store that is moved to only in part would mix new events among old ones. @throws Error that says what to do */
export async function mustBeWhole(records: RecordStore): Promise<void> {
  const marker = (await records.as(SYSTEM).get('setting', MARKER))?.document.value as Marker | undefined;
  if (marker?.state === 'running')
    throw new Error(
      'A store is being moved to this cluster, and not all of it is there; run "haidang migrate --to opensearch" to its end first.',
    );
}
