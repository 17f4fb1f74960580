import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe } from 'vitest';
import type { EventStore } from '../../../server/store/event-store.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';
import { appendCases } from './conformance-append.ts';
import { differentialCases } from './conformance-differential.ts';
import { isolationCases } from './conformance-isolation.ts';
import { partCases } from './conformance-parts.ts';
import { recordCases } from './conformance-records.ts';
import { searchCases } from './conformance-search.ts';
import { valueCases } from './conformance-values.ts';

/** A store under test. */
export interface OpenStore {
  readonly events: EventStore;
  readonly records: RecordStore;
}

/** Opens the store kept in a folder (or named by it); opening it again finds what was stored. */
export type StoreFactory = (folder: string, now: () => number) => Promise<OpenStore>;

/** What each case works with. */
export interface Bench {
  readonly folder: string;
  store: OpenStore;
  /** The server's clock, to be set. */
  now: number;
  /** Closes the store and opens it again, as a restart does. */
  restart(): Promise<void>;
}

const ALL = [appendCases, searchCases, valueCases, isolationCases, partCases, recordCases, differentialCases];
/** What must not be lost, mixed up or shown to others, where all would take too long. */
export const CORE = [appendCases, isolationCases, partCases, recordCases];

/** What every store must do, or some of it, on a store of its own for each case. */
export function storeConformance(name: string, factory: StoreFactory, parts = ALL): void {
  describe(`${name} store`, () => {
    const bench: Bench = {
      folder: '',
      store: undefined as unknown as OpenStore,
      now: 0,
      restart: async () => {
        await bench.store.events.close();
        await bench.store.records.close();
        bench.store = await factory(bench.folder, () => bench.now);
      },
    };

    beforeEach(async () => {
      Object.assign(bench, { folder: await mkdtemp(join(tmpdir(), 'haidang-store-')), now: Date.UTC(2026, 10, 20, 9) });
      bench.store = await factory(bench.folder, () => bench.now);
    });

    afterEach(async () => {
      await bench.store.events.close();
      await bench.store.records.close();
      await rm(bench.folder, { recursive: true });
    });

    for (const cases of parts) cases(bench);
  });
}
