import type { CompactedDay, DayContents, EventStore } from '../event-store.ts';
import type { DayCompaction, DayQuestion, DayRemoval } from './day-keeper-thread.ts';
import { type StoreLog, WorkerClient } from './worker-client.ts';

/** Milliseconds without a question after which the thread ends: retention works once a day. */
const IDLE_MS = 10_000;

/** Looks into whole days and deletes them, in a thread that lives as long as it has work. */
export class DayKeeper implements Pick<EventStore, 'dayContents' | 'deleteDay' | 'compactDay'> {
  readonly #start: () => WorkerClient;
  #thread: WorkerClient | undefined;
  #idle: NodeJS.Timeout | undefined;
  #busy = 0;

  constructor(folder: string, log: StoreLog) {
    const file = new URL('./day-keeper-thread.ts', import.meta.url);
    this.#start = () => new WorkerClient(file, 'day keeper', () => ({ folder }), log);
  }

  dayContents(day: string, question: Omit<DayQuestion, 'day'>): Promise<DayContents | undefined> {
    return this.#call('contents', { day, ...question } satisfies DayQuestion);
  }

  deleteDay(day: string): Promise<void> {
    return this.#call('remove', { day } satisfies DayRemoval);
  }

  async compactDay(
    day: string,
    signal?: AbortSignal,
    part: DayCompaction['part'] = 'all',
  ): Promise<CompactedDay | undefined> {
    if (signal?.aborted) return undefined;
    const cut = () => void this.#thread?.call('cutCompaction', {});
    signal?.addEventListener('abort', cut, { once: true });
    try {
      return await this.#call('compact', { day, part } satisfies DayCompaction);
    } finally {
      signal?.removeEventListener('abort', cut);
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.close();
  }

  async #call<Result>(call: string, argument: object): Promise<Result> {
    clearTimeout(this.#idle);
    this.#thread ??= this.#start();
    this.#busy++;
    try {
      return await this.#thread.call<Result>(call, argument);
    } finally {
      this.#busy--;
      if (this.#busy === 0) this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    }
  }
}
