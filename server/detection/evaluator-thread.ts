import { Worker } from 'node:worker_threads';
import type { Rule } from '../../rules/rule.ts';
import type { Log } from '../log.ts';
import type { StoredBatch } from '../store/event-store.ts';
import type { Evaluation } from './evaluate.ts';
import type { EvaluateAnswer, EvaluateCall, WorkerInput } from './worker.ts';

/** A batch's evaluation, or why there is none. */
export type BatchResult = EvaluateAnswer['results'][number];

/** The worker thread that evaluates; started again where it dies. */
export interface EvaluatorThread {
  /** Evaluates batches in order; never rejects while the thread can be started. */
  evaluate(batches: readonly StoredBatch[]): Promise<readonly BatchResult[]>;
  stop(): Promise<void>;
}

/** Longest time for one call, milliseconds: rules are linear, so more than this is a fault. */
const CALL_TIME = 120_000;

interface Pending {
  readonly call: number;
  readonly resolve: (answer: EvaluateAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the thread; it compiles the rules on its own time, and calls wait for that. */
export function startEvaluatorThread(rules: readonly Rule[], log: Log): EvaluatorThread {
  let worker: Worker | undefined;
  let pending: Pending | undefined;
  let calls = 0;
  let stopped = false;

  const start = (): Worker => {
    const started = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { rules } satisfies WorkerInput,
      resourceLimits: { maxOldGenerationSizeMb: 768 },
    });
    const gone = (error: Error) => {
      if (worker === started) worker = undefined;
      const waiting = pending;
      pending = undefined;
      waiting?.reject(error);
    };
    started.on('message', (answer: EvaluateAnswer) => {
      if (pending?.call !== answer.call) return;
      const waiting = pending;
      pending = undefined;
      waiting.resolve(answer);
    });
    started.on('error', (error) => gone(error instanceof Error ? error : new Error(String(error))));
    started.on('exit', (code) => gone(new Error(`The detection thread ended with code ${code}.`)));
    started.unref();
    return started;
  };

  const ask = (batches: readonly StoredBatch[]): Promise<EvaluateAnswer> => {
    worker ??= start();
    const asked = worker;
    const call = ++calls;
    const answer = new Promise<EvaluateAnswer>((resolve, reject) => {
      pending = { call, resolve, reject };
    });
    const watchdog = setTimeout(() => void asked.terminate(), CALL_TIME);
    asked.postMessage({ call, batches } satisfies EvaluateCall);
    return answer.finally(() => clearTimeout(watchdog));
  };

  const evaluate = async (batches: readonly StoredBatch[]): Promise<readonly BatchResult[]> => {
    try {
      return (await ask(batches)).results;
    } catch (error) {
      if (stopped) throw error;
      log.error({ err: error, batches: batches.length }, 'The detection thread died; it is started again.');
    }
    // One of them may be the cause: alone, it costs only itself.
    const results: BatchResult[] = [];
    for (const batch of batches) results.push(await evaluateAlone(batch));
    return results;
  };

  const evaluateAlone = async (batch: StoredBatch): Promise<BatchResult> => {
    try {
      return (await ask([batch])).results[0] ?? { failed: 'The detection thread gave no answer.' };
    } catch (error) {
      if (stopped) throw error;
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  };

  worker = start();
  return {
    evaluate,
    async stop() {
      stopped = true;
      await worker?.terminate();
    },
  };
}

/** Whether a batch could be evaluated. */
export function isEvaluated(result: BatchResult): result is Evaluation {
  return 'cells' in result;
}
