import { Worker } from 'node:worker_threads';
import { ERRORS, type ErrorCode, HaidangError } from '../../errors.ts';
import { type WatchedThread, watchThread } from '../../system/threads.ts';
import type { AnswerMessage, CallMessage, WireError } from './worker-server.ts';

/** The part of a pino logger that the store uses. */
export interface StoreLog {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Young objects of a thread: a few MiB collect as cheaply as the default's 48, which each thread would fill first. */
const YOUNG_MB = 12;

/** Pauses before a worker is started again, in milliseconds; the last one repeats. */
const RESTART_PAUSES = [10, 100, 1_000, 5_000];

/**
 * A worker thread that answers calls. When it dies, the calls under way fail with `HD_STORE_DOWN`, the log says so, and
 * it is started again.
 */
export class WorkerClient {
  readonly #file: URL;
  readonly #name: string;
  readonly #workerData: () => unknown;
  readonly #log: StoreLog;
  readonly #youngMb: number;
  readonly #watched: WatchedThread;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 1;
  #deaths = 0;
  #closed = false;
  #restart: NodeJS.Timeout | undefined;

  /** `workerData` is asked anew at each start. `youngMb`: room for young objects, where a thread holds many at once. */
  constructor(file: URL, name: string, workerData: () => unknown, log: StoreLog, youngMb = YOUNG_MB) {
    this.#file = file;
    this.#name = name;
    this.#workerData = workerData;
    this.#log = log;
    this.#youngMb = youngMb;
    this.#watched = watchThread(name, () => this.pending);
    this.#start();
  }

  /** Calls under way. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** `transfer`: buffers that move there. @throws HaidangError as the worker threw it, or `HD_STORE_DOWN` where it died. */
  call<Result>(call: string, argument: unknown, transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    const worker = this.#worker;
    if (this.#closed || !worker) return Promise.reject(this.#down());
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      worker.postMessage({ id, call, argument } satisfies CallMessage, transfer);
    });
  }

  /** Lets the worker finish what it has, by its `close` call, and ends it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    try {
      if (worker) await this.call('close', undefined);
    } finally {
      this.#closed = true;
      this.#watched.ended();
      await worker?.terminate();
      this.#failWaiting();
    }
  }

  #start(): void {
    const resourceLimits = { maxYoungGenerationSizeMb: this.#youngMb };
    const worker = new Worker(this.#file, { name: this.#name, workerData: this.#workerData(), resourceLimits });
    this.#worker = worker;
    this.#watched.started();
    let failure: unknown;
    worker.on('message', (message: AnswerMessage) => this.#receive(message));
    worker.on('error', (error) => {
      failure = error;
    });
    worker.on('exit', (code) => this.#died(worker, code, failure));
  }

  #receive(message: AnswerMessage): void {
    if ('notice' in message) {
      const { level, message: text, detail } = message.notice;
      this.#log[level]({ worker: this.#name, ...detail }, text);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.ok) {
      this.#deaths = 0;
      waiting?.resolve(message.value);
    } else waiting?.reject(this.#errorFrom(message.error));
  }

  #died(worker: Worker, code: number, failure: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    if (this.#closed) return;
    this.#watched.died();
    const pause = RESTART_PAUSES[Math.min(this.#deaths, RESTART_PAUSES.length - 1)] ?? 5_000;
    this.#deaths++;
    const detail = { worker: this.#name, code, err: failure, restartInMs: pause };
    this.#log.error(detail, 'A worker of the store died; it is started again.');
    this.#failWaiting();
    this.#restart = setTimeout(() => {
      if (!this.#closed) this.#start();
    }, pause);
  }

  #failWaiting(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(this.#down());
  }

  #down(): HaidangError {
    const detail = this.#closed
      ? 'The store is closed.'
      : `The store's ${this.#name} thread is down and is being restarted; try again shortly.`;
    return new HaidangError('HD_STORE_DOWN', detail, { retryAfter: 2 });
  }

  #errorFrom(error: WireError): Error {
    if (error.code && error.code in ERRORS) {
      const options = error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter };
      return new HaidangError(error.code as ErrorCode, error.message, options);
    }
    const failure = new HaidangError('HD_STORE_DOWN', `The store failed: ${error.message}`, { retryAfter: 5 });
    if (error.stack) failure.stack = error.stack;
    this.#log.error({ worker: this.#name, err: failure }, 'A call to the store failed.');
    return failure;
  }
}
