import { Worker } from 'node:worker_threads';
import type { GroupingReads } from '../alerts/grouping.ts';
import type { StepResult } from '../store/match-log.ts';
import { watchThread } from '../system/threads.ts';
import type { EntryToGroup, FromGrouping, GroupingInput, ToGrouping } from './grouping-messages.ts';

/** The worker thread that groups the matches of all servers; started again where it dies. One call at a time. */
export interface GroupingThread {
  /** Rejects where the stores cannot be read, or the thread dies: call it again with the same. */
  group(entries: readonly EntryToGroup[], step: number, now: string): Promise<StepResult>;
  stop(): Promise<void>;
}

/** Longest time for one call, milliseconds. */
const CALL_TIME = 120_000;
const HEAP = { maxOldGenerationSizeMb: 768, maxYoungGenerationSizeMb: 24 };

/** Starts the thread. */
export function startGroupingThread(input: GroupingInput, reads: GroupingReads): GroupingThread {
  let { fresh } = input;
  let worker: Worker | undefined;
  let pending: { call: number; resolve(answer: FromGrouping): void; reject(error: Error): void } | undefined;
  let calls = 0;
  const watched = watchThread('grouping');

  const start = (): Worker => {
    const started = new Worker(new URL('./grouping-worker.ts', import.meta.url), {
      name: 'grouping',
      workerData: { rules: input.rules, fresh } satisfies GroupingInput,
      resourceLimits: HEAP,
    });
    fresh = false;
    watched.started();
    const gone = (error: Error) => {
      if (worker === started) {
        worker = undefined;
        watched.died();
      }
      const waiting = pending;
      pending = undefined;
      waiting?.reject(error);
    };
    started.on('message', (message: FromGrouping) => {
      if (message.kind === 'ask')
        return void read(reads, message).then((answer) => started.postMessage(answer satisfies ToGrouping));
      if (pending?.call !== message.call) return;
      const waiting = pending;
      pending = undefined;
      waiting.resolve(message);
    });
    started.on('error', (error) => gone(error instanceof Error ? error : new Error(String(error))));
    started.on('exit', (code) => gone(new Error(`The grouping thread ended with code ${code}.`)));
    started.unref();
    return started;
  };

  worker = start();
  return {
    async group(entries, step, now) {
      worker ??= start();
      const asked = worker;
      const call = ++calls;
      const answered = new Promise<FromGrouping>((resolve, reject) => {
        pending = { call, resolve, reject };
      });
      const watchdog = setTimeout(() => void asked.terminate(), CALL_TIME);
      asked.postMessage({ kind: 'group', call, entries, step, now } satisfies ToGrouping);
      const answer = await answered.finally(() => clearTimeout(watchdog));
      if (answer.kind === 'grouped') return answer.alerts;
      throw new Error(answer.kind === 'failed' ? answer.reason : 'The grouping thread gave another answer.');
    },
    async stop() {
      watched.ended();
      await worker?.terminate();
    },
  };
}

async function read(
  reads: GroupingReads,
  { read: number, name, args }: Extract<FromGrouping, { kind: 'ask' }>,
): Promise<ToGrouping> {
  try {
    const rows = await (reads[name] as (...args: readonly unknown[]) => Promise<readonly unknown[]>)(...args);
    return { kind: 'read', read: number, rows };
  } catch (error) {
    return { kind: 'read', read: number, failed: error instanceof Error ? error.message : String(error) };
  }
}
