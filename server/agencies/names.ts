import { SYSTEM } from '../identity.ts';
import type { AgencyRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';

/** Agencies by id, kept for a few seconds: every alert row shows its agency's name. */
export interface AgencyBook {
  all(): Promise<ReadonlyMap<string, AgencyRecord>>;
  /** To be called after a change. */
  forget(): void;
}

const KEPT_MS = 5_000;

/** An agency book over the record store; `now` in milliseconds. */
export function openAgencyBook(records: RecordStore, now: () => number = Date.now): AgencyBook {
  const view = records.as(SYSTEM);
  let kept: { readonly at: number; readonly agencies: Promise<ReadonlyMap<string, AgencyRecord>> } | undefined;

  async function load(): Promise<ReadonlyMap<string, AgencyRecord>> {
    const agencies = new Map<string, AgencyRecord>();
    let after: string | undefined;
    do {
      const page = await view.find('agency', { limit: 1000, ...(after === undefined ? {} : { after }) });
      for (const { id, document } of page.records) agencies.set(id, document);
      after = page.next ?? undefined;
    } while (after !== undefined);
    return agencies;
  }

  return {
    async all() {
      if (kept && now() - kept.at < KEPT_MS) return kept.agencies;
      const mine = { at: now(), agencies: load() };
      kept = mine;
      // A failed load must not be what the next five seconds see.
      mine.agencies.catch(() => {
        if (kept === mine) kept = undefined;
      });
      return mine.agencies;
    },
    forget() {
      kept = undefined;
    },
  };
}
