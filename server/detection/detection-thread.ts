import { Worker } from 'node:worker_threads';
import type { Rule } from '../../rules/rule.ts';
import type { GroupingReads } from '../alerts/grouping.ts';
import type { SharedIndicators } from '../indicators/watch.ts';
import type { Log } from '../log.ts';
import type { StoredBatch } from '../store/event-store.ts';
import { inParts, PART } from '../system/in-parts.ts';
import { watchThread } from '../system/threads.ts';
import type { BatchResult, DetectionInput, FromDetection, StretchAlerts, ToDetection } from './messages.ts';
import type { WatchReport } from './rule-watch.ts';
import type { SelfTestResult } from './self-test.ts';

/** A stretch of batches that was evaluated: what came of each, and in which thread its matches wait. */
export interface EvaluatedStretch {
  readonly batches: readonly StoredBatch[];
  readonly results: readonly BatchResult[];
  readonly thread: Worker | undefined;
  /** Evaluated by these rules alone. */
  readonly only?: readonly string[] | undefined;
}

/** The worker thread that evaluates and groups; started again where it dies. One of `evaluate` and `group` at a time. */
export interface DetectionThread {
  /** Once the rules are compiled; rejects where they cannot be. */
  readonly ready: Promise<void>;
  /** Evaluates batches in order, by all rules or by some; rejects only after a stop. */
  evaluate(batches: readonly StoredBatch[], only?: readonly string[]): Promise<EvaluatedStretch>;
  /** Groups a stretch's matches; the stretch before must be written by then. Rejects where the stores cannot be read, or the thread dies: call it again. */
  group(stretch: EvaluatedStretch, now: string): Promise<StretchAlerts>;
  /** Runs rules' own samples; rejects where the thread dies. */
  selfTest(rules: readonly string[]): Promise<readonly SelfTestResult[]>;
  /** What was seen since the last asking; rejects where the thread dies. */
  watch(): Promise<WatchReport>;
  stop(): Promise<void>;
}

export interface DetectionThreadOptions {
  readonly rules: readonly Rule[];
  readonly indicators?: SharedIndicators | undefined;
  readonly reads: GroupingReads;
  /** The store held no signals at the start. */
  readonly fresh: boolean;
  /** Matches are handed on and not grouped here. */
  readonly handsOn?: boolean;
  readonly log: Log;
}

/** Longest time for one call, milliseconds: rules are linear, so more than this is a fault. */
const CALL_TIME = 120_000;
/** A stretch takes a few MiB; what is more is what groups hold (`alerts/grouping.ts`). */
const HEAP = { maxOldGenerationSizeMb: 768, maxYoungGenerationSizeMb: 24 };

interface Pending {
  readonly resolve: (answer: FromDetection) => void;
  readonly reject: (error: Error) => void;
}

/** What a call carries beside its number. */
type Call =
  Extract<ToDetection, { call: number }> extends infer Message
    ? Message extends { call: number }
      ? Omit<Message, 'call'>
      : never
    : never;

