import { parentPort, workerData } from 'node:worker_threads';
import { allTargets, tryCase } from './rounds.ts';

/** What the command tells the thread that tries. */
export interface FuzzOrder {
  readonly seed: number;
  readonly only: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** What the thread is about to try, written where the command sees it even while the thread hangs: target, seed, cases so far. */
export interface FuzzShared {
  readonly progress: Int32Array;
}

const { order, progress } = workerData as { order: FuzzOrder; progress: Int32Array };
const targets = allTargets().filter(({ name }) => name.includes(order.only));

for (let seed = order.seed; Date.now() < order.until; seed++) {
  for (const [at, target] of targets.entries()) {
    Atomics.store(progress, 0, at);
    Atomics.store(progress, 1, seed);
    Atomics.add(progress, 2, 1);
    await tryCase(target, seed);
  }
}
parentPort?.postMessage('done');
