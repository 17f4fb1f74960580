import { WorkerClient } from '../embedded/worker-client.ts';
import type { AppendResult, IncomingBatch } from '../event-store.ts';
import type { AppendAnswer, AppendCall, AppendThreadData } from './append-thread.ts';
import type { StoreLog } from './cluster.ts';

/** Writes batches of this server, whose numbers it gives. */
export interface Appending {
  /** Highest number of a batch that is written to its end. */
  readonly lastSequence: number;
  append(batch: IncomingBatch): Promise<AppendResult>;
  /** Numbers up to `floor` were given out elsewhere; gives the last one. */
  raiseFloor(floor: number): Promise<number>;
  close(): Promise<void>;
}

/** What the thread that appends is started with, and what the main thread adds. */
export interface AppendingSetup extends AppendThreadData {
  readonly log: StoreLog;
  readonly now: () => number;
  /** Called after each try to write. */
  readonly changed: () => void;
}

/** A group's documents live until they are written. */
const YOUNG_MB = 64;

/** Starts the thread that opens frames and writes them; gives it when what was begun before a crash is ended. */
export async function openAppending(setup: AppendingSetup): Promise<Appending> {
  const { log, now, changed, floor, ...rest } = setup;
  let last = floor;
  const file = new URL('./append-thread.ts', import.meta.url);
  // Started again after a death, it gives no number again that was answered.
  const thread = new WorkerClient(
    file,
    'append',
    () => ({ ...rest, floor: last }) satisfies AppendThreadData,
    log,
    YOUNG_MB,
  );
  try {
    last = Math.max(last, await thread.call<number>('open', undefined));
  } catch (error) {
    await thread.close().catch(() => {});
    throw error;
  }
  return {
    get lastSequence() {
      return last;
    },
    async append(batch) {
      try {
        const answer = await thread.call<AppendAnswer>('append', { batch, now: now() } satisfies AppendCall);
        last = Math.max(last, answer.last);
        const { stored, duplicates, deadLettered, appended } = answer;
        const { agency, collector, receivedAt, body } = batch;
        return {
          stored,
          duplicates,
          deadLettered,
          appended: appended && { ...appended, agency, collector, receivedAt, body },
        };
      } finally {
        changed();
      }
    },
    async raiseFloor(to) {
      last = Math.max(last, await thread.call<number>('raiseFloor', to));
      return last;
    },
    close: () => thread.close(),
  };
}
