import { parentPort, workerData } from 'node:worker_threads';
import type { Rule } from '../../rules/rule.ts';
import type { StoredBatch } from '../store/event-store.ts';
import { createEvaluator, type Evaluation } from './evaluate.ts';

/** Main thread → worker. */
export interface EvaluateCall {
  readonly call: number;
  readonly batches: readonly StoredBatch[];
}

/** Worker → main thread: an evaluation for each batch in order, or why it has none. */
export interface EvaluateAnswer {
  readonly call: number;
  readonly results: readonly (Evaluation | { readonly failed: string })[];
  /** CPU time of this call, milliseconds. */
  readonly took: number;
}

/** What the worker is started with. */
export interface WorkerInput {
  readonly rules: readonly Rule[];
}

if (!parentPort) throw new Error('This file runs as a worker thread of detection.');
const port = parentPort;
const evaluator = createEvaluator((workerData as WorkerInput).rules);

port.on('message', ({ call, batches }: EvaluateCall) => {
  const begun = performance.now();
  const results = batches.map((batch) => {
    try {
      return evaluator.evaluate(batch);
    } catch (error) {
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  });
  port.postMessage({ call, results, took: performance.now() - begun } satisfies EvaluateAnswer);
});
