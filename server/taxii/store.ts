import type { Contained, Mark, ReportedPage, ReportedVersion } from '../national/read-reported.ts';
import { type StoreLog, WorkerClient } from '../store/embedded/worker-client.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogChange } from './change-catalog.ts';
import type { Loaded } from './load-data.ts';
import type { AddAnswer, AddCall, DeleteCall, LoadCall, PageAnswer, PageCall, ThreadSetup } from './thread-calls.ts';

/** Collections and their objects in a file of their own, worked on in two threads: one writes, one reads beside it. */
export interface TaxiiStore {
  catalog(): Promise<Catalog>;
  /** @throws HaidangError `HD_NOT_FOUND` where the call names an object that is not there */
  page(call: PageCall): Promise<PageAnswer>;
  /** Durable once it answers. @throws HaidangError `HD_TAXII_UNPROCESSABLE`, `HD_TOO_LARGE` */
  add(call: AddCall): Promise<AddAnswer>;
  /** @throws HaidangError `HD_NOT_FOUND`, `HD_FORBIDDEN` */
  delete(call: DeleteCall): Promise<number>;
  /** The text of a status resource; `null` where there is none that the account may see. */
  status(root: string, id: string, account: number): Promise<string | null>;
  /** What accounts added after a mark, as far as the board of the national role reads it. */
  reported(after: Mark | null): Promise<ReportedPage>;
  /** What reports of an account hold. */
  contained(call: {
    readonly collection: number;
    readonly account: number;
    readonly ids: readonly string[];
  }): Promise<readonly Contained[]>;
  /** The versions of an account's incident, the latest first. */
  versions(call: {
    readonly collection: number;
    readonly account: number;
    readonly id: string;
  }): Promise<readonly ReportedVersion[]>;
  /** @throws HaidangError `HD_RECORD_EXISTS`, `HD_NOT_FOUND` */
  change(change: CatalogChange): Promise<void>;
  /** @throws HaidangError `HD_BAD_REQUEST`, `HD_TOO_LARGE` */
  load(call: LoadCall): Promise<Loaded>;
  close(): Promise<void>;
}

/** Room for young objects of the thread that takes envelopes apart. */
const YOUNG_MB = 48;

/** Opens, or makes, the file. */
export async function openTaxiiStore(file: string, log: StoreLog): Promise<TaxiiStore> {
  const setup: ThreadSetup = { file };
  const writer = new WorkerClient(
    new URL('./writer-thread.ts', import.meta.url),
    'taxii writer',
    () => setup,
    log,
    YOUNG_MB,
  );
  try {
    // The writer makes the file: only then does the reader open it.
    await writer.call<Catalog>('catalog', undefined);
  } catch (error) {
    await writer.close().catch(() => {});
    throw error;
  }
  const reader = new WorkerClient(new URL('./reader-thread.ts', import.meta.url), 'taxii reader', () => setup, log);
  return {
    catalog: () => writer.call('catalog', undefined),
    page: (call) => reader.call('page', call),
    add: (call) => writer.call('add', call),
    delete: (call) => writer.call('delete', call),
    status: (root, id, account) => reader.call('status', { root, id, account }),
    reported: (after) => reader.call('reported', { after }),
    contained: (call) => reader.call('contained', call),
    versions: (call) => reader.call('versions', call),
    change: (change) => writer.call('change', change),
    load: (call) => writer.call('load', call),
    close: async () => {
      await reader.close();
      await writer.close();
    },
  };
}
