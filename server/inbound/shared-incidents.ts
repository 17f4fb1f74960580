import { SYSTEM } from '../identity.ts';
import { stixId } from '../sharing/stix/ids.ts';
import type { RecordStore } from '../store/record-store.ts';

const PAGE = 500;

/** Finds which of our incidents others mean: they know them by the STIX ids under which they left. */
export interface SharedIncidents {
  /** The first of these ids that is an incident's, or the report's around one; undefined where none is. */
  find(ids: readonly string[]): Promise<string | undefined>;
}

/** Opens it; what left since the last question is read before each. */
export function openSharedIncidents({
  records,
  reporter,
}: {
  readonly records: RecordStore;
  /** Id of this center in what it shares. */
  readonly reporter: string;
}): SharedIncidents {
  const view = records.as(SYSTEM);
  const known = new Map<string, string>();
  let change = 0;
  return {
    async find(ids) {
      if (ids.length === 0) return undefined;
      for (let more = true; more; ) {
        const changed = await view.changesSince('sharing', change, PAGE);
        for (const { document, change: at } of changed) {
          const { incident } = document;
          for (const type of ['incident', 'report']) known.set(stixId(type, reporter, incident), incident);
          change = Math.max(change, at);
        }
        more = changed.length === PAGE;
      }
      const found = ids.find((id) => known.has(id));
      return found === undefined ? undefined : known.get(found);
    },
  };
}