/** Starts the thread; it compiles the rules on its own time, and calls wait for that. */
export function startDetectionThread(options: DetectionThreadOptions): DetectionThread {
  const { rules, indicators, log } = options;
  let { fresh } = options;
  let worker: Worker | undefined;
  let given: Promise<void> = Promise.resolve();
  const pending = new Map<number, Pending>();
  let calls = 0;
  let stretches = 0;
  const compiled = Promise.withResolvers<void>();
  let stopped = false;
  const watched = watchThread('detection', () => pending.size);

  const start = (): Worker => {
    const started = new Worker(new URL('./worker.ts', import.meta.url), {
      name: 'detection',
      workerData: {
        rules: rules.slice(0, PART),
        more: Math.max(0, rules.length - PART),
        indicators,
        fresh,
        handsOn: options.handsOn ?? false,
      } satisfies DetectionInput,
      resourceLimits: HEAP,
    });
    fresh = false;
    watched.started();
    // All at once would stop this thread for long; what is asked meanwhile waits for the last of them.
    given = inParts(rules.slice(PART), (part) =>
      started.postMessage({ kind: 'rules', rules: part } satisfies ToDetection),
    );
    const gone = (error: Error) => {
      if (worker !== started) return;
      worker = undefined;
      watched.died();
      compiled.reject(error);
      for (const waiting of pending.values()) waiting.reject(error);
      pending.clear();
    };
    started.on('message', (answer: FromDetection) => {
      if (answer.kind === 'ready') return compiled.resolve();
      if (answer.kind === 'ask')
        return void read(options.reads, answer).then((message) => started.postMessage(message));
      pending.get(answer.call)?.resolve(answer);
      pending.delete(answer.call);
    });
    started.on('error', (error) => gone(error instanceof Error ? error : new Error(String(error))));
    started.on('exit', (code) => gone(new Error(`The detection thread ended with code ${code}.`)));
    started.unref();
    return started;
  };

  const ask = (message: Call): Promise<FromDetection> => {
    if (stopped) return Promise.reject(new Error('The detection thread was stopped.'));
    worker ??= start();
    const asked = worker;
    const call = ++calls;
    const answer = new Promise<FromDetection>((resolve, reject) => {
      pending.set(call, { resolve, reject });
    });
    const watchdog = setTimeout(() => void asked.terminate(), CALL_TIME);
    void given.then(() => asked.postMessage({ ...message, call } satisfies ToDetection));
    return answer.finally(() => clearTimeout(watchdog));
  };

  const results = async (
    stretch: number,
    batches: readonly StoredBatch[],
    only: readonly string[] | undefined,
  ): Promise<readonly BatchResult[]> => {
    const answer = await ask({ kind: 'evaluate', stretch, batches, ...(only ? { only } : {}) });
    return answer.kind === 'evaluated' ? answer.results : [];
  };

  const evaluate = async (
    batches: readonly StoredBatch[],
    only?: readonly string[] | undefined,
  ): Promise<EvaluatedStretch> => {
    const stretch = ++stretches;
    try {
      return { batches, results: await results(stretch, batches, only), thread: worker, only };
    } catch (error) {
      if (stopped) throw error;
      log.error({ err: error, batches: batches.length }, 'The detection thread died; it is started again.');
    }
    return evaluateAlone(batches, only);
  };

  /** One of them may be the cause: alone, it costs only itself. */
  const evaluateAlone = async (
    batches: readonly StoredBatch[],
    only: readonly string[] | undefined,
  ): Promise<EvaluatedStretch> => {
    const found = new Map<StoredBatch, BatchResult>();
    const fatal = new Map<StoredBatch, BatchResult>();
    // A death takes the matches of the batches before it along, so what is left is gone through again.
    for (let died = true; died; ) {
      died = false;
      const stretch = ++stretches;
      for (const batch of batches) {
        if (fatal.has(batch)) continue;
        try {
          const [result] = await results(stretch, [batch], only);
          found.set(batch, result ?? { failed: 'The detection thread gave no answer.' });
        } catch (error) {
          if (stopped) throw error;
          fatal.set(batch, { failed: error instanceof Error ? error.message : String(error) });
          died = true;
        }
      }
    }
    const ofAll = batches.map((batch) => fatal.get(batch) ?? found.get(batch) ?? { failed: 'It was not evaluated.' });
    return { batches, results: ofAll, thread: worker, only };
  };

  // Who does not ask whether it compiled hears of it at the first call.
  compiled.promise.catch(() => undefined);
  worker = start();
  return {
    ready: compiled.promise,
    evaluate,
    async group(stretch, now) {
      // What another thread had found went with it.
      if (worker === undefined || stretch.thread !== worker) await evaluateAlone(stretch.batches, stretch.only);
      const answer = await ask({ kind: 'group', now });
      if (answer.kind === 'grouped') return answer.alerts;
      throw new Error(answer.kind === 'failed' ? answer.reason : 'The detection thread gave another answer.');
    },
    async selfTest(ids) {
      const answer = await ask({ kind: 'self-test', rules: ids });
      return answer.kind === 'tested' ? answer.results : [];
    },
    async watch() {
      const answer = await ask({ kind: 'watch' });
      if (answer.kind === 'watched') return answer.report;
      throw new Error('The detection thread gave another answer.');
    },
    async stop() {
      stopped = true;
      watched.ended();
      await worker?.terminate();
    },
  };
}

async function read(
  reads: GroupingReads,
  { read: number, name, args }: Extract<FromDetection, { kind: 'ask' }>,
): Promise<ToDetection> {
  try {
    const rows = await (reads[name] as (...args: readonly unknown[]) => Promise<readonly unknown[]>)(...args);
    return { kind: 'read', read: number, rows };
  } catch (error) {
    return { kind: 'read', read: number, failed: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether a batch could be evaluated. */
export function isEvaluated(result: BatchResult): result is Extract<BatchResult, { cells: number }> {
  return 'cells' in result;
}
