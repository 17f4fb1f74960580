import { parentPort, workerData } from 'node:worker_threads';
import type { StoredBatch } from '../../store/event-store.ts';
import { lowerPriority } from '../../system/lower-priority.ts';
import { openTally, type TallyOptions, type TallyResult } from './tally.ts';

/** Main → thread: the next batches, or that there are no more. */
export type ToBacktest =
  | { readonly kind: 'batches'; readonly batches: readonly StoredBatch[] }
  | { readonly kind: 'finish' };

/** Thread → main: these are counted, and at the end what came of all. */
export type FromBacktest = { readonly kind: 'taken' } | { readonly kind: 'result'; readonly result: TallyResult };

if (!parentPort) throw new Error('This file runs as a worker thread of a backtest.');
const port = parentPort;
lowerPriority();
const tally = openTally(workerData as TallyOptions);
port.on('message', async (message: ToBacktest) => {
  if (message.kind === 'batches') {
    await tally.take(message.batches);
    port.postMessage({ kind: 'taken' } satisfies FromBacktest);
    return;
  }
  port.postMessage({ kind: 'result', result: tally.result() } satisfies FromBacktest);
  port.close();
});
