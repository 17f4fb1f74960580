import { statfs } from 'node:fs/promises';
import { HaidangError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { DeadLetterRecord } from '../../ingest/record.ts';
import type {
  AppendResult,
  CompactedDay,
  DayContents,
  EventPage,
  EventQuery,
  EventStore,
  EventView,
  FieldList,
  FieldsQuery,
  Histogram,
  HistogramQuery,
  IncomingBatch,
  OnProgress,
  SearchProgress,
  StackedHistogram,
  StackedQuery,
  StoredBatch,
  StoredCount,
  StoredDay,
  StoredEvent,
  TimeRange,
  TopQuery,
  TopValues,
} from '../event-store.ts';
import { oneField } from '../field-values.ts';
import { DayKeeper } from './day-keeper.ts';
import { type ReadCall, type Scope, type SearchLimits, STOP_AT } from './read-calls.ts';
import { type StoreLog, WorkerClient } from './worker-client.ts';
import type { AppendCall, WriterSetup } from './writer.ts';

/** Free bytes of the file system that holds a path. */
export type FreeBytes = (path: string) => Promise<number>;

export interface EmbeddedEventsOptions extends Omit<WriterSetup, 'floor'> {
  readonly log: StoreLog;
  readonly now: () => number;
  readonly freeBytes: FreeBytes;
  /** Below this many free bytes nothing is appended: the rest is for triage. */
  readonly keepFreeBytes: number;
  readonly limits: SearchLimits;
}

const READERS = 2;
const MOST_PENDING = 64;
const FREE_CHECK_MS = 500;
/** How often who waits is told how far the answer has come. */
const PROGRESS_MS = 200;

/** Asks the file system how much an unprivileged process may still write. */
export async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** The event store on day files: appends go to one writer thread, questions to reader threads. */
export class EmbeddedEvents implements EventStore {
  readonly #options: EmbeddedEventsOptions;
  readonly #writer: WorkerClient;
  readonly #readers: WorkerClient[] = [];
  readonly #keeper: DayKeeper;
  #freeCheckedAt = Number.NEGATIVE_INFINITY;
  #free = Number.POSITIVE_INFINITY;
  #full = false;
  #closed = false;
  #floor = 0;
  #spaceChecks: Promise<void> = Promise.resolve();

  constructor(options: EmbeddedEventsOptions) {
    const { folder, maxPastDays, maxFutureDays, log } = options;
    this.#options = options;
    const setup = (): WriterSetup => ({ folder, floor: this.#floor, maxPastDays, maxFutureDays });
    this.#writer = new WorkerClient(new URL('./writer.ts', import.meta.url), 'event writer', setup, log);
    this.#keeper = new DayKeeper(folder, log);
  }

  async append(batch: IncomingBatch): Promise<AppendResult> {
    if (this.#writer.pending >= MOST_PENDING) {
      throw new HaidangError('HD_TOO_MANY', 'Too many batches wait for the disk already.', { retryAfter: 1 });
    }
    // In the order of the calls, whichever of them looks at the disk: what is stored in order is evaluated in order.
    const checked = this.#spaceChecks.then(() => this.#checkSpace());
    this.#spaceChecks = checked.catch(() => undefined);
    await checked;
    const { agency, collector, receivedAt, body } = batch;
    return this.#writer.call('append', {
      agency,
      collector,
      receivedAt,
      body,
      now: this.#options.now(),
    } satisfies AppendCall);
  }

  as(identity: Identity): EventView {
    return new EmbeddedEventView(
      identity.agencies,
      (call, argument, signal, onProgress) => this.#read(call, argument, signal, onProgress),
      this.#options.limits,
    );
  }

  readFrom(sequence: number, limitBatches: number): Promise<readonly StoredBatch[]> {
    return this.#read('readFrom', { sequence, limitBatches });
  }

  /** Numbers up to `floor` were given out, whatever the day files say; gives the last one. */
  raiseFloor(floor: number): Promise<number> {
    this.#floor = floor;
    return this.#writer.call('raiseFloor', floor);
  }

  lastSequence(): Promise<number> {
    return this.#writer.call('lastSequence', undefined);
  }

  recount(evaluatedUpTo: number, options: { readonly full?: boolean } = {}): Promise<readonly StoredCount[]> {
    // Always the same reader: it remembers what did not change.
    return this.#readerAt(0).call('recount', { evaluatedUpTo, full: options.full === true });
  }

  days(): Promise<readonly StoredDay[]> {
    return this.#read('days', {});
  }

  dayContents(...question: Parameters<EventStore['dayContents']>): Promise<DayContents | undefined> {
    return this.#keeper.dayContents(...question);
  }

  compactDay(day: string, signal?: AbortSignal, part?: 'all' | 'columns'): Promise<CompactedDay | undefined> {
    return this.#keeper.compactDay(day, signal, part);
  }

  deleteDay(day: string): Promise<void> {
    return this.#keeper.deleteDay(day);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#readers, this.#keeper].map((part) => part.close()));
    await this.#writer.close();
  }

  async #read<Result>(
    call: ReadCall,
    argument: object,
    signal?: AbortSignal,
    onProgress?: OnProgress,
  ): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#closed) throw new HaidangError('HD_STORE_DOWN', 'The store is closed.');
    const reader = this.#freeReader();
    if (!signal && !onProgress) return reader.call(call, { ...argument, stop: undefined });
    const stop = new Int32Array(new SharedArrayBuffer(4 * Object.keys(STOP_AT).length));
    const telling = onProgress && setInterval(() => onProgress(progressIn(stop)), PROGRESS_MS);
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        Atomics.store(stop, STOP_AT.stop, 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([reader.call<Result>(call, { ...argument, stop }), aborted]);
    } finally {
      clearInterval(telling);
      if (onAbort) signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Readers are started when they are first needed, so that a start costs less. */
  #freeReader(): WorkerClient {
    const first = this.#readerAt(0);
    if (first.pending === 0) return first;
    for (let index = 1; index < READERS; index++) {
      const other = this.#readerAt(index);
      if (other.pending < first.pending) return other;
    }
    return first;
  }

  #readerAt(index: number): WorkerClient {
    const { folder, log } = this.#options;
    const file = new URL('./reader.ts', import.meta.url);
    this.#readers[index] ??= new WorkerClient(file, `event reader ${index + 1}`, () => ({ folder }), log);
    return this.#readers[index];
  }

  async #checkSpace(): Promise<void> {
    const { folder, keepFreeBytes, freeBytes, log } = this.#options;
    const now = performance.now();
    if (now - this.#freeCheckedAt >= FREE_CHECK_MS) {
      this.#freeCheckedAt = now;
      this.#free = await freeBytes(folder);
    }
    const full = this.#free < keepFreeBytes;
    if (full !== this.#full) {
      this.#full = full;
      if (full)
        log.error({ freeBytes: this.#free, keepFreeBytes }, 'Too little disk space: events wait at the collectors.');
      else log.info({ freeBytes: this.#free }, 'There is disk space again: events are stored.');
    }
    if (!full) return;
    const free = Math.round(this.#free / 1_048_576);
    const kept = Math.round(keepFreeBytes / 1_048_576);
    throw new HaidangError('HD_STORE_FULL', `Only ${free} MiB are free and ${kept} MiB are kept for triage.`, {
      retryAfter: 10,
    });
  }
}

function progressIn(stop: Int32Array): SearchProgress {
  return {
    done: Atomics.load(stop, STOP_AT.done) / 1_000,
    rows: Atomics.load(stop, STOP_AT.rows),
    documents: Atomics.load(stop, STOP_AT.documents),
  };
}

type Read = <Result>(
  call: ReadCall,
  argument: object,
  signal?: AbortSignal,
  onProgress?: OnProgress,
) => Promise<Result>;

class EmbeddedEventView implements EventView {
  readonly #scope: Scope;
  readonly #read: Read;
  readonly #limits: SearchLimits;

  constructor(scope: Scope, read: Read, limits: SearchLimits) {
    this.#scope = scope;
    this.#read = read;
    this.#limits = limits;
  }

  search(query: EventQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<EventPage> {
    return this.#read('search', { query, scope: this.#scope, limits: this.#limits }, signal, onProgress);
  }

  async get(id: string): Promise<StoredEvent | undefined> {
    return (await this.getMany([id]))[0];
  }

  getMany(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    return this.#read('getMany', { ids, scope: this.#scope });
  }

  count(
    query: { readonly range: TimeRange; readonly condition: EventQuery['condition'] },
    signal?: AbortSignal,
  ): Promise<{ count: number; complete: boolean }> {
    return this.#read('count', { query, scope: this.#scope, limits: this.#limits }, signal);
  }

  histogram(query: HistogramQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<Histogram> {
    return this.#read('histogram', { query, scope: this.#scope, limits: this.#limits }, signal, onProgress);
  }

  async topValues(query: TopQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<TopValues> {
    oneField(query.field);
    return this.#read('topValues', { query, scope: this.#scope, limits: this.#limits }, signal, onProgress);
  }

  async stackedHistogram(
    query: StackedQuery,
    signal?: AbortSignal,
    onProgress?: OnProgress,
  ): Promise<StackedHistogram> {
    oneField(query.field);
    return this.#read('stackedHistogram', { query, scope: this.#scope, limits: this.#limits }, signal, onProgress);
  }

  fields(query: FieldsQuery, signal?: AbortSignal): Promise<FieldList> {
    return this.#read('fields', { query, scope: this.#scope, limits: this.#limits }, signal);
  }

  deadLetters(limit: number): Promise<readonly DeadLetterRecord[]> {
    return this.#read('deadLetters', { limit, scope: this.#scope });
  }
}
