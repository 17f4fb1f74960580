import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { AgencyRecord } from './record.ts';

/** Agencies by id, kept for a few seconds: every alert row shows its agency's name. */
export interface AgencyBook {
  all(): Promise<ReadonlyMap<string, AgencyRecord>>;
  /** Has them read anew at the next question. */
  forget(): void;
  /** To be called after a change: what is kept is forgotten, and those who wait for changes are told. */
  changed(): void;
  /** Calls back after each change made here; other servers on the store see it some seconds later. */
  onChange(listener: () => void): void;
}

const KEPT_MS = 5_000;

/** An agency book over the record store; `now` in milliseconds. */
export function openAgencyBook(records: RecordStore, now: () => number = Date.now): AgencyBook {
  const view = records.as(SYSTEM);
  const listeners: (() => void)[] = [];
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
    changed() {
      kept = undefined;
      for (const listener of listeners) listener();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
