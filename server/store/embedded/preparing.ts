import type { PreparedBatch } from './batch-preparer.ts';
import type { WrittenBatch } from './day-writer.ts';
import type { PreparerSetup } from './preparer.ts';
import { type StoreLog, WorkerClient } from './worker-client.ts';
import type { AppendCall } from './writer.ts';

/** A batch that waits to be written. */
export interface Waiting {
  readonly batch: PreparedBatch;
  resolve(written: WrittenBatch): void;
  reject(error: unknown): void;
}

/** What was written, and the batch's bytes, which were with the preparer meanwhile. */
export type Written = WrittenBatch & Pick<PreparedBatch, 'body'>;

interface Given {
  readonly call: AppendCall;
  resolve(written: Written): void;
  reject(error: unknown): void;
}

/** Batches that share one transaction, and so one sync to disk, where they wait anyway. */
const GROUP = 16;
/** Bytes of words in one transaction, about. */
const GROUP_BYTES = 12 * 1024 * 1024;
/** Batches that are being prepared at a time: enough for a preparer that is never idle while one transaction is written. */
const UNDER_WAY = 8;
/** Bytes of words from which on no further batch is prepared. */
const READY_BYTES = 24 * 1024 * 1024;
/** Room for young objects in MiB: the texts of some batches. */
const YOUNG_MB = 24;

/**
 * Has batches prepared in a thread of its own while others are written, in the order in which they came. As many wait
 * for the writer as are still being prepared, before it is told: one half is written while the other is prepared.
 */
export class Preparing {
  readonly #thread: WorkerClient;
  readonly #isReady: () => void;
  #given: Given[] = [];
  #ready: Waiting[] = [];
  #readyBytes = 0;

  /** `isReady` is called when batches are to be taken, perhaps more than once. */
  constructor(setup: PreparerSetup, isReady: () => void, log: StoreLog) {
    const file = new URL('./preparer.ts', import.meta.url);
    this.#thread = new WorkerClient(file, 'event preparer', () => setup, log, YOUNG_MB);
    this.#isReady = isReady;
  }

  /** Nothing is being prepared, nor waits for anything. */
  get isIdle(): boolean {
    return this.#ready.length === 0 && this.#given.length === 0 && this.#thread.pending === 0;
  }

  /** @throws HaidangError why the batch cannot be stored */
  add(call: AppendCall): Promise<Written> {
    return new Promise((resolve, reject) => {
      this.#given.push({ call, resolve, reject });
      this.#feed();
    });
  }

  /** Batches of one day that are to be written together; none where there is nothing to write yet. */
  take(): Waiting[] {
    if (!this.#isEnough) return [];
    const day = this.#ready[0]?.batch.header.day;
    let bytes = 0;
    let count = 0;
    for (const { batch } of this.#ready) {
      if (count === GROUP || batch.header.day !== day || (count > 0 && bytes >= GROUP_BYTES)) break;
      bytes += batch.words.length;
      count++;
    }
    this.#readyBytes -= bytes;
    const group = this.#ready.splice(0, count);
    this.#feed();
    return group;
  }

  /** Ends the thread; everything was written before. */
  close(): Promise<void> {
    return this.#thread.close();
  }

  get #isEnough(): boolean {
    const ready = this.#ready.length;
    if (ready === 0) return false;
    return ready >= GROUP / 2 || this.#readyBytes >= GROUP_BYTES || ready >= this.#thread.pending + this.#given.length;
  }

  #feed(): void {
    while (this.#given.length > 0 && this.#thread.pending < UNDER_WAY && this.#readyBytes < READY_BYTES) {
      void this.#prepare(this.#given.shift() as Given);
    }
  }

  async #prepare({ call, resolve, reject }: Given): Promise<void> {
    try {
      const batch = await this.#thread.call<PreparedBatch>('prepare', call, moved(call.body));
      this.#ready.push({ batch, resolve: (written) => resolve({ ...written, body: batch.body }), reject });
      this.#readyBytes += batch.words.length;
    } catch (error) {
      reject(error);
    }
    this.#feed();
    if (this.#isEnough) this.#isReady();
  }
}

/** A body that is a buffer of its own moves between threads, others are copied. */
function moved({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer.byteLength === byteLength ? [buffer as ArrayBuffer] : [];
}
